"""Schedulers: how much data (alpha) and how much noise (sigma) there is at time t."""

import math
import numbers
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from utils.tensors import (
    at_least_float32,
    check_nonnegative,
    check_positive_int,
    check_same_shape,
    check_samples,
    check_unit_interval,
    expand_time,
    randn_like,
    whole,
)


class Scheduler(ABC):
    r"""A pair :math:`(\alpha_t, \sigma_t)` for :math:`x_t = \alpha_t x_1 + \sigma_t x_0`.

    :math:`\alpha` rises from (about) 0 to 1, :math:`\sigma` falls from (about) 1 to 0. Every method
    takes a time in [0, 1] of any shape and returns a tensor of the same shape.
    Source: Lipman et al. 2024 (arXiv 2412.06264), section 4.7, eq. 4.61.
    """

    @abstractmethod
    def alpha(self, t: Tensor) -> Tensor:
        r"""Weight of the data, :math:`\alpha_t`."""

    @abstractmethod
    def sigma(self, t: Tensor) -> Tensor:
        r"""Weight of the noise, :math:`\sigma_t`."""

    @abstractmethod
    def d_alpha(self, t: Tensor) -> Tensor:
        r"""Time derivative :math:`\dot\alpha_t`."""

    @abstractmethod
    def d_sigma(self, t: Tensor) -> Tensor:
        r"""Time derivative :math:`\dot\sigma_t`."""

    def sigma_d_sigma(self, t: Tensor) -> Tensor:
        r"""Half the growth of the noise variance, :math:`\sigma_t\dot\sigma_t`.

        It stays finite at t = 1 even where :math:`\dot\sigma_t` does not (VP).
        """
        return self.sigma(t) * self.d_sigma(t)


@dataclass(frozen=True)
class CondOT(Scheduler):
    r"""The straight conditional path: :math:`\alpha_t = t,\ \sigma_t = 1 - t`.

    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 20 with :math:`\sigma_{min} = 0`.
    """

    def alpha(self, t: Tensor) -> Tensor:
        r""":math:`\alpha_t = t`."""
        return check_unit_interval("t", t) + 0.0

    def sigma(self, t: Tensor) -> Tensor:
        r""":math:`\sigma_t = 1 - t`."""
        return 1 - check_unit_interval("t", t)

    def d_alpha(self, t: Tensor) -> Tensor:
        r""":math:`\dot\alpha_t = 1`."""
        return torch.ones_like(check_unit_interval("t", t))

    def d_sigma(self, t: Tensor) -> Tensor:
        r""":math:`\dot\sigma_t = -1`."""
        return -torch.ones_like(check_unit_interval("t", t))


@dataclass(frozen=True)
class Cosine(Scheduler):
    r"""A quarter circle: :math:`\alpha_t = \sin(\pi t/2),\ \sigma_t = \cos(\pi t/2)`.

    Variance preserving: :math:`\alpha^2 + \sigma^2 = 1`.
    Source: the cosine schedule of Nichol and Dhariwal 2021 (arXiv 2102.09672), eq. 17, without its
    small offset; Albergo et al. 2023 (arXiv 2303.08797) call it trigonometric.
    """

    # cos(pi t / 2) is written sin(pi (1 - t) / 2): exactly 0 at t = 1,
    # where cos gives -4e-8 in float32.

    def alpha(self, t: Tensor) -> Tensor:
        r""":math:`\alpha_t = \sin(\pi t/2)`."""
        return torch.sin(0.5 * math.pi * check_unit_interval("t", t))

    def sigma(self, t: Tensor) -> Tensor:
        r""":math:`\sigma_t = \cos(\pi t/2)`."""
        return torch.sin(0.5 * math.pi * (1 - check_unit_interval("t", t)))

    def d_alpha(self, t: Tensor) -> Tensor:
        r""":math:`\dot\alpha_t = \tfrac{\pi}{2}\cos(\pi t/2)`."""
        return 0.5 * math.pi * self.sigma(t)

    def d_sigma(self, t: Tensor) -> Tensor:
        r""":math:`\dot\sigma_t = -\tfrac{\pi}{2}\sin(\pi t/2)`."""
        return -0.5 * math.pi * self.alpha(t)


