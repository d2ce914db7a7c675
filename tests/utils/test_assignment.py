import sys

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from utils import assignment
from utils.assignment import optimal_assignment, pairing_cost
from utils.couplings import coupling_cost, minibatch_ot_coupling
from utils.metrics import wasserstein2


def sets(kind, n, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, n, 2, generator=generator, dtype=torch.float64)
    if kind == "shifted":
        y = y + torch.tensor([3.0, 0.0])
    elif kind == "modes":
        angle = torch.randint(8, (n,), generator=generator) * torch.pi / 4
        y = 0.3 * y + 4 * torch.stack([angle.cos(), angle.sin()], dim=1)
    elif kind == "grid":  # thousands of ties
        x, y = (3 * x).round(), (3 * y).round()
    elif kind == "wide":
        x, y = torch.randn(2, n, 300, generator=generator, dtype=torch.float64) + 100
    elif kind == "narrow":  # 300 dimensions, of which two count
        x, y = torch.randn(2, n, 300, generator=generator, dtype=torch.float64)
        x[:, 2:], y[:, 2:] = 0.01 * x[:, 2:], 0.01 * y[:, 2:]
        y[:, :2] *= 0.1
    elif kind == "modes twice":  # somewhat fewer are wanted than of one law
        x = sets("modes", n, seed + 1)[1]
        y = sets("modes", n, seed + 2)[1]
    elif kind == "the same":
        y = x[torch.randperm(n, generator=generator)]
    return x, y


def cost(x, y, partner):
    return (x - y[partner]).square().sum(1).sum().item()


@pytest.mark.parametrize("kind", ["equal", "shifted", "modes", "grid", "wide", "the same"])
@pytest.mark.parametrize("n", [1, 2, 128, 129, 300])
def test_equals_scipy(kind, n):
    x, y = sets(kind, n)
    partner = optimal_assignment(x, y)
    assert partner.sort().values.tolist() == list(range(n))
    exact = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()
    best = cost(x, y, torch.as_tensor(linear_sum_assignment(exact.numpy())[1]))
    assert abs(cost(x, y, partner) - best) <= 1e-9 * max(1.0, best)


def test_two_swapped_partners_would_be_noticed():
    x, y = sets("equal", 300)
    partner = optimal_assignment(x, y)
    best = cost(x, y, partner)
    swapped = partner.clone()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert cost(x, y, swapped) - best > 1e-6  # far beyond the tolerance of the test above


def test_each_solver_is_used_where_it_is_the_faster_one(monkeypatch):
    calls = []

    def note(name, solver):
        return lambda *args: calls.append(name) or solver(*args)

    monkeypatch.setattr(assignment, "_network_simplex", note("pot", assignment._network_simplex))
    monkeypatch.setattr(
        assignment, "linear_sum_assignment", note("scipy", assignment.linear_sum_assignment)
    )
    rows = [("modes", 80), ("modes", 81), ("equal", 300), ("equal", 601), ("modes twice", 180),
            ("modes twice", 200), ("wide", 300), ("narrow", 300)]  # fmt: skip
    for kind, n in rows:
        optimal_assignment(*sets(kind, n))
    assert calls == ["scipy", "pot", "scipy", "pot", "scipy", "pot", "scipy", "pot"]


def test_a_common_shift_costs_nothing():
    x, y = sets("equal", 50)
    torch.testing.assert_close(pairing_cost(x, y), pairing_cost(x + 3, y - 5))


def test_without_pot_scipy_gives_the_same(monkeypatch):
    x, y = sets("modes", 200)
    with_pot = cost(x, y, optimal_assignment(x, y))
    monkeypatch.setitem(sys.modules, "ot", None)  # import ot fails
    assert abs(cost(x, y, optimal_assignment(x, y)) - with_pot) < 1e-9


@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_wide_costs_are_squared_distances_up_to_rows_and_columns(offset):
    x, y = sets("wide", 50)
    x, y = x - 100 + offset, y - 100 + 3 * offset
    exact = torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()

    def centred(cost):
        cost = cost - cost.mean(1, keepdim=True)
        return cost - cost.mean(0)

    torch.testing.assert_close(centred(pairing_cost(x, y)), centred(exact), rtol=0, atol=1e-6)
    single = pairing_cost(x.float(), y.float())  # what is lost, beside a spread of 35
    lost = 2e-2 if offset else 1e-3  # far from 0 the points themselves are rounded
    torch.testing.assert_close(centred(single), centred(exact), rtol=0, atol=lost)


@pytest.mark.parametrize("n", [65, 256, 600])
def test_wide_float32_finds_the_best_pairing(n):
    x, y = torch.randn(2, n, 3072, generator=torch.Generator().manual_seed(n))
    x, y = x + 5, y - 5
    exact = torch.cdist(x.double(), y.double(), compute_mode="donot_use_mm_for_euclid_dist")
    best = exact.square().numpy()
    rows, columns = linear_sum_assignment(best)
    partner = optimal_assignment(x, y)
    found = cost(x.double(), y.double(), partner)
    assert abs(found - best[rows, columns].sum()) <= 1e-9 * found
    swapped = partner.clone()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert cost(x.double(), y.double(), swapped) - found > 1e-6 * found  # would be noticed
    assert wasserstein2(x, y) == pytest.approx((found / n) ** 0.5, rel=1e-9)


def test_points_too_large_for_single_precision():
    x, y = torch.randn(2, 80, 40, generator=torch.Generator().manual_seed(0)) * 1e25
    exact = torch.cdist(x.double(), y.double()).square().numpy()
    _, columns = linear_sum_assignment(exact)
    assert optimal_assignment(x, y).tolist() == columns.tolist()


def test_gradients_pass_through_the_points():
    x_0, x_1 = torch.randn(2, 100, 3)
    x_1.requires_grad_()
    _, paired = minibatch_ot_coupling(x_0, x_1)
    paired.sum().backward()
    assert torch.equal(x_1.grad, torch.ones(100, 3))


def test_half_precision_does_not_overflow():
    x_0, x_1 = torch.zeros(2, 2).half(), torch.full((2, 2), 200.0).half()
    assert coupling_cost(x_0, x_1) == 80000
    assert abs(wasserstein2(x_0, x_1) - 80000**0.5) < 1e-6
