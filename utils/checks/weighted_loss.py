"""Chapter 6: the CFM loss when late times are drawn more often."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.checks.loss import field, residual


def right(u: Callable, x_0: Tensor, x_1: Tensor, r: Tensor) -> Tensor:
    r"""The loss of chapter 3, with times drawn from the density p(t) = 2t.

    .. math:: t_b = \sqrt{r_b}, \qquad
              \frac1B \sum_b \frac{1}{2 t_b} \frac1D \lVert u(x_t, t_b) - (x_1 - x_0) \rVert^2

    Args:
        u: field ``(x, t) -> (B, D)``.
        x_0: noise, shape ``(B, D)``.
        x_1: data, same shape.
        r: uniform on (0, 1], shape ``(B,)``.

    Returns:
        The loss, 0-dim.
    """
    t = r.sqrt()
    return (residual(u, x_0, x_1, t).square().mean(1) / (2 * t)).mean()


def _error(u: Callable, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    """Squared error of each sample, shape ``(B,)``."""
    return residual(u, x_0, x_1, t).square().mean(1)


MISTAKES = {
    "no_weight": lambda u, x_0, x_1, r: _error(u, x_0, x_1, r.sqrt()).mean(),
    "weight_inverted": lambda u, x_0, x_1, r: (_error(u, x_0, x_1, r**0.5) * 2 * r**0.5).mean(),
    "no_root_time": lambda u, x_0, x_1, r: (_error(u, x_0, x_1, r) / (2 * r)).mean(),
    "swapped": lambda u, x_0, x_1, r: right(u, x_1, x_0, r),
    "unsquared": lambda u, x_0, x_1, r: (
        residual(u, x_0, x_1, r**0.5).abs().mean(1) / (2 * r**0.5)
    ).mean(),
    "sum": lambda u, x_0, x_1, r: x_0.numel() * right(u, x_0, x_1, r),
    "per_sample": lambda u, x_0, x_1, r: x_0.shape[1] * right(u, x_0, x_1, r),
}


def check_weighted_loss(
    function: Callable, seed: int = 0, shape: tuple[int, int] = (64, 3)
) -> None:
    """Check ``weighted_loss(u, x_0, x_1, r)``.

    Args:
        function: the student's function.
        seed: of the pairs that it is tried on.
        shape: of those pairs, ``(B, D)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for scale in (1.0, 2.0):
        x_0, x_1 = torch.randn(2, *shape, generator=generator)
        r = 0.05 + 0.95 * torch.rand(shape[0], generator=generator)
        cases.append((field, x_0, 1 + scale * x_1, r))
    check_function("weighted_loss", function, right, MISTAKES, cases)
