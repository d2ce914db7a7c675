"""Affine paths from noise to data, and the 2x2 matrix that links all predictions."""

from typing import NamedTuple

import torch
from torch import Tensor

from utils.schedulers import VP, CondOT, Cosine, DiscreteVP, Scheduler, ddpm_betas
from utils.tensors import (
    at_least_float32,
    check_same_shape,
    check_samples,
    check_time,
    check_type,
    check_unit_interval,
    expand_time,
)

__all__ = [
    "PREDICTIONS",
    "VP",
    "AffinePath",
    "CondOT",
    "Cosine",
    "DiscreteVP",
    "PathSample",
    "Scheduler",
    "ddpm_betas",
]

PREDICTIONS = ("target", "epsilon", "velocity", "score", "v")


class PathSample(NamedTuple):
    """What one draw from a path holds; every field has shape ``(B, ...)`` except ``t``."""

    x_t: Tensor
    dx_t: Tensor
    x_0: Tensor
    x_1: Tensor
    t: Tensor


class AffinePath:
    r"""The family :math:`x_t = \alpha_t x_1 + \sigma_t x_0` for one scheduler.

    Source: Lipman et al. 2024 (arXiv 2412.06264), section 4.7 and 4.8; Albergo et al. 2023
    (arXiv 2303.08797).
    """

    def __init__(self, scheduler: Scheduler) -> None:
        """Take the scheduler.

        Args:
            scheduler: gives alpha, sigma and their derivatives.
        """
        check_type("scheduler", scheduler, Scheduler)
        self.scheduler = scheduler

    def point(self, x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
        r"""Point of the path between paired ends, :math:`x_t = \alpha_t x_1 + \sigma_t x_0`.

        Args:
            x_0: noise, shape ``(B, ...)``.
            x_1: data, same shape.
            t: time in [0, 1], shape ``()`` or ``(B,)``.

        Returns:
            Shape ``(B, ...)``, in the type of ``x_1``.

        Raises:
            ValueError: if shapes do not match, or t lies outside [0, 1].
        """
        _, time = self._time(x_0, x_1, t)
        return (self.scheduler.alpha(time) * x_1 + self.scheduler.sigma(time) * x_0).to(x_1)

    def sample(self, x_0: Tensor, x_1: Tensor, t: Tensor) -> PathSample:
        r"""Point and conditional velocity of the path between paired ends.

        .. math:: x_t = \alpha_t x_1 + \sigma_t x_0, \qquad
                  \dot x_t = \dot\alpha_t x_1 + \dot\sigma_t x_0

        Args:
            x_0: noise, shape ``(B, ...)``.
            x_1: data, same shape.
            t: time in [0, 1], shape ``()`` or ``(B,)``.

        Returns:
            ``PathSample(x_t, dx_t, x_0, x_1, t)``; points in the type of ``x_1``.

        Raises:
            ValueError: if shapes do not match, t lies outside [0, 1], or the velocity is infinite
                there (VP at t = 1); ``point`` gives x_t alone.
        """
        s, t, time = self.scheduler, *self._time(x_0, x_1, t)
        d_alpha, d_sigma = s.d_alpha(time), s.d_sigma(time)
        bad = ~(torch.isfinite(d_alpha) & torch.isfinite(d_sigma))
        if bad.any():
            where = time[bad].flatten()[0].item()
            raise ValueError(f"dx_t is infinite at t={where}; path.point(x_0, x_1, t) gives x_t")
        x_t = s.alpha(time) * x_1 + s.sigma(time) * x_0
        dx_t = d_alpha * x_1 + d_sigma * x_0
        return PathSample(x_t.to(x_1), dx_t.to(x_1), x_0, x_1, t)

    @staticmethod
    def _time(x_0: Tensor, x_1: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """The time, and the time ready to be multiplied with a batch of pairs; all are checked."""
        check_samples("x_0", x_0)
        check_samples("x_1", x_1)
        check_same_shape("x_0", x_0, "x_1", x_1)
        t = check_time("t", t, at_least_float32(x_1))
        return t, expand_time(t, x_1)

    def row(self, kind: str, t: Tensor) -> tuple[Tensor, Tensor]:
        r"""Row (a, b) of a prediction :math:`a\,x_1 + b\,x_0`.

        target (1, 0); epsilon (0, 1); velocity :math:`(\dot\alpha, \dot\sigma)`;
        score :math:`(0, -1/\sigma)`; v :math:`(-\sigma, \alpha)`.
        The score row holds for Gaussian :math:`x_0` that is independent of :math:`x_1`, only. The v
        row is that of Salimans and Ho (2202.00512, appendix D); their time runs towards noise, so
        on the cosine path the velocity is :math:`-\tfrac{\pi}{2}` times it.

        Args:
            kind: one of ``PREDICTIONS``.
            t: time in [0, 1], any shape.

        Returns:
            Two tensors of the shape of ``t``.

        Raises:
            ValueError: if ``kind`` is unknown or t lies outside [0, 1].
        """
        if kind not in PREDICTIONS:
            raise ValueError(f"kind must be one of {PREDICTIONS}, got {kind!r}")
        s, one = self.scheduler, torch.ones_like(check_unit_interval("t", t))
        if kind == "target":
            return one, 0 * one
        if kind == "epsilon":
            return 0 * one, one
        if kind == "velocity":
            return s.d_alpha(t), s.d_sigma(t)
        if kind == "score":
            return 0 * one, -1 / s.sigma(t)
        return -s.sigma(t), s.alpha(t)

    def determinant(self, kind: str, t: Tensor) -> Tensor:
        r"""Determinant :math:`\alpha b - \sigma a` of :math:`(\alpha, \sigma)` over the row (a, b).

        Where it is 0, the prediction says nothing about the pair :math:`(x_1, x_0)`.

        Args:
            kind: one of ``PREDICTIONS``.
            t: time in [0, 1], any shape.

        Returns:
            Tensor of the shape of ``t``.

        Raises:
            ValueError: if ``kind`` is unknown or t lies outside [0, 1].
        """
        a, b = self.row(kind, t)
        return self.scheduler.alpha(t) * b - self.scheduler.sigma(t) * a

    def solve(self, x_t: Tensor, t: Tensor, value: Tensor, kind: str) -> tuple[Tensor, Tensor]:
        r"""Solve two linear equations for the ends of the path.

        .. math:: x_t = \alpha x_1 + \sigma x_0, \qquad p = a\,x_1 + b\,x_0

        Given conditional means for ``value``, the results are the conditional means
        :math:`E[x_1|x_t], E[x_0|x_t]`, because the equations are linear.

        Args:
            x_t: point on the path, shape ``(B, ...)``.
            t: time in [0, 1], ``()`` or ``(B,)``.
            value: the prediction p, same shape as ``x_t``.
            kind: which prediction it is, one of ``PREDICTIONS``.

        Returns:
            ``(x_1, x_0)``, each ``(B, ...)``.

        Raises:
            ValueError: if shapes do not match, or the matrix is singular at that time.
        """
        check_samples("x_t", x_t)
        check_samples("value", value)
        check_same_shape("x_t", x_t, "value", value)
        x, value = at_least_float32(x_t), at_least_float32(value)
        time = expand_time(check_time("t", t, x), x)
        alpha, sigma = self.scheduler.alpha(time), self.scheduler.sigma(time)
        a, b = self.row(kind, time)
        determinant = alpha * b - sigma * a
        bad = (determinant == 0) | ~torch.isfinite(determinant)
        if bad.any():
            raise ValueError(
                f"kind={kind!r} does not determine (x_1, x_0) at t={time[bad].flatten()[0].item()}:"
                f" the determinant is {determinant[bad].flatten()[0].item()}"
            )
        x_1 = (b * x - sigma * value) / determinant
        x_0 = (alpha * value - a * x) / determinant
        return x_1.to(x_t), x_0.to(x_t)

    def convert(self, x_t: Tensor, t: Tensor, value: Tensor, source: str, target: str) -> Tensor:
        r"""Turn one prediction into another, through :math:`(x_1, x_0)`.

        Args:
            x_t: point on the path, shape ``(B, ...)``.
            t: time in [0, 1], ``()`` or ``(B,)``.
            value: the prediction, same shape.
            source: what ``value`` is, one of ``PREDICTIONS``.
            target: what is wanted, one of ``PREDICTIONS``.

        Returns:
            The other prediction, shape ``(B, ...)``.

        Raises:
            ValueError: if shapes do not match, a name is unknown, or it cannot be had at that time.
        """
        # Both ends are in 32 bits here, lest they be rounded on the way.
        x, value = at_least_float32(x_t), at_least_float32(value)
        x_1, x_0 = self.solve(x, t, value, source)
        time = expand_time(check_time("t", t, x), x)
        a, b = self.row(target, time)
        for weight in (a, b):
            bad = ~torch.isfinite(weight)
            if bad.any():
                raise ValueError(
                    f"target={target!r} is infinite at t={time[bad].flatten()[0].item()}"
                )
        return (a * x_1 + b * x_0).to(x_t)