@dataclass(frozen=True)
class VP(Scheduler):
    r"""DDPM's linear schedule in continuous time.

    With :math:`s = 1 - t` and :math:`\beta(s) = \beta_{min} + s(\beta_{max} - \beta_{min})`,

    .. math:: \alpha_t = \exp\!\big(-\tfrac12\textstyle\int_0^{s}\beta\big),\qquad
              \sigma_t = \sqrt{1 - \alpha_t^2}.

    Source: Song et al. 2021 (arXiv 2011.13456), eq. 32 and 33 (time reversed here).

    Attributes:
        beta_min: noise rate at the data end, per unit time.
        beta_max: noise rate at the noise end, per unit time.
    """

    beta_min: float = 0.1
    beta_max: float = 20.0

    def __post_init__(self) -> None:
        """Refuse rates that are negative or in the wrong order."""
        check_nonnegative("beta_min", self.beta_min)
        check_nonnegative("beta_max", self.beta_max)
        if self.beta_max < self.beta_min or self.beta_max == 0:
            raise ValueError(
                f"beta_max must be positive and at least beta_min={self.beta_min}, "
                f"got {self.beta_max}"
            )

    def _log_alpha(self, t: Tensor) -> Tensor:
        s = 1 - check_unit_interval("t", t)
        return -0.25 * s**2 * (self.beta_max - self.beta_min) - 0.5 * s * self.beta_min

    def alpha(self, t: Tensor) -> Tensor:
        r""":math:`\alpha_t`."""
        return torch.exp(self._log_alpha(t))

    def sigma(self, t: Tensor) -> Tensor:
        r""":math:`\sigma_t = \sqrt{1 - \alpha_t^2}`, by ``expm1``: exact near t = 1."""
        return torch.sqrt(-torch.expm1(2 * self._log_alpha(t)))

    def d_alpha(self, t: Tensor) -> Tensor:
        r""":math:`\dot\alpha_t = \tfrac12\beta(1 - t)\,\alpha_t`."""
        beta = self.beta_min + (1 - t) * (self.beta_max - self.beta_min)
        return 0.5 * beta * self.alpha(t)

    def d_sigma(self, t: Tensor) -> Tensor:
        r""":math:`\dot\sigma_t = -\alpha_t\dot\alpha_t/\sigma_t`; minus infinity at t = 1.

        Unless :math:`\beta_{min} = 0`: then it ends at :math:`-\sqrt{\beta_{max}/2}`.
        """
        end = -math.inf if self.beta_min else -math.sqrt(self.beta_max / 2)  # x/0, 0/0
        sigma = self.sigma(t)
        return torch.where(sigma == 0, end, self.sigma_d_sigma(t) / sigma)

    def sigma_d_sigma(self, t: Tensor) -> Tensor:
        r""":math:`\sigma_t\dot\sigma_t = -\alpha_t\dot\alpha_t`, finite everywhere."""
        return -self.alpha(t) * self.d_alpha(t)


def ddpm_betas(T: int = 1000, beta_start: float = 1e-4, beta_end: float = 0.02) -> Tensor:
    r"""DDPM's linear noise schedule :math:`\beta_1, \dots, \beta_T`.

    Source: Ho et al. 2020 (arXiv 2006.11239), section 4.

    Args:
        T: number of steps.
        beta_start: variance added by the first step, in (0, 1).
        beta_end: variance added by the last step, in (0, 1).

    Returns:
        float64 tensor of shape ``(T,)``; entry k belongs to DDPM's step k + 1.

    Raises:
        ValueError: if ``T`` < 1 or a beta lies outside (0, 1).
    """
    check_positive_int("T", T)
    for name, beta in (("beta_start", beta_start), ("beta_end", beta_end)):
        if not 0 < check_nonnegative(name, beta) < 1:
            raise ValueError(f"{name} must lie in (0, 1), got {beta}")
    return torch.linspace(beta_start, beta_end, T, dtype=torch.float64)


def cosine_betas(T: int = 100, s: float = 0.008, beta_max: float = 0.999) -> Tensor:
    r"""The squared-cosine noise schedule.

    .. math:: \bar\alpha_k = \frac{f(k + 1)}{f(0)},\quad
        f(k) = \cos^2\!\Big(\frac{k/T + s}{1 + s}\,\frac\pi2\Big),\quad
        \beta_k = \min\!\Big(1 - \frac{\bar\alpha_k}{\bar\alpha_{k-1}},\ \beta_{\max}\Big)

    Source: Nichol and Dhariwal 2021 (arXiv 2102.09672), eq. 17.

    Args:
        T: number of steps.
        s: offset that keeps the first steps from being too small, at least 0.
        beta_max: largest variance of a step, in (0, 1).

    Returns:
        float64 tensor of shape ``(T,)``.

    Raises:
        ValueError: if ``T`` < 1, ``s`` < 0 or ``beta_max`` lies outside (0, 1).
    """
    check_positive_int("T", T)
    check_nonnegative("s", s)
    if not 0 < check_nonnegative("beta_max", beta_max) < 1:
        raise ValueError(f"beta_max must lie in (0, 1), got {beta_max}")
    k = torch.arange(T + 1, dtype=torch.float64)
    f = torch.cos((k / T + s) / (1 + s) * torch.pi / 2) ** 2
    return (1 - f[1:] / f[:-1]).clamp(max=beta_max)


