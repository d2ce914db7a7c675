"""Chapter 8: the pairs of optimal transport, found with inner products."""

from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from utils.checks.answers import check_function


def assign(cost: Tensor) -> Tensor:
    """Column of each row in the cheapest pairing, shape ``(n,)``."""
    return torch.as_tensor(linear_sum_assignment(cost.numpy())[1])


def right(x_0: Tensor, x_1: Tensor) -> Tensor:
    r"""Data in the order of their partners.

    .. math:: \tau = \arg\min_\tau \sum_i \lVert x_0^i - x_1^{\tau(i)} \rVert^2
              = \arg\max_\tau \sum_i \langle x_0^i, x_1^{\tau(i)} \rangle

    Args:
        x_0: noise, shape ``(n, D)``.
        x_1: data, same shape.

    Returns:
        ``x_1[tau]``, shape ``(n, D)``.
    """
    return x_1[assign(-x_0 @ x_1.T)]


MISTAKES = {
    "dearest": lambda x_0, x_1: x_1[assign(x_0 @ x_1.T)],
    "unsquared": lambda x_0, x_1: x_1[assign(torch.cdist(x_0, x_1))],
    "inverse_order": lambda x_0, x_1: x_1[assign(-x_0 @ x_1.T).argsort()],
    "identity_pairs": lambda x_0, x_1: x_1,
    "nearest": lambda x_0, x_1: x_1[torch.cdist(x_0, x_1).argmin(1)],
    "noise_moved": lambda x_0, x_1: x_0[assign(-x_0 @ x_1.T).argsort()],
}


def check_pairs(function: Callable, seed: int = 0, shape: tuple[int, int] = (24, 2)) -> None:
    """Check ``partners(x_0, x_1)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(n, D)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for scale in (1.0, 3.0):
        x_0, x_1 = torch.randn(2, *shape, generator=generator)
        cases.append((x_0, scale * x_1 + 1))
    check_function("partners", function, right, MISTAKES, cases)
