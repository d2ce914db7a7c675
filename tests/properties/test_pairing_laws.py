"""couplings and assignment: no permutation is better, and what belongs together stays together."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import SINGLES, drawn, dtypes, pairs, seeds, shapes, singles

from utils.assignment import best_pairing, optimal_assignment, pairing_cost
from utils.couplings import coupling_cost, independent_coupling, minibatch_ot_coupling


def cost_of(x, y, order):
    """Sum of squared distances, number by number."""
    return sum(((a - b) ** 2).sum() for a, b in zip(x, y[list(order)], strict=True)).item()


def best(x, y):
    x, y = x.detach().double().flatten(1), y.detach().double().flatten(1)
    return min(cost_of(x, y, order) for order in itertools.permutations(range(len(x))))


@given(pairs(dtype=singles, flat=True, most=5), st.floats(-1e4, 1e4))
def test_no_permutation_is_better(points, shift):
    x, y = points
    partner = optimal_assignment(x, y)
    assert sorted(partner.tolist()) == list(range(len(x)))
    found = cost_of(x.detach().double(), y.detach().double(), partner.tolist())
    assert found <= best(x, y) + 1e-6
    moved = optimal_assignment(x.double(), y.double() + shift)  # a common shift changes nothing
    found = cost_of(x.detach().double(), y.detach().double(), moved.tolist())
    assert found <= best(x, y) + 1e-6


@given(seeds, st.sampled_from([1, 2, 16, 17, 40]), singles, st.booleans())
def test_costs_are_squared_distances_up_to_rows_and_columns(seed, dim, dtype, far):
    x, y = drawn(seed, 5, dim, dtype=dtype), drawn(seed + 1, 4, dim, dtype=dtype) + 100 * far
    exact = (x.double()[:, None] - y.double()[None]).square().sum(-1)
    gap = pairing_cost(x, y) - exact
    gap = gap - gap.mean(0) - gap.mean(1, keepdim=True) + gap.mean()
    room = 1e-9 if dtype == torch.float64 else 1e-3 * (1 + 10 * far)
    assert gap.abs().max() < room


@given(seeds, st.sampled_from([2, 20]), st.sampled_from([70, 300]))
def test_large_sets_keep_to_the_optimum_of_the_small_ones(seed, dim, n):
    """Two solvers find it, each for some of these: sorted on a line, it is known."""
    line = drawn(seed, n, 1)
    x = torch.cat([line, torch.zeros(n, dim - 1)], 1)
    y = torch.cat([drawn(seed + 1, n, 1) ** 3, torch.zeros(n, dim - 1)], 1)
    partner = optimal_assignment(x, y)
    assert torch.equal(best_pairing(x, y), partner)
    found, wanted = y[partner, 0][line[:, 0].argsort()], y[:, 0].sort().values
    assert torch.equal(found, wanted)


@given(pairs(dtype=dtypes, most=5), seeds)
def test_couplings_permute_and_take_along(ends, seed):
    x_0, x_1 = ends
    labels = torch.arange(len(x_1))
    generator = torch.Generator().manual_seed(seed)
    ways = (
        lambda: independent_coupling(x_0, x_1, generator, (labels, 2 * x_1)),
        lambda: minibatch_ot_coupling(x_0, x_1, (labels, 2 * x_1)),
    )
    for way in ways:
        first, second, order, twice = way()
        assert first is x_0 and sorted(order.tolist()) == labels.tolist()
        assert torch.equal(second, x_1[order]) and torch.equal(twice, 2 * x_1[order])
        assert second.requires_grad == x_1.requires_grad
    found = coupling_cost(*minibatch_ot_coupling(x_0, x_1))
    assert found <= best(x_0, x_1) / len(x_0) + 1e-3
    by_hand = cost_of(x_0.detach().double(), x_1.detach().double(), labels.tolist())
    assert abs(coupling_cost(x_0, x_1) - by_hand / len(x_0)) <= 1e-9 * (1 + by_hand)


def test_every_order_is_equally_likely():
    x, counts = torch.arange(3.0)[:, None], {}
    generator = torch.Generator().manual_seed(0)
    for _ in range(1200):
        order = tuple(independent_coupling(x, x, generator)[1][:, 0].tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 6 and all(150 < n < 250 for n in counts.values())


@given(shapes(least=2), st.sampled_from(SINGLES))
def test_points_that_cannot_be_paired(shape, dtype):
    x = torch.ones(shape, dtype=dtype)
    for call in (coupling_cost, independent_coupling, minibatch_ot_coupling):
        for wrong in (x[:1], x[None], x[:0], x * torch.nan):
            with pytest.raises(ValueError, match="x_[01]"):
                call(x, wrong)
        for wrong in (x.half(), x.tolist(), x.long()):
            with pytest.raises(TypeError, match="x_[01]"):
                call(x, wrong)
    flat = x.flatten(1)
    for wrong in (flat[:1], flat[:, :0], flat[None], flat * torch.inf):
        with pytest.raises(ValueError, match="y"):
            optimal_assignment(flat, wrong)
    other = torch.float32 if dtype == torch.float64 else torch.float64
    for wrong in (flat.half(), flat.tolist(), flat.to(other)):
        with pytest.raises(TypeError, match="y"):
            optimal_assignment(flat, wrong)
    with pytest.raises(ValueError, match="along must have"):
        minibatch_ot_coupling(x, x, (x[:1],))
