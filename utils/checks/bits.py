"""Chapter 7: bits per dimension of images, from the log density of the scaled images."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function


def right(log_p: Tensor, dim: int, scale: float) -> Tensor:
    r"""Bits per dimension of :math:`z = \text{scale} \cdot x + \text{shift}`, given log p of x.

    .. math:: -\frac{\log p(x) - D \log \text{scale}}{D \log 2}

    Args:
        log_p: log density of the scaled images x, in nats, shape ``(B,)``.
        dim: number D of dimensions.
        scale: width of one unit of x in grey levels.

    Returns:
        Bits per dimension, shape ``(B,)``.
    """
    return -(log_p - dim * math.log(scale)) / (dim * math.log(2))


MISTAKES = {
    "sign": lambda log_p, d, s: -right(log_p, d, s),
    "nats": lambda log_p, d, s: right(log_p, d, s) * math.log(2),
    "no_volume": lambda log_p, d, s: right(log_p, d, 1.0),
    "volume_sign": lambda log_p, d, s: right(log_p, d, 1 / s),
    "not_per_dim": lambda log_p, d, s: right(log_p, d, s) * d,
    "volume_once": lambda log_p, d, s: -(log_p - math.log(s)) / (d * math.log(2)),
}


def check_bits(function: Callable, seed: int = 0) -> None:
    """Check ``bits_per_dim(log_p, dim, scale)``.

    Args:
        function: the student's function.
        seed: of the densities that it is tried on.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = [
        (dim * (0.5 + torch.randn(5, generator=generator)), dim, scale)
        for dim, scale in ((64, 8.0), (192, 127.5))
    ]
    check_function("bits_per_dim", function, right, MISTAKES, cases)
