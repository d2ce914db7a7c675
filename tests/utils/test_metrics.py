"""Metrics against cases whose value is known by hand."""

import itertools
import math

import numpy as np
import pytest
import scipy.linalg
import torch

from utils import metrics
from utils.metrics import (
    count_crossings,
    mmd,
    order_violations,
    path_energy,
    path_length_ratio,
    sliced_wasserstein2,
    two_sample_baseline,
    wasserstein2,
    ways,
)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


SHIFT = torch.tensor([3.0, -4.0])  # length 5


def test_wasserstein2_of_a_shift_is_its_length():
    x = randn(200, 2)
    shuffled = x[torch.randperm(200, generator=torch.Generator().manual_seed(1))]
    assert wasserstein2(x, shuffled + SHIFT) == pytest.approx(5.0, abs=1e-5)
    assert wasserstein2(x, shuffled) == 0.0


def test_wasserstein2_is_the_minimum_over_all_permutations():
    x, y = randn(6, 3), randn(6, 3, seed=1) + 1
    by_hand = min(
        (x - y[list(order)]).square().sum(1).mean().item()
        for order in itertools.permutations(range(6))
    )
    assert wasserstein2(x, y) == pytest.approx(math.sqrt(by_hand), rel=1e-6)


def test_wasserstein2_squares_the_distance():
    # W1's matching is free to pair 0 -> 2, 1 -> 1 (mean cost 1, root mean square 1.41).
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [2.0]])
    assert wasserstein2(x, y) == pytest.approx(1.0)


def test_wasserstein2_of_two_gaussians_is_near_its_closed_form():
    x, y = randn(1000, 1), 2 * randn(1000, 1, seed=1) + 3
    assert wasserstein2(x, y) == pytest.approx(math.sqrt(3**2 + 1**2), abs=0.15)


def test_wasserstein2_takes_images():
    x = randn(10, 1, 4, 4)
    assert wasserstein2(x, x + 0.5) == pytest.approx(0.5 * math.sqrt(16), rel=1e-5)


def test_sliced_wasserstein2_of_a_shift():
    x = randn(300, 2)
    got = sliced_wasserstein2(x, x + SHIFT, 4000, torch.Generator().manual_seed(0))
    assert got == pytest.approx(5 / math.sqrt(2), rel=0.03)


def test_sliced_wasserstein2_in_one_dimension_is_wasserstein2():
    x, y = randn(100, 1), randn(100, 1, seed=1) ** 3
    assert sliced_wasserstein2(x, y, 3) == pytest.approx(wasserstein2(x, y), rel=1e-6)


def test_sliced_wasserstein2_is_at_most_wasserstein2_and_obeys_the_generator():
    x, y = randn(100, 3), randn(100, 3, seed=1) * torch.tensor([1.0, 2.0, 3.0])
    seeded = [sliced_wasserstein2(x, y, 16, torch.Generator().manual_seed(s)) for s in (5, 5, 6)]
    assert seeded[0] == seeded[1] != seeded[2]
    assert max(seeded) < wasserstein2(x, y)


def test_mmd_by_hand():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [4.0], [5.0]])
    k = lambda a, b: math.exp(-((a - b) ** 2) / (2 * 1.5**2))  # noqa: E731
    within = k(0, 1) + (k(2, 4) + k(2, 5) + k(4, 5)) / 3
    across = sum(k(a, b) for a in (0, 1) for b in (2, 4, 5)) / 6
    assert mmd(x, y, bandwidth=1.5) == pytest.approx(within - 2 * across, abs=1e-12)


def test_mmd_default_bandwidth_is_the_median_distance():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0]]).repeat(2, 1)
    # Distances 1, 3, 3, 2, 2, 0: torch's median of an even count is the lower one, 2.
    assert mmd(x, y) == pytest.approx(mmd(x, y, bandwidth=2.0))


def test_mmd_is_unbiased_and_sees_a_shift():
    values = [mmd(randn(60, 2, seed=2 * s), randn(60, 2, seed=2 * s + 1)) for s in range(40)]
    mean, error = torch.tensor(values).mean().item(), torch.tensor(values).std().item() / 40**0.5
    assert abs(mean) < 3 * error  # the biased estimate would lie at +2 (1 - E k) / 60 = 0.015
    assert error < 0.002 and min(values) < 0
    assert mmd(randn(60, 2), randn(60, 2, seed=1) + 1) > 3 * max(values)


