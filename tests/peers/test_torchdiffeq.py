"""Solvers against torchdiffeq: the same steps in float64, and near the solution that it finds."""

import pytest
import torch
from torchdiffeq import odeint

from utils.mixtures import GaussianMixture
from utils.paths import VP, CondOT, Cosine
from utils.samplers import sample_ode

NAMES = {"euler": "euler", "midpoint": "midpoint", "heun": "heun2"}
three = GaussianMixture.three_modes(std=0.4)


def start(seed, n=16):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, dtype=torch.float64, generator=generator)


def irregular(seed, n=12):
    generator = torch.Generator().manual_seed(seed)
    inside = torch.rand(n, dtype=torch.float64, generator=generator).sort().values
    return torch.cat([torch.zeros(1), inside, torch.ones(1)]).double()


def at_their_times(field):
    """With t first, as torchdiffeq wants it; its steps may end a hair beyond 1."""
    return lambda t, x: field(x, t.clamp(0, 1))


@pytest.mark.parametrize("method", NAMES)
@pytest.mark.parametrize("scheduler", [CondOT(), Cosine(), VP()])
@pytest.mark.parametrize("seed", range(2))
def test_every_state_on_any_grid_in_both_directions(method, scheduler, seed):
    field, grid = three.velocity_field(scheduler), irregular(seed)
    for times in (grid, grid.flip(0)):
        mine = sample_ode(
            field, start(seed), method=method, time_grid=times, return_trajectory=True
        )
        theirs = odeint(at_their_times(field), start(seed), times, method=NAMES[method])
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scheduler", [CondOT(), Cosine()])
def test_many_steps_arrive_where_an_adaptive_solver_does(scheduler):
    field, x_0 = three.velocity_field(scheduler), start(5, 8)
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    exact = odeint(at_their_times(field), x_0, ends, rtol=1e-9, atol=1e-9)[-1]
    errors = [(sample_ode(field, x_0, n, "midpoint") - exact).abs().max() for n in (200, 400)]
    assert errors[1] < 1e-3 and 3 < errors[0] / errors[1] < 5  # second order


def test_gradients_through_all_steps():
    field, x_0 = three.velocity_field(CondOT()), start(7, 4).requires_grad_()
    grid = torch.linspace(0, 1, 11, dtype=torch.float64)
    mine = sample_ode(field, x_0, time_grid=grid, enable_grad=True).square().sum()
    theirs = odeint(lambda t, x: field(x, t), x_0, grid, method="euler")[-1].square().sum()
    pair = [torch.autograd.grad(end, x_0)[0] for end in (mine, theirs)]
    torch.testing.assert_close(*pair, rtol=1e-6, atol=1e-6)
