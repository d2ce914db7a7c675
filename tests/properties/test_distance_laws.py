"""metrics: distances and tests against sums written out in float64, and what must not matter."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, stats
from strategies import batches, drawn, dtypes, mixtures, seeds, shapes

from utils.metrics import (
    energy_distance,
    frechet_distance,
    log_density_gap,
    mmd,
    mode_shares,
    mode_widths,
    permutation_test,
    sliced_wasserstein2,
    smallest_noticed,
    two_sample_baseline,
    wasserstein2,
)
from utils.mixtures import GaussianMixture

DISTANCES = (wasserstein2, energy_distance, mmd, sliced_wasserstein2)


@st.composite
def sets(draw, equal=True, most=5):
    """Two sets of samples, and both as float64 NumPy rows."""
    shape, dtype = draw(shapes(least=2, most=most)), draw(dtypes)
    other = shape if equal else (draw(st.integers(2, most)), *shape[1:])
    x, y = draw(batches(shape, dtype)), draw(batches(other, dtype))
    return x, y, *(z.detach().double().flatten(1).numpy() for z in (x, y))


def apart(x, y):
    return np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))


@given(sets())
def test_w2_is_the_best_of_all_pairings(drawn_sets):
    x, y, a, b = drawn_sets
    costs = [((a - b[list(p)]) ** 2).sum(1).mean() for p in itertools.permutations(range(len(a)))]
    found = wasserstein2(x, y)
    assert abs(found - math.sqrt(min(costs))) < 1e-6 * (1 + found)
    if a.shape[1] == 1:
        line = math.sqrt(((np.sort(a[:, 0]) - np.sort(b[:, 0])) ** 2).mean())
        assert abs(found - line) < 1e-6 and abs(sliced_wasserstein2(x, y) - line) < 1e-9
    assert sliced_wasserstein2(x, y) <= found + 1e-6


@given(sets(equal=False), st.floats(0.1, 5))
def test_kernel_energy_and_frechet_distances(drawn_sets, h):
    x, y, a, b = drawn_sets
    m, n = len(a), len(b)
    k = [np.exp(-(apart(*pair) ** 2) / (2 * h**2)) for pair in ((a, a), (b, b), (a, b))]
    within = [(k[0].sum() - m) / (m * (m - 1)), (k[1].sum() - n) / (n * (n - 1))]
    assert abs(mmd(x, y, h) - (sum(within) - 2 * k[2].mean())) < 1e-9
    both = apart(np.vstack([a, b]), np.vstack([a, b]))
    pooled = np.sort(both[np.triu_indices(m + n, 1)])
    assert abs(mmd(x, y) - mmd(x, y, float(pooled[(len(pooled) - 1) // 2]))) < 1e-9
    wanted = 2 * apart(a, b).mean() - apart(a, a).mean() - apart(b, b).mean()
    assert abs(energy_distance(x, y) - wanted) < 1e-9
    if x.ndim > 2:
        return
    one, other = (np.atleast_2d(np.cov(z.T)) for z in (a, b))
    values, vectors = linalg.eigh(one)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    cross = np.sqrt(linalg.eigvalsh(root @ other @ root).clip(0)).sum()
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one) + np.trace(other) - 2 * cross
    assert abs(frechet_distance(x, y) - wanted) < 1e-6 * (1 + wanted)


@given(seeds, st.sampled_from([5, 30]), st.integers(1, 3), st.sampled_from([0.0, 1.0, 1e6]))
def test_order_sides_and_a_common_shift_do_not_matter(seed, n, dim, shift):
    x, y = drawn(seed, n, dim), 0.5 + drawn(seed + 1, n, dim)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    for distance in DISTANCES:
        values = []
        for pair in ((x, y), (y, x), (x[order], y), (x + shift, y + shift)):
            fixed = {"generator": torch.Generator().manual_seed(1)}
            values.append(distance(*pair, **(fixed if distance is sliced_wasserstein2 else {})))
        assert max(values) - min(values) < 1e-8 * (1 + shift)
        if distance is not mmd:
            assert distance(x, x) < 1e-12 and min(values) > 0
    moved = frechet_distance(x + shift, y + shift)
    assert abs(moved - frechet_distance(x, y)) < 1e-8 * (1 + shift)


@given(seeds, st.integers(1, 8), st.integers(1, 8), st.integers(1, 60), st.sampled_from([0, 1e6]))
def test_the_chance_of_a_permutation_test(seed, n, m, count, shift):
    x, y = drawn(seed, n, 2) + shift, drawn(seed + 1, m, 2) + 1 + shift
    found = permutation_test(x, y, count, torch.Generator().manual_seed(seed))
    generator, both = torch.Generator().manual_seed(seed), torch.cat([x, y])

    def energy(a, b):
        a, b = a.numpy(), b.numpy()
        return 2 * apart(a, b).mean() - apart(a, a).mean() - apart(b, b).mean()

    true, as_large = energy(x, y), 0
    for _ in range(count):
        order = torch.randperm(n + m, generator=generator)
        as_large += energy(both[order[:n]], both[order[n:]]) >= true - 1e-9
    assert found == (1 + as_large) / (1 + count)
    with pytest.raises(ValueError, match="permutations must"):
        permutation_test(x, y, 0)


@given(st.data(), dtypes)
def test_gaps_in_log_density(data, dtype):
    shape = data.draw(shapes(least=2))
    mixture, (x, y) = data.draw(mixtures(shape[1:])), [data.draw(batches(shape, dtype))] * 2
    y = y.detach() + 0.5
    gap = log_density_gap(x, y, mixture)
    a, b = (mixture.log_density(z.detach().double()).numpy() for z in (x, y))
    error = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    wanted = 2 * stats.norm.sf(abs(a.mean() - b.mean()) / error)
    assert abs(gap.gap - (a.mean() - b.mean())) < 1e-9 * (1 + abs(gap.gap))
    assert abs(gap.chance - wanted) < 1e-9
    same = x[:1].expand(3, *x.shape[1:])
    assert log_density_gap(same, same, mixture).chance == 1
    assert log_density_gap(same, same + 9, mixture).chance == 0
    with pytest.raises(ValueError, match="at least 2"):
        log_density_gap(x[:1], y, mixture)
    with pytest.raises(TypeError, match="x must be"):
        log_density_gap(x.tolist(), y, mixture)


@given(seeds, dtypes, st.integers(1, 3), st.floats(0.2, 0.5))
def test_shares_and_widths_of_modes(seed, dtype, dim, weight):
    means = torch.zeros(2, dim, dtype=dtype)
    means[:, 0] = torch.tensor([-4.0, 4.0])
    mixture = GaussianMixture(means, 0.5, torch.tensor([weight, 1 - weight]))
    x = mixture.sample(200, torch.Generator().manual_seed(seed))
    left = (x[:, 0] < 0).sum().item()
    found = mode_shares(x, mixture)
    assert found.shares.tolist() == [left / 200, (200 - left) / 200]
    w = mixture.weights.double().numpy()
    counts = np.array([left, 200 - left])
    wanted = stats.chi2.sf(((counts - 200 * w) ** 2 / (200 * w)).sum(), 1)
    assert abs(found.chance - wanted) < 1e-6
    ratios, errors = mode_widths(x, mixture)
    for k, inside in enumerate((x[:, 0] < 0, x[:, 0] > 0)):
        root = (x[inside].double() - means[k].double()).square().mean().sqrt() / 0.5
        assert abs(ratios[k] - root) < 1e-6
        assert abs(errors[k] - 1 / math.sqrt(2 * dim * inside.sum().item())) < 1e-9
    alone = mode_widths(x[x[:, 0] < 0][:1], mixture)
    assert alone.ratios.isnan().all() and alone.errors[1].isnan()
    empty = GaussianMixture(means, 0.5, torch.tensor([0.0, 1.0]))
    for other, count in ((empty, 200), (mixture, 5), (GaussianMixture(means[:1], 0.5), 200)):
        with pytest.raises(ValueError, match="mixture must|x must hold at least"):
            mode_shares(x[:count], other)
    with pytest.raises(TypeError, match="mixture must be a GaussianMixture"):
        mode_widths(x, means)


@given(st.lists(st.floats(0.01, 9), min_size=1, max_size=4, unique=True), st.floats(0, 10))
def test_the_smallest_error_that_is_noticed(errors, from_here):
    errors = sorted(errors)
    power = smallest_noticed(lambda error, g: error >= from_here and error > 0, errors, repeats=3)
    assert power.noticed == [float(e >= from_here) for e in errors] and power.false_alarms == 0
    assert power.smallest == min((e for e in errors if e >= from_here), default=math.inf)
    for wrong in ([], [0.0], [1.0, 1.0], [2.0, 1.0]):
        with pytest.raises(ValueError, match="errors must increase"):
            smallest_noticed(lambda e, g: True, wrong)
    with pytest.raises(ValueError, match="often must"):
        smallest_noticed(lambda e, g: True, errors, often=0.0)


@given(st.integers(1, 9), st.integers(1, 4))
def test_the_baseline_is_a_mean_over_fresh_sets(n, repeats):
    sizes, values = [], itertools.count()

    def sampler(n, generator):
        sizes.append(n)
        return torch.zeros(n, 1)

    found = two_sample_baseline(sampler, n, repeats, metric=lambda x, y: next(values))
    assert found == (repeats - 1) / 2 and sizes == [n] * 2 * repeats
    with pytest.raises(TypeError, match="sampler must be callable"):
        two_sample_baseline(None, n)


@given(st.data())
def test_sets_that_cannot_be_compared(data):
    x = torch.ones(data.draw(shapes(least=2)))
    for distance in (*DISTANCES, permutation_test):
        for wrong in (x[:0], x * torch.nan, x[..., None], x[0, 0]):
            with pytest.raises(ValueError):
                distance(x, wrong)
        with pytest.raises(TypeError):
            distance(x, x.long())
    for distance in (wasserstein2, sliced_wasserstein2):
        with pytest.raises(ValueError, match="equally many"):
            distance(x, x[:1])
    for h in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="bandwidth must"):
            mmd(x, x + 1, h)
    with pytest.raises(ValueError, match="bandwidth must be given"):
        mmd(x, x)
    with pytest.raises(ValueError, match="at least 2"):
        frechet_distance(x.flatten(1), x.flatten(1)[:1])
