"""Chapter 11: guidance with predictions of the data, kept within the range of the data."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.tensors import expand_time


def right(x: Tensor, t: Tensor, with_class: Tensor, without: Tensor, w: float) -> Tensor:
    r"""Velocity towards guided data that are clipped to [-1, 1], on CondOT's path.

    .. math:: u = \frac{\operatorname{clip}\big((1 - w)\,\hat x_1^\varnothing
              + w\,\hat x_1^c,\ -1,\ 1\big) - x}{1 - t}

    Args:
        x: points, shape ``(B, ...)``.
        t: time in [0, 1), shape ``(B,)``.
        with_class: predicted data given the class, same shape as ``x``.
        without: predicted data without a class, same shape as ``x``.
        w: weight of guidance.

    Returns:
        The velocity, same shape as ``x``.
    """
    data = (1 - w) * without + w * with_class
    return (data.clamp(-1, 1) - x) / (1 - expand_time(t, x))


def _unclipped(x: Tensor, t: Tensor, c: Tensor, a: Tensor, w: float) -> Tensor:
    return ((1 - w) * a + w * c - x) / (1 - expand_time(t, x))


MISTAKES = {
    "guided_not_clipped": _unclipped,
    "guided_clipped_before": lambda x, t, c, a, w: _unclipped(
        x, t, c.clamp(-1, 1), a.clamp(-1, 1), w
    ),
    "guided_velocity_clipped": lambda x, t, c, a, w: _unclipped(x, t, c, a, w).clamp(-1, 1),
    "guided_swapped": lambda x, t, c, a, w: right(x, t, a, c, w),
    "guided_from_class": lambda x, t, c, a, w: right(x, t, c, a, w + 1),
    "undivided": lambda x, t, c, a, w: right(x, t, c, a, w) * (1 - expand_time(t, x)),
    "time_flipped": lambda x, t, c, a, w: right(x, 1 - t, c, a, w),
}


def check_guided(function: Callable, seed: int = 0, shape: tuple[int, ...] = (6, 2)) -> None:
    """Check ``clipped_guidance(x, t, with_class, without, w)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(B, ...)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for w in (1.5, 4.0):
        x, with_class, without = torch.randn(3, *shape, generator=generator)
        t = 0.1 + 0.35 * torch.rand(shape[0], generator=generator)
        cases.append((x, t, with_class, without, w))
    check_function("clipped_guidance", function, right, MISTAKES, cases)
