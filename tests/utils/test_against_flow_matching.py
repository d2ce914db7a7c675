"""Ours against Meta's library: same path, same schedulers, same solver, to 1e-6."""

import math

import pytest
import torch
from flow_matching.loss import MixturePathGeneralizedKL
from flow_matching.path import AffineProbPath, MixtureDiscreteProbPath
from flow_matching.path.scheduler import (
    CondOTScheduler,
    CosineScheduler,
    PolynomialConvexScheduler,
    VPScheduler,
)
from flow_matching.solver import MixtureDiscreteEulerSolver, ODESolver
from flow_matching.utils import ModelWrapper

from utils.discrete import (
    StringDistribution,
    mask_letters,
    push,
    step_probabilities,
    total_variation,
)
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


class Posterior(ModelWrapper):
    """The exact posterior as their solver wants it: over K + 1 letters, the mask included."""

    def __init__(self, strings):
        super().__init__(None)
        self.strings = strings

    def forward(self, x, t, **extras):
        guess = self.strings.posterior(x)
        return torch.cat([guess, torch.zeros(*x.shape, 1, dtype=guess.dtype)], dim=-1)


@pytest.fixture(scope="module")
def strings():
    g = torch.Generator().manual_seed(0)
    return StringDistribution(torch.rand((3,) * 3, generator=g, dtype=torch.float64) ** 3)


def test_masked_strings_have_the_law_of_their_discrete_path(strings):
    torch.manual_seed(0)
    x_1 = strings.sample(40_000)
    t = torch.full((40_000,), 0.4)
    path = MixtureDiscreteProbPath(PolynomialConvexScheduler(n=1.0))
    x_t = path.sample(torch.full_like(x_1, 3), x_1, t).x_t
    assert total_variation(strings.frequencies(x_t), strings.law_at(0.4)) < 0.02


def test_the_weighted_cross_entropy_is_their_generalized_kl(strings):
    """Their loss of one masked string, for a model that gives known letters probability 1."""
    g = torch.Generator().manual_seed(1)
    x_1, level = strings.sample(64, g), torch.rand(64, generator=g) * 0.9
    x = mask_letters(x_1, level, 3, g)
    guess = 0.8 * strings.posterior(x) + 0.2 / 3
    known = (x < 3)[..., None]
    guess = torch.where(known, strings.posterior(x), guess)
    logits = torch.cat([guess, torch.zeros(64, 3, 1)], dim=-1).log()
    path = MixtureDiscreteProbPath(PolynomialConvexScheduler(n=1.0))
    theirs = MixturePathGeneralizedKL(path, "none")(logits, x_1, x, level)
    cross = -guess.gather(-1, x_1[..., None])[..., 0].log()
    ours = (x == 3) * cross / (1 - level[:, None])
    torch.testing.assert_close(ours.float(), theirs.float(), rtol=1e-4, atol=1e-4)


def test_their_discrete_solver_draws_from_the_law_that_we_push(strings):
    """They open a letter with 1 - exp(-h / (1 - level)), and every letter in the last step."""
    torch.manual_seed(1)
    solver = MixtureDiscreteEulerSolver(
        Posterior(strings), MixtureDiscreteProbPath(PolynomialConvexScheduler(n=1.0)), 4
    )
    theirs = solver.sample(torch.full((40_000, 3), 3), step_size=0.25)
    law, guess = strings.law_at(0.0), strings.posterior(strings.states)
    for step in range(4):
        opened = 1 - math.exp(-0.25 / (1 - step / 4)) if step < 3 else 1.0
        law = push(law, step_probabilities(strings.states, guess, opened))
    assert total_variation(strings.frequencies(theirs), law) < 0.02
    ours = push(strings.law_at(0.0), step_probabilities(strings.states, guess, 1.0))
    assert total_variation(ours, law) > 0.05
