"""Chapter 3: the loss of conditional flow matching."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.tensors import expand_time


def field(x: Tensor, t: Tensor) -> Tensor:
    """A fixed field in place of a network, shape ``(B, ...)``; it uses position and time."""
    return torch.sin(x) + expand_time(t, x)


def residual(u: Callable, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """Prediction minus target on the straight path, shape ``(B, ...)``."""
    time = expand_time(t, x_0)
    return u(time * x_1 + (1 - time) * x_0, t) - (x_1 - x_0)


def right(u: Callable, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    r"""The loss that chapter 3 trains on.

    .. math:: \frac1B \sum_b \frac1D \lVert u(x_t, t) - (x_1 - x_0) \rVert^2

    Args:
        u: field ``(x, t) -> (B, ...)``.
        x_0: noise, shape ``(B, ...)``.
        x_1: data, same shape.
        t: time, shape ``(B,)``.

    Returns:
        The loss, 0-dim.
    """
    return residual(u, x_0, x_1, t).square().mean()


def _backwards(u: Callable, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """The path runs from data to noise, the target does not."""
    time = expand_time(t, x_0)
    return (u(time * x_0 + (1 - time) * x_1, t) - (x_1 - x_0)).square().mean()


def _target(u: Callable, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """The target points from data to noise, the path does not."""
    return (residual(u, x_0, x_1, t) + 2 * (x_1 - x_0)).square().mean()


MISTAKES = {
    "swapped": lambda u, x_0, x_1, t: right(u, x_1, x_0, t),
    "path_swapped": _backwards,
    "target_swapped": _target,
    "unsquared": lambda *args: residual(*args).abs().mean(),
    "sum": lambda *args: residual(*args).square().sum(),
    "per_sample": lambda *args: residual(*args).square().flatten(1).sum(1).mean(),
}


def check_loss(function: Callable, seed: int = 0, shape: tuple[int, ...] = (64, 3)) -> None:
    """Check ``loss(u, x_0, x_1, t)``.

    Args:
        function: the student's function.
        seed: of the pairs that it is tried on.
        shape: of those pairs, ``(B, ...)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for scale in (1.0, 2.0):
        x_0, x_1 = torch.randn(2, *shape, generator=generator)
        cases.append((field, x_0, 1 + scale * x_1, torch.rand(shape[0], generator=generator)))
    check_function("loss", function, right, MISTAKES, cases)
