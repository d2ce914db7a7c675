"""Samplers: Euler beside ODESolver, torchdiffeq and a bare loop; DDPM and DDIM beside diffusers."""

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from flow_matching.solver import ODESolver
from torch import Tensor, nn
from torchdiffeq import odeint

from bench.turns import OURS, Case
from utils.models import MLP
from utils.samplers import sample_ddim, sample_ddpm, sample_ode
from utils.schedulers import DiscreteVP


@torch.no_grad()
def bare(model: nn.Module, x: Tensor, steps: int) -> Tensor:
    """What is left of Euler's method without any check or choice: no library can be faster."""
    h = 1 / steps
    for k in range(steps):
        x = x + h * model(x, torch.tensor(k * h))
    return x


@torch.no_grad()
def network(model: nn.Module, x: Tensor, steps: int) -> Tensor:
    """No sampler at all, only what every one of them pays: the network."""
    t = torch.tensor(0.5)
    for _ in range(steps):
        model(x, t)
    return x


@torch.no_grad()
def by_torchdiffeq(model: nn.Module, x: Tensor, steps: int) -> Tensor:
    grid = torch.linspace(0.0, 1.0, steps + 1)
    return odeint(lambda t, x: model(x, t), x, grid, method="euler")[-1]


def euler(batch: int, steps: int, dim: int = 2) -> Case:
    """Euler from noise to data with the small network."""
    model = MLP(dim=dim).eval()
    solver = ODESolver(velocity_model=model)
    ways = {
        OURS: lambda x: sample_ode(model, x, steps),
        "ODESolver": lambda x: solver.sample(x_init=x, step_size=1 / steps, method="euler"),
        "torchdiffeq": lambda x: by_torchdiffeq(model, x, steps),
        "bare": lambda x: bare(model, x, steps),
        "network": lambda x: network(model, x, steps),
    }
    draw, what = lambda: (torch.randn(batch, dim),), {"batch": batch, "steps": steps}
    return Case("euler", what, ways, draw, lambda a, b: torch.allclose(a, b, atol=1e-4))


@torch.no_grad()
def by_diffusers(scheduler: object, model: nn.Module, x: Tensor, steps: int) -> Tensor:
    """The loop of diffusers' pipelines, without their progress bar."""
    scheduler.set_timesteps(steps)
    for k, t in zip(scheduler.timesteps, 1 - (scheduler.timesteps + 1) / 1000, strict=True):
        x = scheduler.step(model(x, t), k, x).prev_sample
    return x


def ddpm(batch: int, steps: int = 200) -> Case:
    """DDPM through all of its steps, 200 here; the cost of a step does not depend on their number.

    Neither side clips its guess of the data, which is for images.
    """
    model, schedule = MLP().eval(), DiscreteVP(torch.linspace(1e-4, 0.02, steps))
    theirs = DDPMScheduler(num_train_timesteps=steps, clip_sample=False)
    ways = {
        OURS: lambda x: sample_ddpm(model, x, schedule),
        "diffusers": lambda x: by_diffusers(theirs, model, x, steps),
    }
    return Case("ddpm", {"batch": batch, "steps": steps}, ways, lambda: (torch.randn(batch, 2),))


def ddim(batch: int, steps: int = 50) -> Case:
    """DDIM without fresh noise."""
    model, schedule = MLP().eval(), DiscreteVP()
    theirs = DDIMScheduler(clip_sample=False, set_alpha_to_one=True)
    ways = {
        OURS: lambda x: sample_ddim(model, x, schedule, steps),
        "diffusers": lambda x: by_diffusers(theirs, model, x, steps),
    }
    return Case("ddim", {"batch": batch, "steps": steps}, ways, lambda: (torch.randn(batch, 2),))


def cases(quick: bool = False) -> list[Case]:
    """Three batches, three numbers of evaluations, and two batches with diffusers."""
    batches, counts = ((1, 256), (8, 20)) if quick else ((1, 256, 4096), (8, 20, 100))
    ode = [euler(batch, steps) for batch in batches for steps in counts]
    return ode + [make(batch) for make in (ddpm, ddim) for batch in (1, 256)]
