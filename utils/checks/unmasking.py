"""Chapter 12: one exact step of masked diffusion when the level is the square of the time."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function


def step(guess: Tensor, opened: float | Tensor) -> Tensor:
    """Letters with their share of ``opened``, then the mask: ``(B, K)`` to ``(B, K + 1)``."""
    rest = torch.as_tensor(1 - opened, dtype=guess.dtype).expand(len(guess), 1)
    return torch.cat([opened * guess, rest], dim=1)


def right(guess: Tensor, t: float, s: float) -> Tensor:
    r"""What a masked letter is after the step from time t to time s, with level t squared.

    .. math:: q = 1 - \exp\Big(-\int_t^s \frac{2r}{1 - r^2}\, dr\Big) = \frac{s^2 - t^2}{1 - t^2}

    Args:
        guess: posterior of the letter, shape ``(B, K)``.
        t: time before the step.
        s: time after it, above ``t``.

    Returns:
        Probabilities of the letters, times q, and of the mask, 1 - q: shape ``(B, K + 1)``.
    """
    return step(guess, (s**2 - t**2) / (1 - t**2))


MISTAKES = {
    "unmask_level_is_time": lambda g, t, s: step(g, (s - t) / (1 - t)),
    "unmask_frozen_rate": lambda g, t, s: step(g, (s - t) * 2 * t / (1 - t**2)),
    "unmask_not_conditional": lambda g, t, s: step(g, s**2 - t**2),
    "unmask_of_any": lambda g, t, s: step(g, s**2),
    "unmask_divided_by_end": lambda g, t, s: step(g, (s**2 - t**2) / s**2),
    "unmask_flipped": lambda g, t, s: step(g, (1 - s**2) / (1 - t**2)),
    "unmask_no_mask": lambda g, t, s: right(g, t, s)[:, :-1],
    "unmask_mask_first": lambda g, t, s: right(g, t, s).roll(1, dims=1),
}


def check_unmasking_step(
    function: Callable, seed: int = 0, shape: tuple[int, int] = (6, 4)
) -> None:
    """Check ``unmasking_step(guess, t, s)``.

    Args:
        function: the student's function.
        seed: of the posteriors that it is tried on.
        shape: of those posteriors, ``(B, K)``.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = [
        (torch.randn(shape, generator=generator).softmax(1), t, s)
        for t, s in ((0.2, 0.5), (0.5, 0.8), (0.6, 1.0))
    ]
    check_function("unmasking_step", function, right, MISTAKES, cases)
