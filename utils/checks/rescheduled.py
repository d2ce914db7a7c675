"""Chapter 4: the velocity field of CondOT, seen along another scheduler."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.answers import check_function
from utils.mixtures import GaussianMixture
from utils.paths import CondOT
from utils.schedulers import VP, Cosine, Scheduler


def ingredients(s: Tensor, scheduler: Scheduler) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The scale c, the time tau and their rates, each 0-dim."""
    alpha, sigma = scheduler.alpha(s), scheduler.sigma(s)
    d_alpha, d_sigma = scheduler.d_alpha(s), scheduler.d_sigma(s)
    c = alpha + sigma
    return c, alpha / c, d_alpha + d_sigma, (d_alpha * sigma - alpha * d_sigma) / c**2


def right(u: Callable, x: Tensor, s: Tensor, scheduler: Scheduler) -> Tensor:
    r"""The field along the other scheduler, at its time s.

    .. math:: c = \alpha_s + \sigma_s, \quad \tau = \alpha_s / c, \qquad
              \bar u_s(x) = \frac{\dot c}{c}\,x + c\,\dot\tau\,u_\tau(x / c)

    Source: Lipman et al. 2024 (arXiv 2412.06264), section 4.6.1.

    Args:
        u: field of CondOT, ``(x, t) -> (B, ...)``.
        x: points, shape ``(B, ...)``.
        s: time of the other scheduler, 0-dim.
        scheduler: the other scheduler.

    Returns:
        The velocity, shape ``(B, ...)``.
    """
    c, tau, d_c, d_tau = ingredients(s, scheduler)
    return d_c / c * x + c * d_tau * u(x / c, tau)


def _variant(what: str) -> Callable:
    """The right formula with one thing wrong."""

    def wrong(u, x, s, scheduler):
        c, tau, d_c, d_tau = ingredients(s, scheduler)
        stretch = 0 if what == "no_stretch" else d_c / c * x
        rate = 1 if what == "no_chain" else d_tau
        place = x if what == "no_rescale" else x / c
        return stretch + c * rate * u(place, s if what == "same_time" else tau)

    return wrong


MISTAKES = {
    "sign": lambda *args: -right(*args),
    **{name: _variant(name) for name in ("no_stretch", "no_rescale", "no_chain", "same_time")},
    "unchanged": lambda u, x, s, scheduler: u(x, s),
}


def check_rescheduled(function: Callable, seed: int = 0, n: int = 6) -> None:
    """Check ``rescheduled(u, x, s, scheduler)``.

    Args:
        function: the student's function.
        seed: of the points that it is tried on.
        n: how many points.

    Raises:
        AssertionError: with a hint.
    """
    generator = torch.Generator().manual_seed(seed)
    field = GaussianMixture.two_modes(separation=2.0).velocity_field(CondOT())
    times = 0.2 + 0.6 * torch.rand(2, generator=generator)
    cases = [
        (field, torch.randn(n, 2, generator=generator), s, scheduler)
        for s, scheduler in zip(times, (Cosine(), VP()), strict=True)
    ]
    check_function("rescheduled", function, right, MISTAKES, cases)
