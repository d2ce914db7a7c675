from itertools import permutations

import torch

from utils.couplings import coupling_cost, independent_coupling, minibatch_ot_coupling
from utils.mixtures import GaussianMixture
from utils.paths import AffinePath, CondOT


def test_ot_equals_brute_force():
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        x_0, x_1 = torch.randn(2, 6, 2, generator=generator)
        best = min(coupling_cost(x_0, x_1[list(order)]) for order in permutations(range(6)))
        kept, paired = minibatch_ot_coupling(x_0, x_1)
        assert torch.equal(kept, x_0)
        assert abs(coupling_cost(kept, paired) - best) < 1e-5


def test_cost_is_squared():
    # Squared cost keeps the order on a line; plain distance is indifferent between both pairings.
    x_0, x_1 = torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [1.0]])
    _, paired = minibatch_ot_coupling(x_0, x_1)
    assert paired.flatten().tolist() == [1.0, 2.0]


def test_independent_coupling_only_reorders():
    x_0, x_1 = torch.randn(2, 50, 2)
    kept, paired = independent_coupling(x_0, x_1, torch.Generator().manual_seed(0))
    assert torch.equal(kept, x_0) and not torch.equal(paired, x_1)
    assert torch.equal(paired.sort(0).values, x_1.sort(0).values)


def score_slope(couple):
    """Regression slope of -x_0/sigma on the exact score of the independent coupling."""
    generator = torch.Generator().manual_seed(0)
    mixture, t = GaussianMixture.eight_gaussians(radius=4.0, std=0.3), torch.tensor(0.5)
    slopes = []
    for _ in range(40):
        x_0 = torch.randn(256, 2, generator=generator)
        x_1 = mixture.sample(256, generator=generator)
        x_0, x_1 = couple(x_0, x_1)
        x_t = AffinePath(CondOT()).sample(x_0, x_1, t).x_t
        score = mixture.score(x_t, t, CondOT())
        slopes.append((-x_0 / 0.5 * score).sum() / score.square().sum())
    slopes = torch.stack(slopes)
    return slopes.mean().item(), (slopes.std() / len(slopes) ** 0.5).item()


def test_score_formula_holds_for_independent_pairs_and_fails_under_ot():
    mean, error = score_slope(lambda x_0, x_1: (x_0, x_1))
    assert abs(mean - 1) < 4 * error
    mean, error = score_slope(minibatch_ot_coupling)
    assert abs(mean - 1) > 10 * error