class DiscreteVP:
    r"""DDPM's forward process with T discrete steps.

    .. math:: x_k = \sqrt{\bar\alpha_k}\, x_1 + \sqrt{1 - \bar\alpha_k}\, x_0, \qquad
              \bar\alpha_k = \textstyle\prod_{i \le k} (1 - \beta_i)

    Index k runs from 0 (nearly clean) to T - 1 (nearly pure noise): DDPM's step k + 1. DDPM writes
    :math:`x_0` for our data :math:`x_1` and :math:`\epsilon` for our noise :math:`x_0`.
    Source: Ho et al. 2020 (arXiv 2006.11239), eq. 2 and 4.

    Attributes:
        betas: shape ``(T,)``.
        alphas: ``1 - betas``.
        alpha_bar: cumulative product of ``alphas``.
        T: number of steps.
    """

    def __init__(self, betas: Tensor | None = None) -> None:
        """Take the noise schedule; ``None`` is DDPM's own (T = 1000).

        Args:
            betas: variance of each step, shape ``(T,)``, in (0, 1).

        Raises:
            ValueError: if it is empty, not 1-dim or leaves (0, 1), or if the steps together leave
                no data, or one no noise, that float64 can tell from 0.
        """
        betas = ddpm_betas() if betas is None else check_samples("betas", betas, ndim=1)
        outside = (betas <= 0) | (betas >= 1)
        if outside.any():
            raise ValueError(f"betas must lie in (0, 1), got {betas[outside][0].item()}")
        # float64: the product of a thousand factors close to 1 loses digits in float32.
        self.betas = betas.double()
        self.alphas = 1 - self.betas
        self.alpha_bar = torch.cumprod(self.alphas, dim=0)
        self.T = len(betas)
        first, last = self.alpha_bar[0].item(), self.alpha_bar[-1].item()
        if first == 1 or last == 0:
            found = f"alpha_bar from {first} to {last}"
            raise ValueError(f"betas must leave some data and some noise, got {found}")

    def check_index(self, name: str, k: int | Tensor) -> Tensor:
        """Refuse a step index outside 0..T-1.

        Args:
            name: the argument's name, for the message.
            k: integer, or integer tensor of shape ``()`` or ``(B,)``.

        Returns:
            ``k`` as an int64 tensor.

        Raises:
            TypeError: if it is not an integer, or a tensor of integers.
            ValueError: if it lies outside 0..T-1.
        """
        if type(k) is int and 0 <= k < self.T:  # samplers ask at every step: no tensor arithmetic
            return torch.tensor(k)
        if isinstance(k, numbers.Integral) and not isinstance(k, bool):
            k = torch.tensor(int(k))
        k = whole(name, k)
        outside = (k < 0) | (k >= self.T)
        if outside.any():
            raise ValueError(f"{name} must lie in 0..{self.T - 1}, got {k[outside].flatten()[0]}")
        return k

    def alpha(self, k: int | Tensor) -> Tensor:
        r"""Weight of the data, :math:`\sqrt{\bar\alpha_k}`, float64."""
        return self.alpha_bar[self.check_index("k", k).cpu()].sqrt()

    def sigma(self, k: int | Tensor) -> Tensor:
        r"""Weight of the noise, :math:`\sqrt{1 - \bar\alpha_k}`, float64."""
        return (1 - self.alpha_bar[self.check_index("k", k).cpu()]).sqrt()

    def time(self, k: int | Tensor) -> Tensor:
        r"""The same moment on the course's clock, :math:`t = 1 - (k + 1)/T`, float64."""
        return 1 - (self.check_index("k", k).double() + 1) / self.T

    def sample(self, x_0: Tensor, x_1: Tensor, k: int | Tensor) -> Tensor:
        r"""Jump straight to step k.

        .. math:: x_k = \sqrt{\bar\alpha_k}\, x_1 + \sqrt{1 - \bar\alpha_k}\, x_0

        Args:
            x_0: noise, shape ``(B, ...)``.
            x_1: data, same shape.
            k: step index, ``()`` or ``(B,)``.

        Returns:
            Noisy data, shape ``(B, ...)``.

        Raises:
            ValueError: if shapes do not match or k lies outside 0..T-1.
        """
        check_samples("x_0", x_0)
        check_samples("x_1", x_1)
        check_same_shape("x_0", x_0, "x_1", x_1)
        like = at_least_float32(x_1)
        alpha = expand_time(self.alpha(k).to(like), x_1)
        sigma = expand_time(self.sigma(k).to(like), x_1)
        return (alpha * x_1 + sigma * x_0).to(x_1)

    def step(self, x: Tensor, k: int, generator: torch.Generator | None = None) -> Tensor:
        r"""One step of the forward chain.

        .. math:: x_k = \sqrt{1 - \beta_k}\, x_{k-1} + \sqrt{\beta_k}\, \epsilon

        Source: Ho et al. 2020 (arXiv 2006.11239), eq. 2.

        Args:
            x: state before the step, shape ``(B, ...)``.
            k: index of the step, 0..T-1, one for the whole batch.
            generator: source of randomness.

        Returns:
            State after the step, shape ``(B, ...)``.

        Raises:
            ValueError: if ``x`` is empty or not finite, or k lies outside 0..T-1.
        """
        check_samples("x", x)
        k = self.check_index("k", k)
        if k.ndim:
            raise ValueError(f"k must be one index for the whole batch, got shape {tuple(k.shape)}")
        beta = self.betas[k].item()
        return (1 - beta) ** 0.5 * x + beta**0.5 * randn_like(x, generator)