def test_two_sample_baseline_averages_fresh_pairs():
    drawn = []

    def sampler(n, generator):
        drawn.append(torch.randn(n, 2, generator=generator))
        return drawn[-1]

    got = two_sample_baseline(sampler, 30, repeats=3, generator=torch.Generator().manual_seed(0))
    assert len(drawn) == 6 and not torch.equal(drawn[0], drawn[1])
    by_hand = sum(wasserstein2(drawn[2 * i], drawn[2 * i + 1]) for i in range(3)) / 3
    assert got == pytest.approx(by_hand)


def test_two_sample_baseline_falls_with_more_samples():
    def sampler(n, generator):
        return torch.randn(n, 2, generator=generator)

    few, many = (
        two_sample_baseline(sampler, n, 4, torch.Generator().manual_seed(0)) for n in (25, 400)
    )
    assert many < 0.6 * few


def semicircle(steps=2000):
    angle = torch.linspace(0, math.pi, steps + 1, dtype=torch.float64)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)[:, None]


def test_path_length_ratio_of_a_semicircle():
    assert path_length_ratio(semicircle()) == pytest.approx(math.pi / 2, abs=1e-5)


def test_path_length_ratio_does_not_depend_on_the_speed():
    s = torch.linspace(0, 1, 2001, dtype=torch.float64)
    angle = math.pi * s**2
    fast = torch.stack([angle.cos(), angle.sin()], dim=-1)[:, None]
    assert path_length_ratio(fast) == pytest.approx(path_length_ratio(semicircle()), abs=1e-5)


def test_path_length_ratio_of_lines_detours_and_the_reductions():
    line = [[0.0, 0.0], [1.0, 0.0], [4.0, 0.0]]
    there_and_back = [[0.0, 0.0], [2.0, 0.0], [1.0, 0.0]]  # length 3 for 1
    corner = [[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]]  # length 7 for 5
    still = [[2.0, 2.0]] * 3
    x = torch.tensor([line, there_and_back, corner, still]).transpose(0, 1)
    each = path_length_ratio(x, reduce="none")
    assert each.tolist() == pytest.approx([1.0, 3.0, 1.4, 1.0])
    assert path_length_ratio(x) == pytest.approx(6.4 / 4)
    assert path_length_ratio(x, reduce="median") == pytest.approx(1.2)
    loop = torch.tensor([[[0.0]], [[1.0]], [[0.0]]])
    assert path_length_ratio(loop) == math.inf


def test_path_energy_of_constant_speed_is_the_squared_distance():
    x_0, x_1 = randn(20, 2), randn(20, 2, seed=1)
    s = torch.linspace(0, 1, 11)[:, None, None]
    expected = (x_1 - x_0).square().sum(1).mean().item()
    assert path_energy(x_0 + s * (x_1 - x_0)) == pytest.approx(expected, rel=1e-5)
    # At the speed of s^2: the integral of (2s)^2 is 4/3.
    s = torch.linspace(0, 1, 2001)[:, None, None] ** 2
    assert path_energy(x_0 + s * (x_1 - x_0)) == pytest.approx(4 / 3 * expected, rel=1e-4)


def test_path_energy_takes_the_times():
    x = torch.tensor([[[0.0]], [[1.0]], [[4.0]]])
    times = torch.tensor([0.0, 0.25, 1.0])
    assert path_energy(x, times) == pytest.approx(1 / 0.25 + 9 / 0.75)
    assert path_energy(x) == pytest.approx(2 + 18)


def test_count_crossings_by_hand():
    starts = torch.tensor([[0.0, 0.0], [0.0, 2.0], [5.0, -1.0], [1.5, 3.0]])
    ends = torch.tensor([[2.0, 2.0], [2.0, 0.0], [5.0, 3.0], [1.5, -3.0]])
    # 0x1 at (1, 1); 3 crosses 0 at (1.5, 1.5) and 1 at (1.5, 0.5); 2 stands apart: 3 of 6.
    assert count_crossings(starts, ends) == pytest.approx(3 / 6)


