"""Chapter 10: the velocity that a flow map implies, by moving the start of its jump."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function


def right(average: Tensor, by_s: Tensor, by_x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    r"""Velocity at the start of a jump, out of its average velocity f(x, s, t).

    .. math:: u = \big(I + (t - s)\,\nabla f\big)^{-1}\big(f - (t - s)\,\partial_s f\big)

    This solves :math:`f = u + (t - s)(\partial_s + u\cdot\nabla) f` for u.

    Args:
        average: f, shape ``(B, D)``.
        by_s: its derivative with respect to s, shape ``(B, D)``.
        by_x: its derivatives with respect to x, ``by_x[b, i, j]`` that of component i with
            respect to coordinate j, shape ``(B, D, D)``.
        s: start, shape ``(B,)``.
        t: end, shape ``(B,)``.

    Returns:
        The velocity at x and s, shape ``(B, D)``.
    """
    gap = t - s
    matrix = torch.eye(average.shape[1]) + gap[:, None, None] * by_x
    return torch.linalg.solve(matrix, average - gap[:, None] * by_s)


def _inserted(f: Tensor, by_s: Tensor, by_x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    along = by_s + torch.einsum("bij,bj->bi", by_x, f)
    return f - (t - s)[:, None] * along


MISTAKES = {
    "map_place_left_out": lambda f, by_s, by_x, s, t: f - (t - s)[:, None] * by_s,
    "map_average_inserted": _inserted,
    "map_gap_sign": lambda f, by_s, by_x, s, t: right(f, by_s, by_x, t, s),
    "map_gap_left_out": lambda f, by_s, by_x, s, t: right(f, by_s, by_x, 0 * s, 0 * t + 1),
    "map_transposed": lambda f, by_s, by_x, s, t: right(f, by_s, by_x.mT, s, t),
}


def check_velocity_of_map(
    function: Callable, seed: int = 0, shape: tuple[int, int] = (6, 2)
) -> None:
    """Check ``velocity_of_map(average, by_s, by_x, s, t)``.

    Args:
        function: the student's function.
        seed: of the values that it is tried on.
        shape: ``(B, D)`` of the average velocity.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    count, dim = shape
    average, by_s = torch.randn(2, count, dim, generator=generator)
    by_x = 0.4 * dim**-0.5 * torch.randn(count, dim, dim, generator=generator)
    s = 0.3 * torch.rand(count, generator=generator)
    t = 0.5 + 0.4 * torch.rand(count, generator=generator)
    cases = [(average, by_s, by_x, s, t)]
    check_function("velocity_of_map", function, right, MISTAKES, cases)
