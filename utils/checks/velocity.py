"""Chapter 3: the conditional velocity, seen from a point on the path."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.tensors import expand_time


def right(x: Tensor, t: Tensor, x_1: Tensor, sigma_min: float) -> Tensor:
    r"""Velocity of the path that keeps some noise at its end.

    .. math:: u_t(x \mid x_1) = \frac{x_1 - (1 - \sigma_{min})\,x}{1 - (1 - \sigma_{min})\,t}

    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 21.

    Args:
        x: point on the path, shape ``(B, ...)``.
        t: time, shape ``(B,)``.
        x_1: data, shape ``(B, ...)``.
        sigma_min: standard deviation of the noise left at t = 1.

    Returns:
        The velocity, shape ``(B, ...)``.
    """
    keep = 1 - sigma_min
    return (x_1 - keep * x) / (1 - keep * expand_time(t, x))


MISTAKES = {
    "sign": lambda x, t, x_1, s: -right(x, t, x_1, s),
    "swapped": lambda x, t, x_1, s: right(x_1, t, x, s),
    "time_flipped": lambda x, t, x_1, s: right(x, 1 - t, x_1, s),
    "no_sigma_min": lambda x, t, x_1, s: right(x, t, x_1, 0.0),
    "undivided": lambda x, t, x_1, s: x_1 - (1 - s) * x,
}


def check_velocity(function: Callable, seed: int = 0, shape: tuple[int, ...] = (6, 2)) -> None:
    """Check ``velocity(x, t, x_1, sigma_min)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(B, ...)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for sigma_min in (0.1, 0.3):
        x, x_1 = torch.randn(2, *shape, generator=generator)
        t = 0.1 + 0.8 * torch.rand(shape[0], generator=generator)
        cases.append((x, t, x_1, sigma_min))
    check_function("velocity", function, right, MISTAKES, cases)