def test_count_crossings_ignores_touching_and_parallel_segments():
    starts = torch.tensor([[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    ends = torch.tensor([[2.0, 0.0], [0.0, 2.0], [1.0, 2.0], [4.0, 0.0]])
    assert count_crossings(starts, ends) == 0.0


def test_count_crossings_does_not_take_lines_for_segments():
    starts = torch.tensor([[0.0, 0.0], [2.0, -1.0]])
    ends = torch.tensor([[1.0, 0.0], [2.0, 1.0]])  # the line of the first meets the second, only
    assert count_crossings(starts, ends) == 0.0
    assert count_crossings(starts.flip(0), ends.flip(0)) == 0.0


def test_count_crossings_in_pieces_and_by_random_pairs(monkeypatch):
    starts, ends = randn(300, 2), randn(300, 2, seed=1) * 2 + 1
    whole = count_crossings(starts, ends)
    assert 0.1 < whole < 0.4
    some = count_crossings(starts, ends, 20_000, torch.Generator().manual_seed(0))
    assert some == pytest.approx(whole, abs=0.015)
    monkeypatch.setattr(ways, "_BLOCK", 1000)
    assert count_crossings(starts, ends) == whole


def test_order_violations_by_hand(monkeypatch):
    keeps = torch.tensor([[0.0, 1.0, 2.0], [0.0, 5.0, 6.0]])
    reverses = torch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])
    one = torch.tensor([[2.0, 0.0, 1.0], [1.4, 0.0, 1.5]])
    returns = torch.tensor([[0.0, 1.0, 2.0], [1.5, 1.0, 2.0], [0.0, 1.0, 2.0]])
    meets = torch.tensor([[0.0, 1.0], [1.0, 1.0]])
    for _ in range(2):
        assert order_violations(keeps) == 0.0
        assert order_violations(reverses[..., None]) == 1.0
        assert order_violations(one) == pytest.approx(1 / 3)
        assert order_violations(returns) == pytest.approx(1 / 3)  # it counts on the way, too
        assert order_violations(meets) == 0.0
        monkeypatch.setattr(ways, "_BLOCK", 2)


def test_half_of_random_conditional_paths_on_a_line_cross():
    x_0, x_1 = randn(1000, 1), randn(1000, 1, seed=1)
    s = torch.linspace(0, 1, 5)[:, None, None]
    assert order_violations((1 - s) * x_0 + s * x_1) == pytest.approx(0.5, abs=0.03)


NAN = torch.tensor([[0.0, math.nan], [0.0, 1.0]])


@pytest.mark.parametrize("metric", [wasserstein2, sliced_wasserstein2, mmd])
@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        ([1.0], randn(2, 2), TypeError, "x must be"),
        (randn(2, 2), torch.ones(2, 2, dtype=torch.int64), TypeError, "y must be"),
        (randn(0, 2), randn(0, 2), ValueError, "x must not be empty"),
        (randn(2, 2), NAN, ValueError, "y must be finite"),
        (randn(2, 2), randn(2, 3), ValueError, r"x and y .*\(2, 2\) and \(2, 3\)"),
        (randn(2), randn(2), ValueError, "x and y"),
    ],
)
def test_distances_refuse_bad_sets(metric, x, y, error, message):
    with pytest.raises(error, match=message):
        metric(x, y)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: wasserstein2(randn(3, 2), randn(4, 2)), ValueError, "got 3 and 4"),
        (lambda: sliced_wasserstein2(randn(3, 2), randn(4, 2)), ValueError, "got 3 and 4"),
        (lambda: sliced_wasserstein2(randn(3, 2), randn(3, 2), 0), ValueError, "projections"),
        (lambda: mmd(randn(1, 2), randn(4, 2)), ValueError, "at least 2 samples, got 1"),
        (lambda: mmd(randn(3, 2), randn(4, 2), 0.0), ValueError, "bandwidth"),
        (lambda: mmd(randn(3, 2), randn(4, 2), "1"), TypeError, "bandwidth"),
        (lambda: mmd(torch.ones(3, 2), torch.ones(4, 2)), ValueError, "bandwidth"),
        (lambda: two_sample_baseline(3, 10), TypeError, "sampler"),
        (lambda: two_sample_baseline(torch.randn, 0), ValueError, "n must"),
        (lambda: two_sample_baseline(torch.randn, 5, 0), ValueError, "repeats"),
        (lambda: path_length_ratio(randn(1, 5, 2)), ValueError, r"two states, got \(1, 5, 2\)"),
        (lambda: path_length_ratio(randn(3, 5, 2), reduce="max"), ValueError, "reduce.*'max'"),
        (lambda: path_length_ratio([1.0]), TypeError, "trajectory"),
        (lambda: path_energy(randn(3, 5, 2), torch.tensor([0.0, 1.0])), ValueError, "times"),
        (lambda: path_energy(randn(2, 5, 2), torch.tensor([1.0, 0.0])), ValueError, "increase"),
        (lambda: count_crossings(randn(3, 3), randn(3, 3)), ValueError, r"starts.*\(3, 3\)"),
        (lambda: count_crossings(randn(1, 2), randn(1, 2)), ValueError, "n >= 2"),
        (lambda: count_crossings(randn(3, 2), randn(4, 2)), ValueError, "starts and ends"),
        (lambda: count_crossings(randn(3, 2), randn(3, 2), 0), ValueError, "max_pairs"),
        (lambda: order_violations(randn(3, 5, 2)), ValueError, r"\(3, 5, 2\)"),
        (lambda: order_violations(randn(3, 1)), ValueError, "B >= 2"),
    ],
)
def test_metrics_refuse_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def gaussian(n, mean, covariance, seed):
    """Points whose sample mean and covariance are exactly the ones given."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, len(mean), dtype=torch.float64, generator=generator)
    x = x - x.mean(0)
    x = x @ torch.linalg.inv(torch.linalg.cholesky(x.T @ x / (n - 1))).T
    return x @ torch.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_gaussians_in_closed_form():
    # Covariances that commute: |m|^2 + sum (sqrt a - sqrt b)^2 over the common axes.
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64, generator=generator)).Q
    a = torch.tensor([1.0, 4.0, 0.25, 9.0], dtype=torch.float64)
    b = torch.tensor([4.0, 1.0, 0.25, 1.0], dtype=torch.float64)
    mean = torch.tensor([1.0, -2.0, 0.0, 0.5], dtype=torch.float64)
    x = gaussian(50, 0 * mean, axes @ a.diag() @ axes.T, 1)
    y = gaussian(80, mean, axes @ b.diag() @ axes.T, 2)
    expected = (mean.square().sum() + (a.sqrt() - b.sqrt()).square().sum()).item()
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-10)
    assert metrics.frechet_distance(y, x) == pytest.approx(expected, rel=1e-10)
    # Any covariances, against the root of their product from SciPy.
    c = torch.randn(4, 4, dtype=torch.float64, generator=generator)
    y = gaussian(80, mean, c @ c.T + 0.1 * torch.eye(4, dtype=torch.float64), 3)
    s, t = np.cov(x.numpy().T), np.cov(y.numpy().T)
    root = scipy.linalg.sqrtm(s @ t).real
    expected = mean.square().sum().item() + np.trace(s + t - 2 * root)
    assert metrics.frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_needs_no_more_samples_than_dimensions():
    x = torch.randn(5, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert metrics.frechet_distance(x, x) == pytest.approx(0, abs=1e-10)
    assert metrics.frechet_distance(x, x + 2) == pytest.approx(80)
    assert metrics.frechet_distance(x, 3 * x) == pytest.approx(
        4 * (x.mean(0).square().sum() + x.var(0).sum()).item()
    )


def test_frechet_distance_refuses_bad_input():
    x = torch.randn(5, 3)
    with pytest.raises(ValueError, match="features_a .*same width"):
        metrics.frechet_distance(x, x[:, :2])
    with pytest.raises(ValueError, match="at least 2 samples"):
        metrics.frechet_distance(x[:1], x)
    with pytest.raises(TypeError, match="features_a"):
        metrics.frechet_distance(x.long(), x)
    with pytest.raises(ValueError, match="features_b must be finite"):
        metrics.frechet_distance(x, x * float("nan"))
