"""Chapter 2: the predicted noise after the data that follow from it were clipped."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function


def both(x: Tensor, epsilon: Tensor, data: float, noise: float, clip: bool = True) -> Tensor:
    """Solve for the data, clip them, solve for the noise; any two coefficients."""
    x_1 = (x - noise * epsilon) / data
    return (x - data * (x_1.clamp(-1, 1) if clip else x_1)) / noise


def right(x: Tensor, epsilon: Tensor, alpha_bar: float) -> Tensor:
    r"""Noise that, with data in [-1, 1], makes up the point that is known.

    .. math:: \hat x_1 = \operatorname{clip}\Big(\frac{x - \sqrt{1 - \bar\alpha}\,\hat\epsilon}
              {\sqrt{\bar\alpha}}\Big), \qquad
              \hat\epsilon' = \frac{x - \sqrt{\bar\alpha}\,\hat x_1}{\sqrt{1 - \bar\alpha}}

    Args:
        x: point of the forward process, shape ``(B, ...)``.
        epsilon: predicted noise, same shape.
        alpha_bar: in (0, 1).

    Returns:
        The corrected noise, same shape.
    """
    return both(x, epsilon, alpha_bar**0.5, (1 - alpha_bar) ** 0.5)


MISTAKES = {
    "not_clipped": lambda x, e, a: e,
    "sign": lambda x, e, a: -right(x, e, a),
    "no_root_alpha": lambda x, e, a: both(x, e, a, 1 - a),
    "bars_swapped": lambda x, e, a: both(x, e, (1 - a) ** 0.5, a**0.5),
    "noise_clipped": lambda x, e, a: e.clamp(-1, 1),
    "data_returned": lambda x, e, a: ((x - (1 - a) ** 0.5 * e) / a**0.5).clamp(-1, 1),
}


def check_clipped_noise(function: Callable, seed: int = 0, shape: tuple[int, ...] = (8, 2)) -> None:
    """Check ``clipped_noise(x, epsilon, alpha_bar)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        shape: of those points, ``(B, ...)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for alpha_bar in (0.3, 0.8):
        x, epsilon = torch.randn(2, *shape, generator=generator)
        cases.append((1.5 * x, epsilon, alpha_bar))
    check_function("clipped_noise", function, right, MISTAKES, cases)
