"""Instruments are tested themselves: a right model must pass, and a wrong one must not."""

import math

import pytest
import torch

from utils.metrics import (
    energy_distance,
    log_density_gap,
    mode_shares,
    mode_widths,
    permutation_test,
    smallest_noticed,
)
from utils.mixtures import GaussianMixture

MEANS = torch.tensor([[-4.0, 0.0], [4.0, 0.0], [0.0, 5.0]])
MIXTURE = GaussianMixture(MEANS, 0.5, torch.tensor([0.5, 0.3, 0.2]))


def draw(n, seed, mixture=MIXTURE):
    return mixture.sample(n, generator=torch.Generator().manual_seed(seed))


def test_chance_of_the_shares_is_uniform_for_a_right_model_and_tiny_for_a_wrong_one():
    chances = torch.tensor([mode_shares(draw(1000, seed), MIXTURE).chance for seed in range(200)])
    for level in (0.1, 0.5, 0.9):  # 200 draws: 0.12 is 3.4 standard errors
        assert abs((chances < level).double().mean() - level) < 0.12
    wrong = GaussianMixture(MEANS, 0.5, torch.tensor([0.4, 0.4, 0.2]))
    found = mode_shares(draw(1000, 0, wrong), MIXTURE)
    assert found.chance < 1e-6
    torch.testing.assert_close(found.shares.sum(), torch.tensor(1.0).double())
    assert (found.shares - torch.tensor([0.4, 0.4, 0.2])).abs().max() < 0.06


def test_equal_weights_hide_nothing_from_it_but_symmetry_does():
    # A model that mirrors its samples keeps equal shares: the instrument cannot see that.
    even = GaussianMixture(MEANS[:2], 0.5, torch.tensor([0.5, 0.5]))
    x = draw(1000, 0, even)
    assert mode_shares(-x, even).chance == pytest.approx(mode_shares(x, even).chance, abs=0.2)


def test_widths_find_a_width_and_a_shift():
    x = draw(2000, 0)
    right = mode_widths(x, MIXTURE)
    assert ((right.ratios - 1).abs() < 4 * right.errors).all()
    wide = mode_widths(draw(2000, 0, GaussianMixture(MEANS, 0.6, MIXTURE.weights)), MIXTURE)
    assert ((wide.ratios - 1.2).abs() < 5 * wide.errors).all()
    assert ((wide.ratios - 1) > 4 * wide.errors).all()
    shifted = mode_widths(x + 0.5, MIXTURE)  # by one standard deviation along each axis
    assert ((shifted.ratios - 2**0.5).abs() < 5 * shifted.errors).all()
    empty = mode_widths(x[x[:, 1] < 2], MIXTURE)
    assert math.isnan(empty.ratios[2]) and math.isnan(empty.errors[2])


def test_log_density_gap_has_the_sign_it_should():
    x, y = draw(2000, 0), draw(2000, 1)
    right = log_density_gap(x, y, MIXTURE)
    assert abs(right.gap) < 4 * right.error and right.chance > 1e-3
    for std, sign in ((0.6, -1), (0.4, 1)):
        found = log_density_gap(
            draw(2000, 0, GaussianMixture(MEANS, std, MIXTURE.weights)), y, MIXTURE
        )
        assert sign * found.gap > 5 * found.error and found.chance < 1e-5
    # In D dimensions a width r times too large costs D (r^2 - 1)/2 nats.
    many = log_density_gap(
        draw(20000, 0, GaussianMixture(MEANS, 0.6, MIXTURE.weights)), draw(20000, 1), MIXTURE
    )
    assert many.gap == pytest.approx(-(1.2**2 - 1), abs=5 * many.error)


def test_energy_distance_in_closed_form():
    x, y = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])
    # means of |x - y|: 1, 5, 1, 3 -> 2.5; of |x - x'|: 1; of |y - y'|: 2
    assert energy_distance(x, y) == pytest.approx(2 * 2.5 - 1 - 2)
    assert energy_distance(x, x) == 0


def test_permutation_test_is_exact_and_sees_a_shift():
    def chance(shift, seed):
        generator = torch.Generator().manual_seed(seed)
        x, y = torch.randn(2, 60, 2, generator=generator)
        return permutation_test(x, y + shift, 99, generator)

    chances = torch.tensor([chance(0.0, seed) for seed in range(200)])
    for level in (0.1, 0.5, 0.9):
        assert abs((chances <= level).double().mean() - level) < 0.12
    assert max(chance(1.0, seed) for seed in range(10)) == 0.01  # the least that it can say


def test_permutation_statistic_is_the_energy_distance():
    x, y = torch.randn(2, 30, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = y[:20] + 0.3
    both = torch.cat([x, y])
    generator = torch.Generator().manual_seed(1)
    splits = [torch.randperm(50, generator=generator) for _ in range(19)]
    true = energy_distance(x, y)
    as_large = sum(energy_distance(both[s[:30]], both[s[30:]]) >= true for s in splits)
    again = permutation_test(x, y, 19, torch.Generator().manual_seed(1))
    assert again == pytest.approx((1 + as_large) / 20)


def test_smallest_noticed_finds_where_a_known_test_turns():
    # A z-test of a mean over 100 samples at two standard errors notices a shift of
    # (2 + 1.28)/10 nine times in ten.
    def notices(shift, generator):
        x = shift + torch.randn(100, generator=generator)
        return bool(x.mean() / (x.std() / 10) > 2)

    errors = [0.1, 0.2, 0.25, 0.4, 0.8]
    power = smallest_noticed(notices, errors, repeats=200)
    assert power.smallest == 0.4
    assert power.noticed == sorted(power.noticed) and power.noticed[0] < 0.5
    assert power.false_alarms < 0.06


def test_a_test_that_cannot_fail_notices_nothing():
    power = smallest_noticed(lambda error, generator: False, [1.0, 10.0], repeats=5)
    assert power.smallest == math.inf and power.noticed == [0, 0]


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda: mode_shares(draw(20, 0), MIXTURE), "at least 25 samples"),
        (lambda: mode_shares(draw(20, 0), GaussianMixture(MEANS[:1], 0.5)), "two modes"),
        (lambda: smallest_noticed(lambda *a: True, [0.2, 0.1]), "errors must increase"),
        (lambda: smallest_noticed(lambda *a: True, []), "errors must increase"),
        (lambda: smallest_noticed(lambda *a: True, [0.1], often=1.5), "often must lie"),
        (lambda: permutation_test(torch.randn(5, 2), torch.randn(5, 2), 0), "permutations"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_bad_type():
    for instrument in (mode_shares, mode_widths):
        with pytest.raises(TypeError, match="mixture must be a GaussianMixture"):
            instrument(draw(100, 0), "eight")
