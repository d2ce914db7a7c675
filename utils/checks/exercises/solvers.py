"""What the exercises on ODE solvers share: a field to solve, and a solver made of its steps."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.tensors import expand_time


def swirl(x: Tensor, t: Tensor) -> Tensor:
    r"""A field that bends in place and in time: every way to ask it gives another answer.

    .. math:: u_t(x) = (1 + t) \sin(2\,(x_2, x_1)) - t^2 x

    Args:
        x: points, shape ``(B, 2)``.
        t: time, shape ``()`` or ``(B,)``, or a Python number.

    Returns:
        The velocity, shape ``(B, 2)``.
    """
    t = expand_time(torch.as_tensor(t), x)
    return (1 + t) * torch.sin(2 * x.flip(1)) - t**2 * x


def solver(step: Callable) -> Callable:
    """A solver with equal steps from t = 0 to 1.

    Args:
        step: ``step(velocity, x, t, h)``, the velocity to go with for a step of length h.

    Returns:
        ``solve(velocity, x, steps)``, which returns the end points.
    """

    def solve(velocity: Callable, x: Tensor, steps: int) -> Tensor:
        h = 1 / steps
        for i in range(steps):
            x = x + h * step(velocity, x, torch.tensor(i * h), h)
        return x

    return solve
