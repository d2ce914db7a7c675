"""Chapter 1: the 2-Wasserstein distance of two small clouds, by its definition."""

from collections.abc import Callable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from utils.checks.answers import check_function


def cheapest(cost: Tensor) -> Tensor:
    """Costs of the pairs of the cheapest pairing: ``(n, n)`` to ``(n,)``."""
    rows, columns = linear_sum_assignment(cost.numpy())
    return cost[rows, columns]


def squared(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances of all pairs, shape ``(n, n)``."""
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()


def right(x: Tensor, y: Tensor) -> Tensor:
    r"""The distance of chapter 1.

    .. math:: W_2 = \min_\tau \Big(\frac1n \sum_i \lVert x_i - y_{\tau(i)} \rVert^2\Big)^{1/2}

    Args:
        x: points, shape ``(n, D)``.
        y: points, same shape.

    Returns:
        The distance, 0-dim.
    """
    return cheapest(squared(x, y)).mean().sqrt()


MISTAKES = {
    "squared": lambda x, y: cheapest(squared(x, y)).mean(),
    "unsquared": lambda x, y: cheapest(squared(x, y).sqrt()).mean(),
    "sum": lambda x, y: cheapest(squared(x, y)).sum().sqrt(),
    "identity_pairs": lambda x, y: (x - y).square().sum(1).mean().sqrt(),
    "nearest": lambda x, y: squared(x, y).amin(1).mean().sqrt(),
    "dearest_pairs": lambda x, y: (-cheapest(-squared(x, y))).mean().sqrt(),
}


def check_distance(function: Callable, seed: int = 0, shape: tuple[int, int] = (12, 2)) -> None:
    """Check ``distance(x, y)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(n, D)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for scale in (1.0, 2.0):
        x, y = torch.randn(2, *shape, generator=generator)
        cases.append((x, scale * y + 0.5))
    check_function("distance", function, right, MISTAKES, cases)
