r"""Flow maps: where the path ends, in one call of a network. Noise at t = 0, data at t = 1.

The flow map takes a point of a trajectory at time s to the point of the same trajectory at time t,

.. math:: X_{s,t}(x) = x + \int_s^t u_r\big(X_{s,r}(x)\big)\,dr = x + (t - s)\,f(x, s, t).

A model here is a function ``f(x, s, t)``, the *average velocity* from s to t; ``jump`` makes the
map of it, so that :math:`X_{s,s}(x) = x` by construction, and :math:`f(x, t, t) = u_t(x)`. Each
loss is one way to read the identity. Paths are straight: ``x_t = (1 - t) x_0 + t x_1``. Times have
shape ``(B,)``; points have shape ``(B, D)``. Sources stand with each loss.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.func import jvp

from utils.models import TimeEmbedding
from utils.tensors import (
    check_floating,
    check_positive_int,
    check_same_shape,
    check_samples,
    expand_time,
    randn_like,
)

Model = Callable[[Tensor, Tensor, Tensor], Tensor]  # f(x, s, t), average velocity
Field = Callable[[Tensor, Tensor], Tensor]  # u(x, t), velocity


class AverageVelocity(nn.Module):
    r"""A network :math:`f_\theta(x, s, t)`: ``utils.models.MLP`` with a second time."""

    def __init__(self, dim: int = 2, hidden: int = 64, depth: int = 3, time_dim: int = 16) -> None:
        """Build ``depth`` hidden SiLU layers.

        Args:
            dim: dimension D of a point.
            hidden: width of each hidden layer.
            depth: number of hidden layers.
            time_dim: number of features of each time, even.

        Raises:
            ValueError: if an argument is below 1, or ``time_dim`` is odd.
        """
        super().__init__()
        for name, n in (("dim", dim), ("hidden", hidden), ("depth", depth)):
            check_positive_int(name, n)
        self.dim, self.embed = dim, TimeEmbedding(time_dim)
        widths = [dim + 2 * time_dim] + [hidden] * depth
        layers: list[nn.Module] = []
        for width_in, width_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(width_in, width_out), nn.SiLU()]
        self.net = nn.Sequential(*layers, nn.Linear(hidden, dim))

    def forward(self, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
        """Average velocity of the trajectory through x at time s, until time t.

        Args:
            x: points at time s, shape ``(B, D)``.
            s: where the jump starts, in [0, 1], shape ``()`` or ``(B,)``.
            t: where it ends, in [0, 1], shape ``()`` or ``(B,)``.

        Returns:
            Shape ``(B, D)``.

        Raises:
            TypeError: if ``x`` is not a floating-point tensor.
            ValueError: if the shapes do not match the network or each other.
        """
        check_floating("x", x)
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(f"x must have shape (B, {self.dim}), got {tuple(x.shape)}")
        s, t = (expand_time(time, x).to(x).reshape(-1).expand(len(x)) for time in (s, t))
        return self.net(torch.cat([x, self.embed(s), self.embed(t - s)], dim=1))


def jump(model: Model, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    r"""The map of a model: :math:`X_{s,t}(x) = x + (t - s)\,f(x, s, t)`.

    Args:
        model: the average velocity ``(x, s, t) -> (B, D)``.
        x: points at time s, shape ``(B, D)``.
        s: start, shape ``()`` or ``(B,)``.
        t: end, shape ``()`` or ``(B,)``.

    Returns:
        Points at time t, shape ``(B, D)``.

    Raises:
        ValueError: if the model returns another shape.
    """
    average = model(x, s, t)
    check_same_shape("model(x, s, t)", average, "x", x)
    return x + expand_time(t - s, x) * average


def euler(model: Model) -> Model:
    """Take the velocity at the start for the average: with it, ``sample_map`` is Euler's method.

    Args:
        model: the average velocity ``(x, s, t)``; only its diagonal, s = t, is used.

    Returns:
        A function of the same arguments.
    """
    return lambda x, s, t: model(x, s, s)


def exact_average(
    velocity: Field,
    x: Tensor,
    s: Tensor,
    t: Tensor,
    steps: int = 100,
) -> Tensor:
    r"""The true average velocity of a field, by a fine ODE: the mean of its midpoint slopes.

    .. math:: f(x, s, t) = \frac1{t - s}\int_s^t u_r\big(X_{s,r}(x)\big)\,dr

    No division by t - s: at s = t it is the velocity. Its error falls as 1/steps^2. It never looks
    at time t itself, where the field of a finite data set has no value at t = 1.

    Args:
        velocity: exact field ``(x, t) -> (B, ...)``, with t of shape ``(B,)``.
        x: points at time s, shape ``(B, ...)``.
        s: start in [0, 1], shape ``()`` or ``(B,)``.
        t: end in [0, 1], shape ``()`` or ``(B,)``; before s leads back.
        steps: midpoint steps.

    Returns:
        Average velocities, shape ``(B, ...)``.

    Raises:
        ValueError: if ``steps`` < 1, or a shape is wrong.
    """
    check_samples("x", x)
    s, t = (torch.as_tensor(time, dtype=x.dtype).expand(len(x)) for time in (s, t))
    h, total = (t - s) / check_positive_int("steps", steps), torch.zeros_like(x)
    for i in range(steps):
        middle = x + 0.5 * expand_time(h, x) * velocity(x, s + i * h)
        slope = velocity(middle, s + (i + 0.5) * h)
        x, total = x + expand_time(h, x) * slope, total + slope
    return total / steps


def sample_map(model: Model, x_0: Tensor, steps: int = 1) -> Tensor:
    r"""From noise to data in equal jumps: :math:`X_{1-1/n,1} \circ \dots \circ X_{0,1/n}`.

    Args:
        model: the average velocity ``(x, s, t)``.
        x_0: noise, shape ``(B, D)``.
        steps: number n of jumps, each one evaluation.

    Returns:
        Samples, shape ``(B, D)``.

    Raises:
        ValueError: if ``steps`` < 1.
    """
    times = torch.linspace(0, 1, check_positive_int("steps", steps) + 1, dtype=x_0.dtype)
    with torch.no_grad():
        for s, t in zip(times[:-1], times[1:], strict=True):
            x_0 = jump(model, x_0, s, t)
    return x_0


def sample_consistency(
    model: Model, x_0: Tensor, steps: int = 1, generator: torch.Generator | None = None
) -> Tensor:
    r"""Jump to the end, put fresh noise on what came out, and jump again.

    .. math:: \hat x_1 = X_{t,1}(x_t), \qquad x_{t'} = (1 - t')\,\epsilon + t'\,\hat x_1

    For models that know only the maps to the end. With more steps it does not follow one
    trajectory. Source: Song et al. 2023 (arXiv 2303.01469), algorithm 1.

    Args:
        model: the average velocity ``(x, s, t)``, good at t = 1.
        x_0: noise, shape ``(B, D)``.
        steps: number of jumps, from the times 0, 1/n, ..., 1 - 1/n.
        generator: source of the fresh noise.

    Returns:
        Samples, shape ``(B, D)``.

    Raises:
        ValueError: if ``steps`` < 1.
    """
    times = torch.linspace(0, 1, check_positive_int("steps", steps) + 1, dtype=x_0.dtype)
    one, x = times[-1], x_0
    with torch.no_grad():
        for i, s in enumerate(times[:-1]):
            if i:
                x = (1 - s) * randn_like(x, generator) + s * x
            x = jump(model, x, s, one)
    return x


class Draw(NamedTuple):
    """A batch on the straight path: points at time s, their pairs' velocity, and a later time t."""

    x_0: Tensor
    x_1: Tensor
    s: Tensor
    t: Tensor
    x_s: Tensor
    dx_s: Tensor


