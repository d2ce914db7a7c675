"""metrics of trajectories, against loops over samples and pairs."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import batches, drawn, dtypes, seeds, shapes

from utils.metrics import count_crossings, order_violations, path_energy, path_length_ratio


@given(st.data(), dtypes)
def test_length_and_energy(data, dtype):
    shape = data.draw(shapes(least=2))
    way = data.draw(batches(shape + (2,) if len(shape) == 2 else shape, dtype))
    states = way.detach().double().reshape(*way.shape[:2], -1)
    times = torch.tensor(data.draw(st.lists(st.floats(0, 1), min_size=len(way), max_size=len(way))))
    times = (times + torch.arange(len(way))).double()
    ratios, energy, equal = [], 0.0, 0.0
    for b in range(states.shape[1]):
        steps = [states[s + 1, b] - states[s, b] for s in range(len(states) - 1)]
        ratios.append(sum(v.norm() for v in steps) / (states[-1, b] - states[0, b]).norm())
        energy += sum((v @ v) / (times[s + 1] - times[s]) for s, v in enumerate(steps))
        equal += sum((v @ v) * len(steps) for v in steps)
    found = path_length_ratio(way, "none")
    torch.testing.assert_close(found, torch.stack(ratios))
    assert abs(path_length_ratio(way) / found.mean() - 1) < 1e-9
    assert abs(path_length_ratio(way, "median") / found.quantile(0.5) - 1) < 1e-9
    assert abs(path_energy(way) / (equal / states.shape[1]) - 1) < 1e-9
    if (times.diff() > 0).all():
        assert abs(path_energy(way, times) / (energy / states.shape[1]) - 1) < 1e-9
    straight = torch.stack([states[0] + s * (states[1] + 3) for s in range(4)])
    torch.testing.assert_close(path_length_ratio(straight), 1.0)
    assert path_length_ratio(states[:1].expand(3, -1, -1)) == 1
    assert path_length_ratio(torch.stack([states[0], states[0] + 1, states[0]])) == math.inf


@given(seeds, dtypes, st.integers(2, 9))
def test_crossings_pair_by_pair(seed, dtype, n):
    starts, ends = drawn(seed, n, 2, dtype=dtype), drawn(seed + 1, n, 2, dtype=dtype)
    a, b, crossing = starts.double(), ends.double(), 0
    for i, j in itertools.combinations(range(n), 2):
        # a_i + s (b_i - a_i) = a_j + r (b_j - a_j)
        matrix = torch.stack([b[i] - a[i], a[j] - b[j]], dim=1)
        if torch.linalg.det(matrix).abs() > 0:
            s, r = torch.linalg.solve(matrix, a[j] - a[i])
            crossing += bool(0 < s < 1 and 0 < r < 1)
    found = count_crossings(starts, ends)
    assert found == crossing / (n * (n - 1) / 2)
    angle = torch.tensor(0.7)
    turn = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]).double()
    assert count_crossings(a @ turn, b @ turn) == found == count_crossings(b, a)
    some = count_crossings(starts, ends, 1, torch.Generator().manual_seed(seed))
    assert some in ((found,) if n == 2 else (0.0, 1.0))
    assert count_crossings(a, a + 1) == 0


@given(st.data(), dtypes, st.integers(2, 6))
def test_orders_pair_by_pair(data, dtype, count):
    way = data.draw(batches((data.draw(st.integers(2, 4)), count), dtype))
    states, flips = way.detach().double(), 0
    for i, j in itertools.combinations(range(count), 2):
        gaps = states[:, i] - states[:, j]
        flips += bool((gaps * gaps[0] < 0).any())
    assert order_violations(way) == flips / (count * (count - 1) / 2)
    assert order_violations(way[..., None]) == order_violations(way)
    assert order_violations(torch.stack([states[0], 3 * states[0] + 1])) == 0


@given(st.data())
def test_ways_that_are_none(data):
    way = torch.ones(data.draw(shapes(least=2)))
    for call in (path_length_ratio, path_energy, order_violations):
        for wrong in (way[:1], way[:0], way * torch.inf, way[:, 0].flatten()):
            with pytest.raises(ValueError):
                call(wrong)
        with pytest.raises(TypeError, match="trajectory must"):
            call(way.long())
    with pytest.raises(ValueError, match="reduce must be"):
        path_length_ratio(way, "max")
    for times in (torch.zeros(len(way)), torch.rand(len(way) + 1), torch.ones(1)):
        with pytest.raises(ValueError, match="times must"):
            path_energy(way, times)
    for wrong in (torch.ones(1, 2), torch.ones(3, 3), torch.ones(3)):
        with pytest.raises(ValueError, match="starts must"):
            count_crossings(wrong, wrong)
    with pytest.raises(ValueError, match="trajectory must have shape"):
        order_violations(torch.ones(3, 2, 2))
