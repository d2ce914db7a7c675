r"""Distributions whose noisy marginals are known exactly: the oracle of the course.

Their velocity, score and posterior mean at every time are in ``utils.posterior``.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from utils.posterior import Mixture, Moment, check_scheduler
from utils.schedulers import Scheduler
from utils.tensors import (
    at_least_float32,
    check_nonnegative,
    check_positive_int,
    check_samples,
    check_time,
)

__all__ = ["EmpiricalDistribution", "GaussianMixture"]


def _corners(count: int, radius: float) -> Tensor:
    """The corners of a regular polygon around the origin, from the right on, ``(K, 2)``."""
    if check_nonnegative("radius", radius) == 0:
        raise ValueError(f"radius must be greater than 0, got {radius}")
    angle = torch.arange(count, dtype=torch.float64) * 2 * math.pi / count
    return (radius * torch.stack([angle.cos(), angle.sin()], dim=1)).float()


class GaussianMixture(Mixture):
    r"""Mixture of round Gaussians, :math:`p(x) = \sum_k w_k N(x; m_k, s_k^2 I)`.

    Source of the closed forms: Bishop, "Pattern Recognition and Machine Learning", eq. 2.113 to
    2.117, applied to each component.

    Attributes:
        means: shape ``(K, D)`` (or ``(K, ...)`` for images).
        stds: shape ``(K,)``.
        weights: shape ``(K,)``, summing to 1.
    """

    def __init__(self, means: Tensor, stds: Tensor, weights: Tensor | None = None) -> None:
        """Take the components.

        Args:
            means: centres, shape ``(K, D)``.
            stds: standard deviations, shape ``(K,)``, all greater than 0; or one number for all.
            weights: shape ``(K,)``, at least 0, scaled here to sum to 1; ``None`` is equal weights.

        Raises:
            ValueError: if a shape is wrong, a std is not greater than 0, a weight is negative or
                all weights are 0.
        """
        check_samples("means", means)
        if means.ndim < 2:
            raise ValueError(f"means must have shape (K, D), got {tuple(means.shape)}")
        count = len(means)
        if not isinstance(stds, Tensor):
            stds = torch.full((count,), check_nonnegative("stds", stds))
        check_samples("stds", stds, ndim=1)
        weights = torch.ones(count) if weights is None else check_samples("weights", weights, 1)
        for name, value in (("stds", stds), ("weights", weights)):
            if len(value) != count:
                raise ValueError(f"{name} must have shape ({count},), got {tuple(value.shape)}")
        stds = stds.to(means)  # before it is looked at: 1e-9 is 0 in float16
        if (stds <= 0).any():
            raise ValueError(f"stds must be greater than 0, got {stds.min().item()}")
        if (weights < 0).any() or weights.sum() == 0:
            raise ValueError(f"weights must be at least 0 and not all 0, got {weights.tolist()}")
        self.means, self.stds = means, stds
        weights = weights.to(at_least_float32(means))
        self.weights = (weights / weights.sum()).to(means)
        self.log_weights = self.weights.log()

    @classmethod
    def eight_gaussians(cls, radius: float = 4.0, std: float = 0.3) -> "GaussianMixture":
        r"""Eight equal Gaussians at :math:`r(\cos\tfrac{k\pi}4, \sin\tfrac{k\pi}4)`.

        Args:
            radius: radius r, greater than 0.
            std: standard deviation of each, greater than 0.

        Returns:
            The mixture, in the plane, float32.

        Raises:
            ValueError: if it is not greater than 0.
        """
        return cls(_corners(8, radius), std)

    @classmethod
    def three_modes(
        cls,
        radius: float = 1.0,
        std: float = 0.1,
        weights: Sequence[float] = (0.6, 0.3, 0.1),
    ) -> "GaussianMixture":
        r"""Three *unequal* Gaussians on the corners of a triangle: right, upper and lower left.

        .. math:: p(x) = \textstyle\sum_k w_k N(x;\ r(\cos\tfrac{2k\pi}3, \sin\tfrac{2k\pi}3),
                  s^2 I), \qquad w = (0.6, 0.3, 0.1)

        Equal weights are right by symmetry, whatever a model has learned; these are not.

        Args:
            radius: distance r of the centres from the origin, greater than 0.
            std: standard deviation s of each, greater than 0.
            weights: of the three, at least 0.

        Returns:
            The mixture, in the plane, float32.

        Raises:
            ValueError: if a value is out of range, or there are not three weights.
        """
        return cls(_corners(3, radius), std, torch.tensor([float(w) for w in weights]))

    @classmethod
    def two_modes(
        cls, separation: float = 4.0, std: float = 0.3, dim: int = 2, weight: float = 0.5
    ) -> "GaussianMixture":
        r"""Two Gaussians, on the first axis, at :math:`\mp` half the separation.

        Args:
            separation: distance of the two centres, at least 0.
            std: standard deviation of each, greater than 0.
            dim: number of dimensions, at least 1.
            weight: probability of the left one, in [0, 1].

        Returns:
            The mixture, float32.
        """
        check_nonnegative("separation", separation)
        if check_nonnegative("weight", weight) > 1:
            raise ValueError(f"weight must lie in [0, 1], got {weight}")
        means = torch.zeros(2, check_positive_int("dim", dim))
        means[:, 0] = torch.tensor([-0.5, 0.5]) * separation
        return cls(means, std, torch.tensor([weight, 1 - weight]))

    def log_density(self, x: Tensor) -> Tensor:
        r"""Log-density :math:`\log \sum_k w_k N(x; m_k, s_k^2 I)`, by log-sum-exp.

        Args:
            x: points, shape ``(B, D)``.

        Returns:
            Log-densities, shape ``(B,)``, in nats.
        """
        flat = self._check(x)
        one = torch.ones(1, 1, dtype=flat.dtype, device=flat.device)
        return torch.logsumexp(self._log_joint(flat, Moment(one, 0 * one)), dim=1).to(x)

    def marginal(self, t: Tensor, scheduler: Scheduler) -> "GaussianMixture":
        r"""Distribution of :math:`x_t`, again a mixture.

        .. math:: p_t(x) = \sum_k w_k N(x; \alpha_t m_k, (\alpha_t^2 s_k^2 + \sigma_t^2) I)

        Args:
            t: time in [0, 1], a number or 0-dim.
            scheduler: the path's scheduler.

        Returns:
            The mixture at time t.

        Raises:
            ValueError: if t has another shape or lies outside [0, 1].
        """
        return _marginal(self, t, scheduler)


class EmpiricalDistribution(Mixture):
    r"""A finite data set, :math:`\tfrac1N \sum_i \delta(x - x^{(i)})`, each point equally likely.

    Its posterior mean is a softmax-weighted mean over the data,

    .. math:: E[x_1 | x_t = x] = \sum_i \operatorname{softmax}_i\!\Big(
              -\frac{\lVert x - \alpha_t x^{(i)}\rVert^2}{2\sigma_t^2}\Big)\, x^{(i)},

    and following its velocity ends on the data points. At t = 1, where the noise is 0, there is no
    density, and every function of (x, t) refuses. Source: Karras et al. 2022 (arXiv 2206.00364),
    appendix B.3, eq. 57.

    Attributes:
        data: shape ``(N, ...)``.
    """

    def __init__(self, data: Tensor) -> None:
        """Take the data.

        Args:
            data: points or images, shape ``(N, ...)``.

        Raises:
            ValueError: if it is empty, not finite, or has fewer than two dimensions.
        """
        check_samples("data", data)
        if data.ndim < 2:
            raise ValueError(f"data must have shape (N, ...), got {tuple(data.shape)}")
        self.data = self.means = data
        self.stds = torch.zeros(len(data), dtype=data.dtype, device=data.device)
        self.log_weights = torch.full_like(self.stds, -math.log(len(data)))

    def marginal(self, t: Tensor, scheduler: Scheduler) -> GaussianMixture:
        r"""Distribution of :math:`x_t`: one Gaussian of width :math:`\sigma_t` for each data point.

        Args:
            t: time in [0, 1) with some noise left, a number or 0-dim.
            scheduler: the path's scheduler.

        Returns:
            The mixture at time t, with means of shape ``(N, ...)``.

        Raises:
            ValueError: if t has another shape, lies outside [0, 1], or the noise is 0.
        """
        return _marginal(self, t, scheduler)


def _marginal(mixture: Mixture, t: Tensor, scheduler: Scheduler) -> "GaussianMixture":
    check_scheduler(scheduler)
    like = at_least_float32(mixture.means)
    t = check_time("t", t, like).to(like)
    if t.ndim:
        raise ValueError(f"t must be a number or 0-dim for a marginal, got {tuple(t.shape)}")
    alpha, sigma = scheduler.alpha(t), scheduler.sigma(t)
    means, stds = alpha * mixture.means, mixture.stds.to(like)
    if sigma == 0 and not mixture.stds.all():
        raise ValueError(f"t must leave some noise for a finite data set, got t = {t.item()}")
    stds = ((alpha * stds).square() + sigma.square()).sqrt()
    return GaussianMixture(means.to(mixture.means), stds, mixture.log_weights.exp())
