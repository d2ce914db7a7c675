"""Strings with masks: posteriors, steps and losses against enumeration, in float64."""

import itertools
import math

import pytest
import torch

from utils.discrete import (
    StringDistribution,
    StringNet,
    bound,
    mask_letters,
    push,
    sample_in_turn,
    sample_unmasking,
    step_probabilities,
    total_variation,
    unmasking_loss,
    unmasking_probability,
)

K, D = 3, 3


@pytest.fixture(scope="module")
def toy():
    g = torch.Generator().manual_seed(5)
    return StringDistribution(torch.rand((K,) * D, generator=g, dtype=torch.float64) ** 3)


def blank(n):
    return torch.full((n, D), K)


def strings():
    return list(itertools.product(range(K), repeat=D))


def test_posterior_is_bayes_rule_by_hand(toy):
    guess = toy.posterior(toy.states)
    for state, found in zip(toy.states.tolist(), guess, strict=True):
        agree = [s for s in strings() if all(a in (b, K) for a, b in zip(state, s, strict=True))]
        total = sum(toy.probabilities[s] for s in agree)
        for i, a in itertools.product(range(D), range(K)):
            share = sum(toy.probabilities[s] for s in agree if s[i] == a) / total
            assert float(found[i, a]) == pytest.approx(float(share), abs=1e-12)


def test_posterior_where_nothing_agrees_is_uniform():
    only = torch.zeros(2, 2)
    only[0, 1] = 1.0
    d = StringDistribution(only)
    assert d.posterior(torch.tensor([[1, 2]]))[0].tolist() == [[0, 1], [0.5, 0.5]]


@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_the_law_of_masked_data_is_counted(toy, level):
    law = toy.law_at(level)
    by_hand = torch.zeros_like(law)
    for s in strings():
        for kept in itertools.product((True, False), repeat=D):
            state = torch.tensor([[a if k else K for a, k in zip(s, kept, strict=True)]])
            weight = math.prod(level if k else 1 - level for k in kept)
            by_hand[toy.index(state)] += toy.probabilities[s] * weight
    assert torch.allclose(law, by_hand, atol=1e-14)


def test_masked_data_have_that_law(toy):
    g = torch.Generator().manual_seed(0)
    x = mask_letters(toy.sample(40_000, g), 0.4, K, g)
    assert total_variation(toy.frequencies(x), toy.law_at(0.4)) < 0.02
    assert total_variation(toy.frequencies(x), toy.law_at(0.5)) > 0.05


def test_the_law_of_masked_data_obeys_the_equation_of_its_rates(toy):
    """d/dlevel p = inflow - outflow, with the rate posterior / (1 - level) for each mask."""
    level, h = 0.3, 1e-5
    change = (toy.law_at(level + h) - toy.law_at(level - h)) / (2 * h)
    rows = step_probabilities(toy.states, toy.posterior(toy.states), h / (1 - level))
    flow = (push(toy.law_at(level), rows) - toy.law_at(level)) / h
    assert torch.allclose(change, flow, atol=1e-4)
    wrong = step_probabilities(toy.states, toy.posterior(toy.states), h)
    assert not torch.allclose(change, (push(toy.law_at(level), wrong) - toy.law_at(level)) / h,
                              atol=1e-2)  # fmt: skip


def law_of_levels(toy, levels, remask=0.0):
    law = toy.law_at(0.0)
    guess = toy.posterior(toy.states)
    for now, then in itertools.pairwise(levels):
        law = push(law, step_probabilities(toy.states, guess,
                                           *unmasking_probability(now, then, remask)))  # fmt: skip
    return law


def test_one_step_gives_the_product_of_the_marginals(toy):
    p = toy.probabilities
    product = torch.einsum("i,j,k->ijk", p.sum((1, 2)), p.sum((0, 2)), p.sum((0, 1)))
    law = law_of_levels(toy, [0.0, 1.0])
    assert torch.allclose(law[toy.complete], product.flatten(), atol=1e-14)
    assert total_variation(law, toy.law) > 0.1


def test_the_error_of_many_steps_falls_as_one_over_their_number(toy):
    error = [
        total_variation(law_of_levels(toy, [i / n for i in range(n + 1)]), toy.law)
        for n in (32, 64, 128)
    ]
    assert 1.8 < error[0] / error[1] < 2.2 and 1.8 < error[1] / error[2] < 2.2


@pytest.mark.parametrize("remask", [0.0, 0.5])
def test_samples_have_the_law_that_is_pushed(toy, remask):
    levels = [0.0, 0.4, 0.7, 0.7, 1.0]
    law = law_of_levels(toy, levels, remask)
    x = sample_unmasking(toy.posterior, blank(40_000), torch.tensor(levels, dtype=torch.float64),
                         remask, torch.Generator().manual_seed(1))  # fmt: skip
    assert total_variation(toy.frequencies(x), law) < 0.02
    assert total_variation(law, toy.law) > 0.05


