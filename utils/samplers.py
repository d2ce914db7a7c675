"""Samplers: a grid, and a step from one of its points to the next. One loop walks it.

A field is ``(x, t) -> (B, ...)`` with states x of shape ``(B, ...)`` and a 0-dim time t. Samplers
return the end points ``(B, ...)``, or with ``return_trajectory`` every state, ``(S + 1, B, ...)``,
in the type of the starting points. Between the steps states are float32 or better, and so is t:
in 16 bits small steps would be lost. The field sees states in the type of the starting points.
Wrong types raise TypeError; wrong shapes and values out of range raise ValueError.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from utils.paths import AffinePath
from utils.schedulers import DiscreteVP, Scheduler
from utils.tensors import (
    at_least_float32,
    check_int,
    check_nonnegative,
    check_output,
    check_positive_int,
    check_same_shape,
    check_samples,
    check_type,
    randn_like,
)

Field = Callable[[Tensor, Tensor], Tensor]


def walk(
    step: Callable[[Tensor, Any, Any], Tensor],
    x: Tensor,
    grid: Iterable,
    every: bool = False,
    enable_grad: bool = False,
) -> Tensor:
    """The loop that all samplers share.

    Args:
        step: ``(state, here, there) -> state``, where here and there are neighbours on the grid.
        x: where to start, shape ``(B, ...)``.
        grid: times or indices, in the order in which they are visited.
        every: return all states, not only the last.
        enable_grad: keep what gradients through all steps need; memory grows with their number.

    Returns:
        The last state ``(B, ...)``, or all of them ``(S + 1, B, ...)``.
    """
    x_0, x = x, at_least_float32(x)
    states = [x]
    with torch.set_grad_enabled(enable_grad and torch.is_grad_enabled()):
        for here, there in itertools.pairwise(grid):
            x = step(x, here, there)
            if every:
                states.append(x)
        return (torch.stack(states) if every else x).to(x_0)


def _narrow(field: Field, x_0: Tensor) -> Field:
    """The field as its caller knows it: states have the type of the starting points."""
    if at_least_float32(x_0) is x_0:
        return field
    return lambda x, t: field(x.to(x_0), t)


def _evaluate(name: str, field: Field, x: Tensor, t: Tensor) -> Tensor:
    return check_output(name, field(x, t), x)


def euler_step(velocity: Field, x: Tensor, t: Tensor, h: Tensor) -> Tensor:
    r"""One Euler step: :math:`x + h\,u(x, t)`. One evaluation, global error O(h).

    Args:
        velocity: the field.
        x: state, shape ``(B, ...)``.
        t: time, 0-dim.
        h: step size, 0-dim.

    Returns:
        State at t + h.
    """
    return x + h * _evaluate("velocity", velocity, x, t)


def midpoint_step(velocity: Field, x: Tensor, t: Tensor, h: Tensor) -> Tensor:
    r"""One midpoint step: :math:`x + h\,u(x + \tfrac h2 u(x, t),\ t + \tfrac h2)`.

    Two evaluations, global error O(h^2). Source: Hairer, Norsett, Wanner, "Solving ODEs I", II.1.
    Arguments as in ``euler_step``.
    """
    middle = x + 0.5 * h * _evaluate("velocity", velocity, x, t)
    return x + h * _evaluate("velocity", velocity, middle, t + 0.5 * h)


def heun_step(velocity: Field, x: Tensor, t: Tensor, h: Tensor) -> Tensor:
    r"""One Heun step: the mean of the slopes at both ends of an Euler step.

    .. math:: k_1 = u(x, t),\quad k_2 = u(x + h k_1, t + h),\quad x + \tfrac h2 (k_1 + k_2)

    Two evaluations, global error O(h^2). It evaluates the field at t = 1, where a velocity may be
    infinite (VP). Source: Karras et al. 2022 (arXiv 2206.00364), algorithm 1.
    Arguments as in ``euler_step``.
    """
    k_1 = _evaluate("velocity", velocity, x, t)
    # (t + h).clamp: rounding may carry the last step a hair beyond 1, or beyond 0 on the way back.
    k_2 = _evaluate("velocity", velocity, x + h * k_1, (t + h).clamp(0.0, 1.0))
    return x + 0.5 * h * (k_1 + k_2)


ODE_STEPS = {"euler": euler_step, "midpoint": midpoint_step, "heun": heun_step}


def _time_grid(steps: int, x: Tensor, t_end: float = 1.0) -> Tensor:
    count, like = check_positive_int("steps", steps) + 1, at_least_float32(x)
    return torch.linspace(0.0, t_end, count, dtype=like.dtype, device=like.device)


def _check_grid(time_grid: Tensor, x: Tensor) -> Tensor:
    check_samples("time_grid", time_grid, ndim=1)
    if len(time_grid) < 2:
        raise ValueError(f"time_grid must hold at least two times, got {time_grid.tolist()}")
    ahead = time_grid.diff() > 0
    if time_grid.min() < 0 or time_grid.max() > 1 or ahead.any() != ahead.all():
        rule = "must only increase, or only decrease, within [0, 1]"
        raise ValueError(f"time_grid {rule}, got {time_grid.tolist()}")
    if (time_grid.diff() == 0).any():
        raise ValueError(f"time_grid must hold no time twice in a row, got {time_grid.tolist()}")
    return time_grid.to(at_least_float32(x))


def sample_ode(
    velocity: Field,
    x_0: Tensor,
    steps: int = 50,
    method: str = "euler",
    time_grid: Tensor | None = None,
    return_trajectory: bool = False,
    enable_grad: bool = False,
) -> Tensor:
    r"""Solve :math:`\dot x = u(x, t)` from noise at t = 0 to data at t = 1 in fixed steps.

    Args:
        velocity: field ``(x, t) -> (B, ...)``; t is 0-dim.
        x_0: starting points, shape ``(B, ...)``.
        steps: number of equal steps; ignored if ``time_grid`` is given.
        method: ``"euler"``, ``"midpoint"`` or ``"heun"``.
        time_grid: increasing times within [0, 1], shape ``(S + 1,)``. Decreasing ones lead from
            data back to its noise: ``sample_ode(u, x_1, time_grid=torch.linspace(1, 0, 101))``.
        return_trajectory: return every state, not only the last.
        enable_grad: let gradients through; see ``walk``.

    Raises:
        ValueError: if the method is unknown, or the grid turns back or stands still.
    """
    check_samples("x_0", x_0)
    if method not in ODE_STEPS:
        raise ValueError(f"method must be one of {tuple(ODE_STEPS)}, got {method!r}")
    grid = _time_grid(steps, x_0) if time_grid is None else _check_grid(time_grid, x_0)
    velocity = _narrow(velocity, x_0)

    def step(x: Tensor, t: Tensor, t_next: Tensor) -> Tensor:
        return ODE_STEPS[method](velocity, x, t, t_next - t)

    return walk(step, x_0, grid, return_trajectory, enable_grad)


def sample_sde(
    velocity: Field,
    x_0: Tensor,
    scheduler: Scheduler,
    steps: int = 100,
    noise_scale: float = 1.0,
    generator: torch.Generator | None = None,
    return_trajectory: bool = False,
    t_end: float = 1.0,
    enable_grad: bool = False,
) -> Tensor:
    r"""Euler-Maruyama on the SDE that shares the marginals of the flow.

    .. math:: dX = \big(u(X, t) + \tfrac12 g_t^2\,\nabla\log p_t(X)\big)\,dt + g_t\,dW,
              \qquad g_t^2 = 2\gamma\,\sigma_t^2

    The score is :math:`-\hat x_0/\sigma_t`, where :math:`\hat x_0 = E[x_0|x_t]` comes from the
    velocity through the 2x2 matrix. Every :math:`\gamma \ge 0` keeps the marginals; 0 is the ODE.
    Source: Albergo et al. 2023 (arXiv 2303.08797), eq. 2.20 to 2.22; Song et al. 2021
    (arXiv 2011.13456), appendix D.1.

    Args:
        velocity: marginal velocity ``(x, t) -> (B, ...)`` of an affine path with independent
            Gaussian noise.
        x_0: starting points, shape ``(B, ...)``.
        scheduler: the path's scheduler.
        steps: number of equal steps.
        noise_scale: the factor gamma, at least 0.
        generator: source of randomness.
        return_trajectory: return every state, not only the last.
        enable_grad: let gradients through; see ``walk``.
        t_end: time to stop at, in (0, 1].
    """
    check_samples("x_0", x_0)
    check_nonnegative("noise_scale", noise_scale)
    if not 0 < check_nonnegative("t_end", t_end) <= 1:
        raise ValueError(f"t_end must lie in (0, 1], got {t_end}")
    path, velocity = AffinePath(scheduler), _narrow(velocity, x_0)

    def step(x: Tensor, t: Tensor, t_next: Tensor) -> Tensor:
        h, c = t_next - t, noise_scale * scheduler.sigma(t)
        u = _evaluate("velocity", velocity, x, t).to(x)
        if noise_scale == 0:
            return x + h * u
        x_0_hat = path.convert(x, t, u, "velocity", "epsilon")
        noise = (2 * scheduler.sigma(t) * c * h).sqrt() * randn_like(x, generator)
        return x + h * (u - c * x_0_hat) + noise

    return walk(step, x_0, _time_grid(steps, x_0, t_end), return_trajectory, enable_grad)


def _times(schedule: DiscreteVP, x: Tensor) -> Tensor:
    """The times of all indices, once for all steps, where the states are: shape ``(T,)``."""
    return schedule.time(torch.arange(schedule.T)).to(at_least_float32(x))


def _bars(schedule: DiscreteVP, k: int, k_next: int) -> tuple[float, float]:
    """alpha-bar at k and at k_next; -1 stands for clean data, where it is 1."""
    check_type("schedule", schedule, DiscreteVP)
    for name, index in (("k", k), ("k_next", k_next)):
        check_int(name, index)
    schedule.check_index("k", k)
    if not -1 <= k_next < k:
        raise ValueError(f"k_next must lie in -1..{k - 1}, got {k_next}")
    bar_next = 1.0 if k_next == -1 else schedule.alpha_bar[k_next].item()
    return schedule.alpha_bar[k].item(), bar_next


def ddim_step(
    epsilon: Tensor,
    x: Tensor,
    k: int,
    k_next: int,
    schedule: DiscreteVP,
    eta: float = 0.0,
    noise: Tensor | None = None,
) -> Tensor:
    r"""One DDIM step from index k to a cleaner index k_next.

    .. math:: x' = \sqrt{\bar\alpha'}\,\hat x_1 + \sqrt{1 - \bar\alpha' - s^2}\,\epsilon + s\,z,
        \qquad s = \eta\sqrt{\tfrac{1-\bar\alpha'}{1-\bar\alpha}}
                   \sqrt{1 - \tfrac{\bar\alpha}{\bar\alpha'}}

    :math:`\eta = 0` is deterministic: Euler in :math:`(x/\alpha, \sigma/\alpha)`. :math:`\eta = 1`
    over all steps is DDPM with the posterior variance.
    Source: Song et al. 2021 (arXiv 2010.02502), eq. 12 and 16.

    Args:
        epsilon: predicted noise, shape ``(B, ...)``.
        x: state at k, same shape.
        k: index now, 0..T-1.
        k_next: index after the step, -1..k-1; -1 is clean data.
        schedule: the discrete schedule.
        eta: share of fresh noise, at least 0.
        noise: standard normal z, same shape; needed if ``eta`` > 0 and ``k_next`` >= 0.

    Returns:
        State at ``k_next``, shape ``(B, ...)``.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if an index or ``eta`` is out of range, shapes differ, or noise is missing.
    """
    check_same_shape("epsilon", epsilon, "x", x)
    check_nonnegative("eta", eta)
    bar, bar_next = _bars(schedule, k, k_next)
    x_in, x, epsilon = x, at_least_float32(x), at_least_float32(epsilon)
    x_1_hat = (x - (1 - bar) ** 0.5 * epsilon) / bar**0.5
    s = eta * ((1 - bar_next) / (1 - bar) * (1 - bar / bar_next)) ** 0.5
    rest = 1 - bar_next - s**2
    if rest < -1e-12:
        raise ValueError(f"eta={eta} asks for more noise than there is between k={k} and {k_next}")
    x = bar_next**0.5 * x_1_hat + max(rest, 0.0) ** 0.5 * epsilon
    if s == 0:
        return x.to(x_in)
    if noise is None:
        raise ValueError(f"noise must be given for eta={eta}, got None")
    check_same_shape("noise", noise, "x", x_in)
    return (x + s * noise).to(x_in)


def sample_ddim(
    epsilon_model: Field,
    x_T: Tensor,
    schedule: DiscreteVP,
    steps: int = 50,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
    return_trajectory: bool = False,
    enable_grad: bool = False,
) -> Tensor:
    """DDIM on evenly spaced indices from T - 1 down to 0, then to clean data.

    Source: Song et al. 2021 (arXiv 2010.02502), section 4.2.

    Args:
        epsilon_model: ``(x, t) -> (B, ...)``, predicted noise; t is 0-dim, ``schedule.time(k)``.
        x_T: starting points (pure noise), shape ``(B, ...)``.
        schedule: the discrete schedule.
        steps: number of evaluations, 1..T.
        eta: share of fresh noise; 0 is deterministic.
        generator: source of randomness, used if ``eta`` > 0.
        return_trajectory: return every state, not only the last.
        enable_grad: let gradients through; see ``walk``.
    """
    check_samples("x_T", x_T)
    check_type("schedule", schedule, DiscreteVP)
    if check_positive_int("steps", steps) > schedule.T:
        raise ValueError(f"steps must be at most T={schedule.T}, got {steps}")
    indices = torch.linspace(schedule.T - 1, 0, steps).round().long().tolist() + [-1]
    epsilon_model, times = _narrow(epsilon_model, x_T), _times(schedule, x_T)

    def step(x: Tensor, k: int, k_next: int) -> Tensor:
        epsilon = _evaluate("epsilon_model", epsilon_model, x, times[k]).to(x)
        noise = randn_like(x, generator) if eta > 0 and k_next >= 0 else None
        return ddim_step(epsilon, x, k, k_next, schedule, eta, noise)

    return walk(step, x_T, indices, return_trajectory, enable_grad)


def ddpm_step(
    epsilon: Tensor,
    x: Tensor,
    k: int,
    schedule: DiscreteVP,
    noise: Tensor | None = None,
    variance: str = "beta",
) -> Tensor:
    r"""One ancestral step from index k to k - 1.

    .. math:: x' = \frac{1}{\sqrt{\alpha_k}}\Big(x - \frac{\beta_k}{\sqrt{1-\bar\alpha_k}}
              \,\epsilon\Big) + s_k z

    :math:`s_k^2` is :math:`\beta_k`, or the posterior variance
    :math:`\tilde\beta_k = \beta_k (1 - \bar\alpha_{k-1})/(1 - \bar\alpha_k)`. No noise at k = 0.
    Source: Ho et al. 2020 (arXiv 2006.11239), algorithm 2, eq. 7 and 11.

    Args:
        epsilon: predicted noise, shape ``(B, ...)``.
        x: state at k, same shape.
        k: index now, 0..T-1.
        schedule: the discrete schedule.
        noise: standard normal z, same shape; needed for k > 0.
        variance: ``"beta"`` or ``"posterior"``.

    Returns:
        State at k - 1, shape ``(B, ...)``.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if k is out of range, ``variance`` unknown, shapes differ, or noise is missing.
    """
    check_same_shape("epsilon", epsilon, "x", x)
    if variance not in ("beta", "posterior"):
        raise ValueError(f"variance must be 'beta' or 'posterior', got {variance!r}")
    bar, bar_next = _bars(schedule, k, k - 1)
    beta = schedule.betas[k].item()
    x_in, x, epsilon = x, at_least_float32(x), at_least_float32(epsilon)
    mean = (x - beta / (1 - bar) ** 0.5 * epsilon) / (1 - beta) ** 0.5
    if k == 0:
        return mean.to(x_in)
    if noise is None:
        raise ValueError(f"noise must be given for k={k}, got None")
    check_same_shape("noise", noise, "x", x_in)
    s_squared = beta if variance == "beta" else beta * (1 - bar_next) / (1 - bar)
    return (mean + s_squared**0.5 * noise).to(x_in)


def sample_ddpm(
    epsilon_model: Field,
    x_T: Tensor,
    schedule: DiscreteVP,
    generator: torch.Generator | None = None,
    variance: str = "beta",
    return_trajectory: bool = False,
    enable_grad: bool = False,
) -> Tensor:
    """Ancestral sampling through all T steps.

    Source: Ho et al. 2020 (arXiv 2006.11239), algorithm 2.

    Args:
        epsilon_model: ``(x, t) -> (B, ...)``, predicted noise; t is 0-dim, ``schedule.time(k)``.
        x_T: starting points (pure noise), shape ``(B, ...)``.
        schedule: the discrete schedule.
        generator: source of randomness.
        variance: ``"beta"`` or ``"posterior"``.
        return_trajectory: return every state, not only the last.
        enable_grad: let gradients through; see ``walk``.
    """
    check_samples("x_T", x_T)
    check_type("schedule", schedule, DiscreteVP)
    epsilon_model, times = _narrow(epsilon_model, x_T), _times(schedule, x_T)

    def step(x: Tensor, k: int, _: int) -> Tensor:
        epsilon = _evaluate("epsilon_model", epsilon_model, x, times[k]).to(x)
        noise = randn_like(x, generator) if k > 0 else None
        return ddpm_step(epsilon, x, k, schedule, noise, variance)

    return walk(step, x_T, range(schedule.T - 1, -2, -1), return_trajectory, enable_grad)


class count_evaluations:  # noqa: N801  (reads as a verb where it is used)
    """Wrap a field and count its calls: the number of function evaluations (NFE).

    Attributes:
        nfe: calls so far. One call evaluates the whole batch and counts once.
    """

    def __init__(self, field: Field) -> None:
        """Take the field ``(x, t) -> (B, ...)``.

        Args:
            field: any callable.

        Raises:
            TypeError: if it cannot be called.
        """
        if not callable(field):
            raise TypeError(f"field must be callable, got {type(field).__name__}")
        self.field, self.nfe = field, 0

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """Evaluate the field and add one to ``nfe``."""
        self.nfe += 1
        return self.field(x, t)
