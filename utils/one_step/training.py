r"""Every way to learn a flow map, under one budget.

The budget counts evaluations of a network on one batch of 256 points, whatever they are for: a
teacher's training, its pairs, frozen targets. ``jvp`` counts as two, backward passes as none.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from utils.flow_maps import (
    AverageVelocity,
    Draw,
    consistency_loss,
    distillation_loss,
    draw,
    eulerian_loss,
    lagrangian_loss,
    shortcut_loss,
    velocity_loss,
)
from utils.posterior import Mixture
from utils.training import fit

BATCH, OFF_DIAGONAL = 256, 64  # points of a batch, and of these with t > s where both are learned
TEACHER_SHARE = 1 / 4  # of the budget
TRAJECTORIES, SOLVER_STEPS = 4096, 32  # a teacher's, by the midpoint method: 64 evaluations each
NEIGHBOURS = (10, 20, 40, 80)  # cuts of [0, 1] in consistency training, in turn
LEARNING_RATE = 5e-3

WITH_TEACHER = ("reflow", "distillation", "consistency distillation", "Lagrangian", "Eulerian")
FROM_DATA = ("flow matching", "consistency training", "shortcut", "MeanFlow", "self-Lagrangian")
EVALUATIONS = {  # of a network, for each step of training
    "flow matching": 1,
    "reflow": 1,
    "distillation": 1,
    "consistency distillation": 3,
    "consistency training": 2,
    "Lagrangian": 3,
    "Eulerian": 3,
    "shortcut": 1 + 2 * OFF_DIAGONAL / BATCH,
    "MeanFlow": 1 + OFF_DIAGONAL / BATCH,
    "self-Lagrangian": 1 + 2 * OFF_DIAGONAL / BATCH,
}


def own_velocity(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    """The velocity that a model knows: its average velocity over no time at all."""
    return lambda x, t: model(x, t, t)


def teacher_trajectories(
    teacher: nn.Module, x_0: Tensor, steps: int = SOLVER_STEPS
) -> tuple[Tensor, Tensor]:
    """Times ``(S + 1,)`` and states ``(S + 1, B, D)`` of a teacher's ODE."""
    velocity, times, states = own_velocity(teacher), torch.linspace(0, 1, steps + 1), [x_0]
    with torch.no_grad():
        for s, t in zip(times[:-1], times[1:], strict=True):
            middle = states[-1] + (t - s) / 2 * velocity(states[-1], s)
            states.append(states[-1] + (t - s) * velocity(middle, (s + t) / 2))
    return times, torch.stack(states)


def _both(model: nn.Module, b: Draw, loss: Callable[[nn.Module, Draw], Tensor]) -> Tensor:
    """Flow matching on three quarters of a batch, a loss with t > s on the rest."""
    off = Draw(*(part[:OFF_DIAGONAL] for part in b))
    on = Draw(*(part[OFF_DIAGONAL:] for part in b))
    share = OFF_DIAGONAL / len(b.x_0)
    return share * loss(model, off) + (1 - share) * velocity_loss(model, on)


