r"""What a noisy point tells about the clean one: the exact posterior, and all that follows from it.

For :math:`x_t = \alpha_t x_1 + \sigma_t x_0` with :math:`x_0 \sim N(0, I)` independent of
:math:`x_1`, a mixture of Gaussians stays one, so velocity, score, posterior mean and density have
closed forms for every scheduler. A finite data set is the same with standard deviations of zero.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from utils.schedulers import DiscreteVP, Scheduler
from utils.tensors import (
    at_least_float32,
    check_positive_int,
    check_samples,
    check_time,
    check_type,
)

# Values in one (batch, component, dimension) block: larger batches are cut into pieces.
_BLOCK = 2**23


def check_scheduler(scheduler: Scheduler) -> None:
    """Refuse anything but a scheduler."""
    check_type("scheduler", scheduler, Scheduler)


class Moment(NamedTuple):
    """Where on the path we are: each field has shape ``(1, 1)`` or ``(B, 1)``."""

    alpha: Tensor
    sigma: Tensor
    d_alpha: Tensor | None = None
    sigma_d_sigma: Tensor | None = None
    d_sigma: Tensor | None = None


class Mixture:
    """Formulas shared by Gaussian mixtures and finite data sets (standard deviation zero)."""

    means: Tensor  # (K, ...)
    stds: Tensor  # (K,)
    log_weights: Tensor  # (K,)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        r"""Draw :math:`x_1 = m_k + s_k\,\epsilon` with k chosen by weight.

        Args:
            n: number of samples, at least 1.
            generator: source of randomness.

        Returns:
            Samples, shape ``(n, ...)``, dtype and device of the means.

        Raises:
            ValueError: if ``n`` < 1.
        """
        check_positive_int("n", n)
        weights = self.log_weights.exp()
        k = torch.multinomial(weights, n, replacement=True, generator=generator)
        means, stds = self.means[k], self.stds[k]
        if not stds.any():
            return means
        noise = torch.randn(
            means.shape, dtype=means.dtype, device=means.device, generator=generator
        )
        return means + stds.reshape(-1, *([1] * (means.ndim - 1))) * noise

    def responsibilities(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""Probability that ``x`` came from component k.

        .. math:: r_k(x, t) = \frac{w_k N(x; \alpha_t m_k, (\alpha_t^2 s_k^2 + \sigma_t^2) I)}
                                   {\sum_j w_j N(x; \alpha_t m_j, (\alpha_t^2 s_j^2+\sigma_t^2) I)}

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler.

        Returns:
            Probabilities, shape ``(B, K)``; rows sum to 1.

        Raises:
            ValueError: if a shape is wrong, t lies outside [0, 1], or the noise is 0 there and so
                is some standard deviation.
        """
        flat = self._check(x)
        return self._responsibilities(flat, self._moment(x, t, scheduler)).to(x)

    def posterior_mean(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""Mean of the data given a noisy point, :math:`E[x_1 | x_t = x]`.

        .. math:: \sum_k r_k \Big(m_k + \frac{\alpha s_k^2}{\alpha^2 s_k^2 + \sigma^2}
                  (x - \alpha m_k)\Big)

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler.

        Returns:
            Means, shape ``(B, ...)``.

        Raises:
            ValueError: as in ``responsibilities``.
        """
        flat, m = self._check(x), self._moment(x, t, scheduler)
        variance = self._variance(flat, m)
        gain = m.alpha * self.stds.to(flat).square() / variance
        return self._combine(flat, m, gain, m.sigma.square() / variance).reshape(x.shape).to(x)

    def epsilon(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""Mean of the noise given a noisy point, :math:`E[x_0 | x_t = x]`.

        .. math:: \sum_k r_k \frac{\sigma}{\alpha^2 s_k^2 + \sigma^2} (x - \alpha m_k)

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler.

        Returns:
            Means, shape ``(B, ...)``.

        Raises:
            ValueError: as in ``responsibilities``.
        """
        return self._epsilon(x, self._moment(x, t, scheduler))

    def score(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""Gradient of the log-density of :math:`x_t`; equal to :math:`-E[x_0|x_t]/\sigma_t`.

        .. math:: \nabla_x \log p_t(x) = -\sum_k r_k \frac{x - \alpha m_k}{\alpha^2 s_k^2+\sigma^2}

        No division by sigma: finite at t = 1 if every :math:`s_k > 0`. Source of the identity:
        Vincent 2011, eq. 10; Lipman et al. 2024 (arXiv 2412.06264), section 4.8.1.

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler.

        Returns:
            Scores, shape ``(B, ...)``.

        Raises:
            ValueError: as in ``responsibilities``.
        """
        flat, m = self._check(x), self._moment(x, t, scheduler)
        pull = 1 / self._variance(flat, m)
        return self._combine(flat, m, -pull, m.alpha * pull).reshape(x.shape).to(x)

    def velocity(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""Marginal velocity, the conditional mean of all straight or curved conditional paths.

        .. math:: u_t(x) = \dot\alpha_t E[x_1|x_t = x] + \dot\sigma_t E[x_0|x_t = x]

        Only the product :math:`\sigma_t\dot\sigma_t` enters, so VP is finite at t = 1, too, if
        every :math:`s_k > 0`.
        Source: Lipman et al. 2024 (arXiv 2412.06264), section 4.8.

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler.

        Returns:
            Velocities, shape ``(B, ...)``.

        Raises:
            ValueError: as in ``responsibilities``.
        """
        flat, m = self._check(x), self._moment(x, t, scheduler)
        return self._combine(flat, m, *self._velocity_row(flat, m)).reshape(x.shape).to(x)

    def velocity_variance(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
        r"""How much the conditional velocities at one point disagree.

        .. math:: E\big[\lVert \dot x_t - u_t(x) \rVert^2 \,\big|\, x_t = x\big]

        Summed over dimensions. Its mean over t and :math:`x_t` is the smallest value that the
        conditional flow matching loss can reach: the constant between that loss and the marginal
        one. Source: Lipman et al. 2023 (arXiv 2210.02747), theorem 2.

        Args:
            x: points on the path at time t, shape ``(B, ...)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            scheduler: the path's scheduler; with VP the value at t = 1 is infinite.

        Returns:
            Variances, shape ``(B,)``.

        Raises:
            ValueError: as in ``responsibilities``.
        """
        flat, m = self._check(x), self._moment(x, t, scheduler)
        r, (a, b) = self._responsibilities(flat, m), self._velocity_row(flat, m)
        inner = m.d_alpha * m.sigma - m.d_sigma * m.alpha
        inner = inner.square() * self.stds.to(flat).square() / self._variance(flat, m)
        inner = torch.where(self.stds.to(flat) > 0, inner, torch.zeros_like(inner))
        mean = self._combine(flat, m, a, b)
        means = self.means.to(flat).flatten(1)
        outer = torch.stack(
            [
                (a[:, k : k + 1] * flat + b[:, k : k + 1] * means[k] - mean).square().sum(1)
                for k in range(len(means))
            ],
            dim=1,
        )
        each = flat.shape[1] * inner + outer
        return torch.where(r > 0, r * each, 0.0).sum(1).to(x)  # 0 times infinity is nobody's share

    def velocity_field(self, scheduler: Scheduler) -> Callable[[Tensor, Tensor], Tensor]:
        """The marginal velocity as a function ``(x, t)``, ready for ``sample_ode``.

        Args:
            scheduler: the path's scheduler.

        Returns:
            Function ``(x, t) -> (B, ...)``.
        """
        check_scheduler(scheduler)
        return lambda x, t: self.velocity(x, t, scheduler)

    def epsilon_model(self, schedule: DiscreteVP) -> Callable[[Tensor, Tensor], Tensor]:
        r"""The exact :math:`E[x_0|x_k]` as a function ``(x, t)``, ready for ``sample_ddim``.

        The samplers pass the network time :math:`t = 1 - (k + 1)/T`; it is turned back into
        the step index by rounding.

        Args:
            schedule: the discrete schedule.

        Returns:
            Function ``(x, t) -> (B, ...)``; t has shape ``()`` or ``(B,)``.
        """
        check_type("schedule", schedule, DiscreteVP)

        def epsilon(x: Tensor, t: Tensor) -> Tensor:
            t = check_time("t", t, at_least_float32(x))
            if at_least_float32(t) is not t:
                raise TypeError(f"t must be float32 or better to name a step, got dtype {t.dtype}")
            k = ((1 - t.double()) * schedule.T).round().long() - 1
            if (k < 0).any():
                raise ValueError(f"t must be a time of the schedule, below 1, got {t.max().item()}")
            like = at_least_float32(x)
            alpha, sigma = (f(k).to(like).reshape(-1, 1) for f in (schedule.alpha, schedule.sigma))
            return self._epsilon(x, Moment(alpha, sigma))

        return epsilon

    # Internals: ``flat`` is (B, D); weights of components are (B, K) or (1, K).

    def _check(self, x: Tensor) -> Tensor:
        check_samples("x", x)
        if x.shape[1:] != self.means.shape[1:]:
            raise ValueError(
                f"x must have shape (B, {', '.join(map(str, self.means.shape[1:]))}), "
                f"got {tuple(x.shape)}"
            )
        return at_least_float32(x).flatten(1)

    def _moment(self, x: Tensor, t: Tensor, scheduler: Scheduler) -> Moment:
        check_scheduler(scheduler)
        x = at_least_float32(x)  # sigma, the small difference 1 - t, needs every digit of t
        t, s = check_time("t", t, x).to(x).reshape(-1, 1), scheduler
        return Moment(s.alpha(t), s.sigma(t), s.d_alpha(t), s.sigma_d_sigma(t), s.d_sigma(t))

    def _variance(self, flat: Tensor, m: Moment) -> Tensor:
        """Variance of each component of x_t, (B or 1, K)."""
        variance = (m.alpha * self.stds.to(flat)).square() + m.sigma.square()
        if (variance <= 0).any():
            raise ValueError(
                "t must leave some noise where a component has standard deviation 0 (a finite data "
                f"set has no density at t = 1), got sigma = {m.sigma.min().item()}"
            )
        return variance

    def _log_joint(self, flat: Tensor, m: Moment) -> Tensor:
        """Log of weight times density of each component of x_t, (B, K)."""
        variance, dim = self._variance(flat, m), flat.shape[1]
        means = self.means.to(flat).flatten(1)
        size = max(1, _BLOCK // means.numel())
        pieces = []
        for start in range(0, len(flat), size):  # differences, not products: exact near t = 1
            alpha = m.alpha if len(m.alpha) == 1 else m.alpha[start : start + size]
            difference = flat[start : start + size, None] - alpha[:, None] * means
            pieces.append(difference.square().sum(-1))
        distance = torch.cat(pieces)
        normal = 0.5 * dim * torch.log(2 * math.pi * variance)
        return self.log_weights.to(flat) - normal - 0.5 * distance / variance

    def _responsibilities(self, flat: Tensor, m: Moment) -> Tensor:
        return torch.softmax(self._log_joint(flat, m), dim=1)

    def _combine(self, flat: Tensor, m: Moment, a: Tensor, b: Tensor) -> Tensor:
        """Mean over components of a_k x + b_k m_k, (B, D)."""
        r = self._responsibilities(flat, m)
        return (r * a).sum(1, keepdim=True) * flat + (r * b) @ self.means.to(flat).flatten(1)

    def _velocity_row(self, flat: Tensor, m: Moment) -> tuple[Tensor, Tensor]:
        """The velocity of component k is a_k x + b_k m_k."""
        variance = self._variance(flat, m)
        a = (m.d_alpha * m.alpha * self.stds.to(flat).square() + m.sigma_d_sigma) / variance
        b = (m.d_alpha * m.sigma.square() - m.alpha * m.sigma_d_sigma) / variance
        return a, b

    def _epsilon(self, x: Tensor, m: Moment) -> Tensor:
        flat = self._check(x)
        pull = m.sigma / self._variance(flat, m)
        return self._combine(flat, m, pull, -m.alpha * pull).reshape(x.shape).to(x)
