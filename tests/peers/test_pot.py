"""Assignment and Wasserstein distances against POT, on random inputs in float64."""

import numpy as np
import ot
import pytest
import torch

from utils.assignment import optimal_assignment
from utils.metrics import sliced_wasserstein2, wasserstein2

SIZES = [(1, 1), (2, 3), (30, 2), (63, 1), (65, 2), (200, 2), (150, 20), (40, 64)]


def two_sets(n, dim, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, n, dim, dtype=torch.float64, generator=generator)
    return x, 0.5 + 2 * y


@pytest.mark.parametrize(("n", "dim"), SIZES)
@pytest.mark.parametrize("seed", range(2))
def test_the_best_pairing_costs_what_pot_says(n, dim, seed):
    x, y = two_sets(n, dim, seed)
    theirs = ot.emd2([], [], ot.dist(x.numpy(), y.numpy()))
    mine = (x - y[optimal_assignment(x, y)]).square().sum(1).mean().item()
    assert abs(mine / theirs - 1) < 1e-6
    assert abs(wasserstein2(x, y) / theirs**0.5 - 1) < 1e-6
    plan = ot.emd([], [], ot.dist(x.numpy(), y.numpy()))  # unique for random points
    assert optimal_assignment(x, y).tolist() == plan.argmax(1).tolist()


@pytest.mark.parametrize("n", [1, 2, 50, 500])
def test_on_a_line(n):
    x, y = two_sets(n, 1, n)
    theirs = ot.emd2_1d(x[:, 0].numpy(), y[:, 0].numpy())
    assert abs(wasserstein2(x, y) / theirs**0.5 - 1) < 1e-6


@pytest.mark.parametrize(("n", "dim"), [(2, 2), (50, 3), (100, 8)])
def test_sliced(n, dim):
    x, y = two_sets(n, dim, n)
    generator = torch.Generator().manual_seed(1)
    theta = torch.randn(dim, 64, dtype=torch.float64, generator=generator)
    theta = (theta / theta.norm(dim=0)).numpy()
    theirs = ot.sliced_wasserstein_distance(x.numpy(), y.numpy(), projections=theta)
    mine = sliced_wasserstein2(x, y, 64, torch.Generator().manual_seed(1))
    assert abs(mine / np.asarray(theirs).item() - 1) < 1e-6
