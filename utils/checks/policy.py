"""Chapter 9: the exact velocity of a flow policy with two right actions."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function


def guess(a: Tensor, t: Tensor, odds: Tensor, spread: Tensor) -> Tensor:
    """Velocity for a log-odds term and a variance of the noise, all ``(B,)``."""
    return (torch.tanh(t * a / spread + odds) - a) / (1 - t)


def right(a: Tensor, t: Tensor, p: Tensor) -> Tensor:
    r"""Velocity at an action when the demonstrations are +1 with probability p and -1 otherwise.

    .. math:: u_t(a) = \frac{1}{1 - t} \Big(\tanh\Big(\frac{t\,a}{(1 - t)^2}
              + \frac12 \log\frac{p}{1 - p}\Big) - a\Big)

    Args:
        a: actions on the way, shape ``(B,)``.
        t: time in [0, 1), shape ``(B,)``.
        p: share of the demonstrations that go to +1, shape ``(B,)``.

    Returns:
        The velocity, shape ``(B,)``.
    """
    return guess(a, t, p.logit() / 2, (1 - t) ** 2)


MISTAKES = {
    "sign": lambda a, t, p: -right(a, t, p),
    "no_odds": lambda a, t, p: guess(a, t, 0 * p, (1 - t) ** 2),
    "full_odds": lambda a, t, p: guess(a, t, p.logit(), (1 - t) ** 2),
    "odds_swapped": lambda a, t, p: right(a, t, 1 - p),
    "variance_unsquared": lambda a, t, p: guess(a, t, p.logit() / 2, 1 - t),
    "undivided": lambda a, t, p: right(a, t, p) * (1 - t),
}


def check_policy_velocity(function: Callable, seed: int = 0, n: int = 12) -> None:
    """Check ``policy_velocity(a, t, p)``.

    Args:
        function: the student's function.
        seed: of the actions that it is tried on.
        n: how many.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    cases = []
    for late in (0.3, 0.8):
        t, p = 0.1 + 0.8 * torch.rand(2, n, generator=generator)
        cases.append((torch.randn(n, generator=generator), late * t, p))
    check_function("policy_velocity", function, right, MISTAKES, cases)