def draw(x_1: Tensor, generator: torch.Generator | None = None) -> Draw:
    """Noise for the data, and two times s <= t, the ordered pair of two uniform ones.

    Args:
        x_1: data, shape ``(B, D)``.
        generator: source of randomness.

    Returns:
        The batch.

    Raises:
        ValueError: if ``x_1`` is empty or not finite.
    """
    check_samples("x_1", x_1)
    x_0 = randn_like(x_1, generator)
    times = torch.rand(2, len(x_1), dtype=x_1.dtype, device=x_1.device, generator=generator)
    s, t = times.sort(dim=0).values
    return Draw(x_0, x_1, s, t, torch.lerp(x_0, x_1, s[:, None]), x_1 - x_0)


def _mean_square(error: Tensor) -> Tensor:
    return error.square().sum(1).mean()


def velocity_loss(model: Model, b: Draw) -> Tensor:
    r"""Flow matching on the diagonal: :math:`\lVert f(x_s, s, s) - \dot x_s\rVert^2`.

    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 9. With the pairs of a teacher: reflow, Liu
    et al. 2023 (arXiv 2209.03003).
    """
    return _mean_square(model(b.x_s, b.s, b.s) - b.dx_s)


def distillation_loss(
    model: Model,
    x_s: Tensor,
    x_t: Tensor,
    s: Tensor,
    t: Tensor,
) -> Tensor:
    r"""Regression on a teacher's trajectory: :math:`\lVert X_{s,t}(x_s) - x_t\rVert^2`.

    With s = 0 and t = 1 alone: Luhman and Luhman 2021 (arXiv 2101.02388).
    """
    return _mean_square(jump(model, x_s, s, t) - x_t)