def _loss_of(
    name: str, data: Mixture, steps: int, teacher: nn.Module | None, g: torch.Generator
) -> Callable[[nn.Module, int], Tensor]:
    """The loss of one method as ``fit`` wants it."""

    def batch() -> Draw:
        return draw(data.sample(BATCH, g), g)

    def neighbours(cuts: int) -> tuple[Tensor, Tensor]:
        s = torch.randint(cuts, (BATCH,), generator=g) / cuts
        return s, s + 1 / cuts

    def consistency_training(model: nn.Module, step: int) -> Tensor:
        b, (s, r) = batch(), neighbours(NEIGHBOURS[len(NEIGHBOURS) * step // steps])
        points = (torch.lerp(b.x_0, b.x_1, time[:, None]) for time in (s, r))
        return consistency_loss(model, *points, s, r)

    simple = {
        "flow matching": lambda model, _: velocity_loss(model, batch()),
        "consistency training": consistency_training,
        "shortcut": lambda model, _: _both(model, batch(), shortcut_loss),
        "MeanFlow": lambda model, _: _both(
            model, batch(), lambda f, b: eulerian_loss(f, b, b.dx_s)
        ),
        "self-Lagrangian": lambda model, _: _both(
            model, batch(), lambda f, b: lagrangian_loss(f, b, own_velocity(f))
        ),
    }
    if name in simple:
        return simple[name]
    velocity = own_velocity(teacher)
    if name in ("reflow", "distillation"):
        dim = data.means.shape[1]
        times, states = teacher_trajectories(teacher, torch.randn(TRAJECTORIES, dim, generator=g))

    def reflow(model: nn.Module, _: int) -> Tensor:
        i = torch.randint(TRAJECTORIES, (BATCH,), generator=g)
        s, start, end = torch.rand(BATCH, generator=g), states[0, i], states[-1, i]
        x_s = torch.lerp(start, end, s[:, None])
        return velocity_loss(model, Draw(start, end, s, s, x_s, end - start))

    def distillation(model: nn.Module, _: int) -> Tensor:
        i = torch.randint(TRAJECTORIES, (BATCH,), generator=g)
        j, k = torch.randint(len(times), (2, BATCH), generator=g).sort(dim=0).values
        return distillation_loss(model, states[j, i], states[k, i], times[j], times[k])

    def consistency_distillation(model: nn.Module, _: int) -> Tensor:
        b, (s, r) = batch(), neighbours(SOLVER_STEPS)
        x_s = torch.lerp(b.x_0, b.x_1, s[:, None])
        with torch.no_grad():
            x_r = x_s + (r - s)[:, None] * velocity(x_s, s)
        return consistency_loss(model, x_s, x_r, s, r)

    def eulerian(model: nn.Module, _: int) -> Tensor:
        b = batch()
        with torch.no_grad():
            u = velocity(b.x_s, b.s)
        return eulerian_loss(model, b, u)

    return {
        "reflow": reflow,
        "distillation": distillation,
        "consistency distillation": consistency_distillation,
        "Lagrangian": lambda model, _: lagrangian_loss(model, batch(), velocity),
        "Eulerian": eulerian,
    }[name]


def train_map(
    name: str,
    data: Mixture,
    budget: int,
    seed: int = 0,
    teacher: nn.Module | None = None,
    hidden: int = 64,
) -> tuple[AverageVelocity, int]:
    """Train one network by one method until the budget is spent.

    Args:
        name: one of ``WITH_TEACHER`` or ``FROM_DATA``.
        data: what to draw from, with means of shape ``(K, D)``.
        budget: evaluations of a network on a batch; of a method with a teacher, the teacher's
            share (and what its trajectories cost) is taken off.
        seed: of the first weights and all draws.
        teacher: for the methods that need one.
        hidden: width of the network.

    Returns:
        The network, without gradients, and how many steps it was trained.

    Raises:
        ValueError: if the method is unknown, lacks its teacher, or the budget is too small.
    """
    if name not in EVALUATIONS:
        raise ValueError(f"name must be one of {tuple(EVALUATIONS)}, got {name!r}")
    if (name in WITH_TEACHER) != (teacher is not None):
        raise ValueError(f"teacher must be given for {WITH_TEACHER} alone, got {name!r}")
    left = float(budget)
    if teacher is not None:
        left -= TEACHER_SHARE * budget
    if name in ("reflow", "distillation"):
        left -= 2 * SOLVER_STEPS * TRAJECTORIES / BATCH
    steps = int(left / EVALUATIONS[name])
    if steps < 1:
        raise ValueError(f"budget must leave at least one step, got {budget}")
    torch.manual_seed(seed)
    model = AverageVelocity(data.means.shape[1], hidden)
    loss = _loss_of(name, data, steps, teacher, torch.Generator().manual_seed(seed))
    fit(model, loss, steps, lr=LEARNING_RATE)
    return model.requires_grad_(False), steps
