"""Paths, targets and couplings against torchcfm (Tong et al.), on random inputs in float64."""

import numpy as np
import ot
import pytest
import torch
from torchcfm.conditional_flow_matching import (
    ConditionalFlowMatcher,
    VariancePreservingConditionalFlowMatcher,
)
from torchcfm.optimal_transport import OTPlanSampler

from utils.couplings import coupling_cost, minibatch_ot_coupling
from utils.paths import AffinePath, CondOT, Cosine
from utils.tensors import expand_time

CLOSE = {"rtol": 1e-6, "atol": 1e-6}
PATHS = [
    (CondOT(), ConditionalFlowMatcher(sigma=0.0)),
    (Cosine(), VariancePreservingConditionalFlowMatcher(sigma=0.0)),
]


def noise(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize(("scheduler", "theirs"), PATHS)
@pytest.mark.parametrize("shape", [(1, 1), (7, 2), (4, 3, 4, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_points_and_targets(scheduler, theirs, shape, seed):
    x_0, x_1 = noise(seed, *shape), noise(seed + 9, *shape)
    t = noise(seed + 99, shape[0]).sigmoid()
    t[0] = seed % 2  # the ends, too
    given_t, x_t, target = theirs.sample_location_and_conditional_flow(x_0, x_1, t)
    mine = AffinePath(scheduler).sample(x_0, x_1, given_t)
    torch.testing.assert_close(mine.x_t, x_t, **CLOSE)
    torch.testing.assert_close(mine.dx_t, target, **CLOSE)


@pytest.mark.parametrize("seed", range(3))
def test_the_noise_of_their_loss_with_a_width(seed):
    """torchcfm draws around the straight line with width sigma; our path has none."""
    x_0, x_1, t = noise(seed, 6, 2), noise(seed + 9, 6, 2), noise(seed + 99, 6).sigmoid()
    flow = ConditionalFlowMatcher(sigma=0.3)
    _, x_t, target, eps = flow.sample_location_and_conditional_flow(x_0, x_1, t, return_noise=True)
    mine = AffinePath(CondOT()).sample(x_0, x_1, t)
    torch.testing.assert_close(mine.x_t + 0.3 * eps, x_t, **CLOSE)
    torch.testing.assert_close(mine.dx_t, target, **CLOSE)
    assert expand_time(t, x_t).shape == (6, 1)


@pytest.mark.parametrize(("n", "dim"), [(1, 1), (2, 2), (20, 1), (100, 2), (80, 20)])
def test_the_plan_of_their_minibatch_coupling_costs_the_same(n, dim):
    x_0, x_1 = noise(n, n, dim), noise(n + 1, n, dim)
    plan = torch.from_numpy(OTPlanSampler("exact").get_map(x_0, x_1))
    theirs = (plan * torch.cdist(x_0, x_1).square()).sum().item()
    assert abs(coupling_cost(*minibatch_ot_coupling(x_0, x_1)) / theirs - 1) < 1e-6
    by_pot = ot.emd2(np.ones(n) / n, np.ones(n) / n, ot.dist(x_0.numpy(), x_1.numpy()))
    assert abs(by_pot / theirs - 1) < 1e-6
