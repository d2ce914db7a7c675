"""Chapter 5: the drift of an SDE with the marginals of a flow, from its velocity alone."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.tensors import expand_time


def score(x: Tensor, t: Tensor, u: Tensor) -> Tensor:
    """The score on CondOT's path, from the velocity there; shape ``(B, ...)``."""
    time = expand_time(t, x)
    return (time * u - x) / (1 - time)


def right(x: Tensor, t: Tensor, u: Tensor, g: float) -> Tensor:
    r"""Drift of :math:`dX = f\,dt + g\,dW` with the marginals of the flow, on CondOT's path.

    .. math:: f = u + \frac{g^2}{2} \nabla \log p_t, \qquad
              \nabla \log p_t(x) = \frac{t\,u - x}{1 - t}

    Args:
        x: points, shape ``(B, ...)``.
        t: time in [0, 1), shape ``(B,)``.
        u: velocity there, same shape as ``x``.
        g: size of the noise.

    Returns:
        The drift, same shape as ``x``.
    """
    return u + g**2 / 2 * score(x, t, u)


MISTAKES = {
    "sign": lambda x, t, u, g: -right(x, t, u, g),
    "score_sign": lambda x, t, u, g: u - g**2 / 2 * score(x, t, u),
    "g_unsquared": lambda x, t, u, g: u + g / 2 * score(x, t, u),
    "no_half": lambda x, t, u, g: u + g**2 * score(x, t, u),
    "no_score": lambda x, t, u, g: u,
    "time_flipped": lambda x, t, u, g: u + g**2 / 2 * score(x, 1 - t, u),
    "noise_for_score": lambda x, t, u, g: u - g**2 / 2 * (x - expand_time(t, x) * u),
}


def check_drift(function: Callable, seed: int = 0, shape: tuple[int, ...] = (6, 2)) -> None:
    """Check ``drift(x, t, u, g)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(B, ...)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for g in (0.5, 1.5):
        x, u = torch.randn(2, *shape, generator=generator)
        cases.append((x, 0.1 + 0.8 * torch.rand(shape[0], generator=generator), u, g))
    check_function("drift", function, right, MISTAKES, cases)