def lagrangian_loss(model: Model, b: Draw, velocity: Field) -> Tensor:
    r"""Move the end: :math:`\lVert\partial_t X_{s,t}(x_s) - u_t(X_{s,t}(x_s))\rVert^2`.

    Source: Boffi et al. 2024 (arXiv 2406.07507), Lagrangian map distillation; with the model's own
    velocity in place of a teacher's, Boffi et al. 2025 (arXiv 2505.18825).
    """
    along = torch.ones_like(b.t)
    end, speed = jvp(lambda t: jump(model, b.x_s, b.s, t), (b.t,), (along,))
    return _mean_square(speed - velocity(end.detach(), b.t).detach())


def eulerian_loss(model: Model, b: Draw, velocity: Tensor) -> Tensor:
    r"""Move the start: :math:`f = u + (t - s)\,(\partial_s + u\cdot\nabla)f`, right side frozen.

    The same as :math:`\partial_s X_{s,t} + u_s\cdot\nabla X_{s,t} = 0`. With the velocity of a
    teacher at ``x_s`` it is Eulerian distillation (Boffi et al. 2024, arXiv 2406.07507); with
    the pairs' own ``dx_s`` it is MeanFlow (Geng et al. 2025, arXiv 2505.13447, eq. 6 to 10, whose
    time runs the other way). The right side is linear in u, so the mean over the pairs is right.
    """
    tangents = (velocity, torch.ones_like(b.s), torch.zeros_like(b.t))
    average, change = jvp(model, (b.x_s, b.s, b.t), tangents)
    target = velocity + (b.t - b.s)[:, None] * change
    return _mean_square(average - target.detach())


def consistency_loss(
    model: Model,
    x_s: Tensor,
    x_r: Tensor,
    s: Tensor,
    r: Tensor,
) -> Tensor:
    r"""Two neighbours have one end: :math:`\lVert X_{s,1}(x_s) - X_{r,1}(x_r)\rVert^2`.

    The point at the later time r is nearer to the data; its answer is frozen. If a teacher has
    made ``x_r`` out of ``x_s``, it is consistency distillation; if both lie on the line of one
    pair, consistency training. Source: Song et al. 2023 (arXiv 2303.01469), algorithms 2 and 3.
    """
    one = torch.ones_like(s)
    with torch.no_grad():
        target = jump(model, x_r, r, one)
    return _mean_square(jump(model, x_s, s, one) - target)


def shortcut_loss(model: Model, b: Draw) -> Tensor:
    r"""Cut in the middle: one jump is two halves, :math:`X_{s,t} = X_{r,t}\circ X_{s,r}`.

    The two halves are frozen. Source: Frans et al. 2024 (arXiv 2410.12557), eq. 4 and 5, there with
    jumps of lengths 1/128 to 1.
    """
    middle = (b.s + b.t) / 2
    with torch.no_grad():
        first = model(b.x_s, b.s, middle)
        second = model(b.x_s + (middle - b.s)[:, None] * first, middle, b.t)
    return _mean_square(model(b.x_s, b.s, b.t) - (first + second) / 2)
