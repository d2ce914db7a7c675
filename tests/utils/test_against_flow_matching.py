"""Ours against Meta's library: same path, same schedulers, same solver, to 1e-6."""

import pytest
import torch
from flow_matching.path import AffineProbPath
from flow_matching.path.scheduler import CondOTScheduler, CosineScheduler, VPScheduler
from flow_matching.solver import ODESolver
from flow_matching.utils import ModelWrapper

from utils.mixtures import GaussianMixture
from utils.paths import VP, AffinePath, CondOT, Cosine
from utils.samplers import sample_ode

PAIRS = [(CondOT(), CondOTScheduler()), (Cosine(), CosineScheduler()), (VP(), VPScheduler())]
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_schedulers(ours, theirs):
    t = torch.linspace(0.001, 0.999, 200, dtype=torch.float64)
    out = theirs(t)
    torch.testing.assert_close(ours.alpha(t), out.alpha_t, **CLOSE)
    torch.testing.assert_close(ours.sigma(t), out.sigma_t, **CLOSE)
    torch.testing.assert_close(ours.d_alpha(t), out.d_alpha_t, **CLOSE)
    torch.testing.assert_close(ours.d_sigma(t), out.d_sigma_t, **CLOSE)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_path_samples(ours, theirs):
    generator = torch.Generator().manual_seed(0)
    x_0, x_1 = torch.randn(2, 16, 3, dtype=torch.float64, generator=generator)
    t = 0.01 + 0.98 * torch.rand(16, dtype=torch.float64, generator=generator)
    mine = AffinePath(ours).sample(x_0, x_1, t)
    other = AffineProbPath(scheduler=theirs).sample(t=t, x_0=x_0, x_1=x_1)
    torch.testing.assert_close(mine.x_t, other.x_t, **CLOSE)
    torch.testing.assert_close(mine.dx_t, other.dx_t, **CLOSE)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_conversions(ours, theirs):
    x_t, velocity = torch.randn(2, 16, 3, dtype=torch.float64)
    t = torch.tensor(0.37, dtype=torch.float64)
    path, other = AffinePath(ours), AffineProbPath(scheduler=theirs)
    for target, function in (
        ("target", other.velocity_to_target),
        ("epsilon", other.velocity_to_epsilon),
    ):
        mine = path.convert(x_t, t, velocity, "velocity", target)
        torch.testing.assert_close(mine, function(velocity, x_t, t), **CLOSE)


@pytest.mark.parametrize("method", ["euler", "midpoint"])
def test_solver(method):
    mixture = GaussianMixture.eight_gaussians(radius=1.0, std=0.1)
    field = mixture.velocity_field(CondOT())

    class Exact(ModelWrapper):
        def forward(self, x, t, **extras):
            return field(x, t)

    x_0 = torch.randn(64, 2, generator=torch.Generator().manual_seed(0)).double()
    solver = ODESolver(velocity_model=Exact(torch.nn.Identity()))
    grid = torch.linspace(0, 1, 21, dtype=torch.float64)
    theirs = solver.sample(x_init=x_0, step_size=None, method=method, time_grid=grid)
    torch.testing.assert_close(sample_ode(field, x_0, 20, method), theirs, **CLOSE)