@pytest.mark.parametrize("remask", [0.0, 0.3, 1.0])
def test_the_share_of_masks_is_that_of_the_level(toy, remask):
    law = law_of_levels(toy, [0.0, 0.3, 0.5, 0.8], remask)
    masks = ((toy.states == K).double().mean(1) * law).sum()
    assert float(masks) == pytest.approx(0.2, abs=1e-12)


def test_one_letter_at_a_time_is_exact(toy):
    x = sample_in_turn(toy.posterior, blank(40_000), 1, torch.Generator().manual_seed(2))
    assert total_variation(toy.frequencies(x), toy.law) < 0.02
    all_at_once = sample_in_turn(toy.posterior, blank(40_000), D, torch.Generator().manual_seed(2))
    assert total_variation(toy.frequencies(all_at_once), toy.law) > 0.1


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_in_turn_fills_in_so_many_at_a_time_and_changes_nothing_else(toy, at_once):
    way = sample_in_turn(toy.posterior, blank(50), at_once, torch.Generator().manual_seed(3), True)
    assert len(way) == 1 + math.ceil(D / at_once)
    for step, (before, after) in enumerate(itertools.pairwise(way), start=1):
        assert ((after == K).sum(1) == max(0, D - step * at_once)).all()
        assert (before[before < K] == after[before < K]).all()


def test_the_bound_of_the_exact_posterior_is_the_entropy_and_any_other_is_above(toy):
    assert bound(toy, toy.posterior) == pytest.approx(toy.entropy, abs=1e-12)
    assert bound(toy, lambda x: 0.99 * toy.posterior(x) + 0.01 / K) > toy.entropy + 1e-4
    assert bound(toy, lambda x: torch.full((len(x), D, K), 1 / K)) == pytest.approx(D * math.log(K))


def test_the_loss_of_samples_has_the_enumerated_mean(toy):
    torch.manual_seed(0)
    net = StringNet(K, D, hidden=16)
    g = torch.Generator().manual_seed(4)
    measured = unmasking_loss(net, toy.sample(60_000, g), g).item()
    assert measured == pytest.approx(bound(toy, net.posterior), rel=0.01)


def test_the_weights_are_those_of_every_schedule(toy):
    """Integral of dkappa / (1 - kappa) over the masks of m places, by Simpson's rule."""
    level = torch.linspace(0, 1, 20_001, dtype=torch.float64)[:-1]
    for m in range(1, D + 1):
        integrand = level ** (D - m) * (1 - level) ** (m - 1)
        assert torch.trapezoid(integrand, level) == pytest.approx(
            1 / (m * math.comb(D, m)), rel=1e-3
        )


def test_a_network_learns_the_posterior(toy):
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    net = StringNet(K, D, hidden=32)
    before = bound(toy, net.posterior)
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    for _ in range(600):
        optimizer.zero_grad()
        unmasking_loss(net, toy.sample(128, g), g).backward()
        optimizer.step()
    assert bound(toy, net.posterior) - toy.entropy < 0.05 < before - toy.entropy


def test_dropout_is_off_when_probabilities_are_asked_for():
    net = StringNet(K, D, hidden=16, dropout=0.5).train()
    assert torch.equal(net.posterior(blank(4)), net.posterior(blank(4))) and net.training


def test_samples_repeat_with_their_seed(toy):
    one, two = (sample_in_turn(toy.posterior, blank(20), 2, torch.Generator().manual_seed(7))
                for _ in range(2))  # fmt: skip
    assert torch.equal(one, two)


def test_what_is_wrong_is_said(toy):
    for wrong in (torch.ones(2, 3), torch.zeros(2, 2), -torch.ones(2, 2)):
        with pytest.raises(ValueError, match="probabilities"):
            StringDistribution(wrong)
    for wrong in (torch.tensor([[0, 1, 4]]), torch.tensor([[0, 1]]), torch.zeros(1, 3)):
        with pytest.raises(ValueError, match="^x must"):
            toy.posterior(wrong)
    for now, then, remask in ((0.5, 0.4, 0), (1.0, 1.0, 0), (0.0, 1.1, 0), (0.0, 0.5, 2)):
        with pytest.raises(ValueError, match="levels|remask"):
            unmasking_probability(now, then, remask)
    with pytest.raises(ValueError, match="level must"):
        mask_letters(blank(2), 1.5, K)
    with pytest.raises(ValueError, match="shape"):
        total_variation(torch.ones(2), torch.ones(3))
    with pytest.raises(ValueError, match="dropout"):
        StringNet(K, D, dropout=1.0)
    with pytest.raises(ValueError, match="hidden"):
        StringNet(K, D, hidden=0)
    with pytest.raises(ValueError, match="3 letters"):
        StringNet(K, D)(torch.zeros(1, 2, dtype=torch.long))
    with pytest.raises(ValueError, match="at_once"):
        sample_in_turn(toy.posterior, blank(2), 0)
    with pytest.raises(ValueError, match="^n"):
        toy.sample(0)
