"""mixtures and posterior: against a sum over components in float64, and against autograd."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    DTYPES,
    HALVES,
    batches,
    data_sets,
    drawn,
    dtypes,
    mixtures,
    near,
    schedulers,
    schedules,
    seeds,
    shapes,
    singles,
    times,
    wide,
)

from utils.mixtures import EmpiricalDistribution, GaussianMixture
from utils.posterior import check_scheduler
from utils.schedulers import VP, CondOT


def components(mixture, x, alpha, sigma):
    """For each sample and component: weight, mean of x_1 and mean of x_0 given x, by Bayes."""
    rows = []
    for i, point in enumerate(x.detach().double().flatten(1)):
        a, s = (v.flatten()[i if v.numel() > 1 else 0].item() for v in (alpha, sigma))
        row = []
        for m, std, log_w in zip(
            mixture.means.double().flatten(1), mixture.stds.double(), mixture.log_weights.double(),
            strict=True,
        ):  # fmt: skip
            variance = a**2 * std**2 + s**2
            off = point - a * m
            log_p = log_w - 0.5 * len(m) * torch.log(2 * math.pi * variance)
            log_p = log_p - 0.5 * (off @ off) / variance
            row.append((log_p, m + a * std**2 / variance * off, s / variance * off))
        logs = torch.stack([r[0] for r in row])
        rows.append((logs, torch.stack([r[1] for r in row]), torch.stack([r[2] for r in row])))
    logs, ends, noises = (torch.stack(part) for part in zip(*rows, strict=True))
    return logs.logsumexp(1), logs.softmax(1), ends, noises


@given(st.data(), schedulers, singles)
def test_exact_fields_are_means_over_components(data, s, dtype):
    shape = data.draw(shapes())
    x = data.draw(batches(shape, dtype))
    mixture = data.draw(st.one_of(mixtures(shape[1:], dtype), data_sets(shape[1:], dtype)))
    t = data.draw(times(len(x), torch.float64, high=0.95))
    now = wide(t, x)
    if torch.is_tensor(t):
        t = t.to(dtype)
        now = wide(t, x)
    _, share, ends, noises = components(mixture, x, s.alpha(now), s.sigma(now))
    x_1 = (share[..., None] * ends).sum(1).reshape(shape)
    x_0 = (share[..., None] * noises).sum(1).reshape(shape)
    velocity = s.d_alpha(now) * x_1 + s.d_sigma(now) * x_0
    close = {"rtol": 1e-7, "atol": 1e-7} if dtype == torch.float64 else {"rtol": 2e-3, "atol": 2e-3}
    for found, wanted in (
        (mixture.responsibilities(x, t, s), share),
        (mixture.posterior_mean(x, t, s), x_1),
        (mixture.epsilon(x, t, s), x_0),
        (mixture.score(x, t, s) * s.sigma(now), -x_0),
        (mixture.velocity(x, t, s), velocity),
        (mixture.velocity_field(s)(x, t), velocity),
    ):
        torch.testing.assert_close(found.double(), wanted, **close)
    spread = mixture.velocity_variance(x, t, s)
    assert spread.shape == x.shape[:1] and (spread >= 0).all() and spread.isfinite().all()


@given(st.data(), schedulers)
def test_the_score_is_the_gradient_of_the_marginal(data, s):
    shape = data.draw(shapes())
    mixture, t = data.draw(mixtures(shape[1:])), data.draw(st.floats(0, 1))
    x = data.draw(batches(shape, awkward=False)).requires_grad_()
    marginal = mixture.marginal(t, s)
    now = torch.tensor(t, dtype=torch.float64)
    density = marginal.log_density(x)
    by_hand = components(mixture, x, s.alpha(now), s.sigma(now))[0]
    torch.testing.assert_close(density.detach(), by_hand, rtol=1e-7, atol=1e-7)
    (slope,) = torch.autograd.grad(density.sum(), x)
    torch.testing.assert_close(mixture.score(x, t, s).detach(), slope, rtol=1e-7, atol=1e-7)
    if t == 1:
        torch.testing.assert_close(density, mixture.log_density(x))


@given(st.data(), schedulers, st.sampled_from(HALVES))
def test_16_bits_lose_only_what_the_result_cannot_hold(data, s, dtype):
    shape = data.draw(shapes())
    mixture, x = data.draw(mixtures(shape[1:], dtype)), data.draw(batches(shape, dtype))
    t = data.draw(st.floats(0, 0.95))
    for name in ("posterior_mean", "epsilon", "score", "velocity", "responsibilities"):
        function = getattr(mixture, name)
        near(function(x, t, s), function(x.detach().double(), t, s), dtype, 4, 4)
    marginal, exact = mixture.marginal(t, s), _doubled(mixture).marginal(t, s)
    for part in ("means", "stds", "weights"):
        near(getattr(marginal, part), getattr(exact, part), dtype, 4, 1e-2)
    near(mixture.weights, mixture.weights / mixture.weights.sum(dtype=torch.float64), dtype, 4)


def _doubled(mixture):
    parts = (mixture.means, mixture.stds, mixture.weights)
    return GaussianMixture(*(part.double() for part in parts))


@given(st.data(), st.sampled_from(DTYPES), schedulers)
def test_the_last_moment_of_a_mixture_is_finite(data, dtype, s):
    shape = data.draw(shapes())
    mixture, x = data.draw(mixtures(shape[1:], dtype)), data.draw(batches(shape, dtype))
    near(mixture.posterior_mean(x, 1.0, s), x.detach(), dtype, 8, 4)
    assert mixture.velocity(x, 1.0, s).isfinite().all()
    assert mixture.score(x, 1.0, s).isfinite().all()
    variance = mixture.velocity_variance(x, 1.0, s)
    assert not variance.isnan().any() and (variance >= 0).all()
    assert (variance.isinf() == (isinstance(s, VP) and s.d_sigma(torch.ones(())).isinf())).all()


@given(st.data(), dtypes, schedulers)
def test_a_finite_set_has_no_density_at_the_end(data, dtype, s):
    shape = data.draw(shapes())
    few, x = data.draw(data_sets(shape[1:], dtype)), data.draw(batches(shape, dtype))
    for call in (few.velocity, few.score, few.epsilon, few.posterior_mean, few.responsibilities):
        with pytest.raises(ValueError, match="t must leave some noise"):
            call(x, 1.0, s)
        with pytest.raises(ValueError, match="x must have shape"):
            call(x[None], 0.5, s)
        with pytest.raises(ValueError, match="t must lie in"):
            call(x, 1.5, s)
        with pytest.raises(TypeError, match="scheduler must be a Scheduler"):
            call(x, 0.5, "vp")
    with pytest.raises(ValueError, match="t must leave some noise"):
        few.marginal(1.0, s)
    with pytest.raises(ValueError, match="t must"):
        few.marginal(torch.full((2,), 0.5), s)
    marginal, sigma = few.marginal(0.5, s), s.sigma(torch.tensor(0.5).double())
    near(marginal.stds, sigma.expand(len(few.data)), dtype)
    check_scheduler(s)


@given(st.data(), schedules())
def test_the_exact_epsilon_of_a_discrete_schedule(data, schedule):
    shape = data.draw(shapes())
    x, mixture = data.draw(batches(shape)), data.draw(mixtures(shape[1:]))
    index = st.integers(0, schedule.T - 1)
    k = torch.tensor(data.draw(st.lists(index, min_size=len(x), max_size=len(x))))
    _, share, _, noises = components(mixture, x, schedule.alpha(k), schedule.sigma(k))
    wanted = (share[..., None] * noises).sum(1).reshape(shape)
    model = mixture.epsilon_model(schedule)
    torch.testing.assert_close(model(x, schedule.time(k)), wanted, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="t must be a time of the schedule"):
        model(x, 1.0)
    with pytest.raises(TypeError, match="t must be float32 or better"):
        model(x, schedule.time(k).half())
    with pytest.raises(TypeError, match="schedule must be a DiscreteVP"):
        mixture.epsilon_model(CondOT())


@given(seeds, dtypes, st.integers(1, 3))
def test_samples_have_the_moments(seed, dtype, dim):
    mixture = GaussianMixture(
        torch.tensor([[-2.0] * dim, [2.0] * dim], dtype=dtype), 0.5, torch.tensor([0.25, 0.75])
    )
    x = mixture.sample(4000, torch.Generator().manual_seed(seed))
    assert x.shape == (4000, dim) and x.dtype == dtype
    assert ((x[:, 0] > 0).double().mean() - 0.75).abs() < 0.035
    assert (x.double().mean(0) - 1).abs().max() < 0.15
    assert (x[x[:, 0] > 0].double().std() - 0.5).abs() < 0.06
    few = EmpiricalDistribution(drawn(seed, 3, dim, dtype=dtype))
    rows = few.sample(50, torch.Generator().manual_seed(seed))
    assert all((few.data == row).all(1).any() for row in rows)


@given(st.floats(0.01, 50), st.floats(0.01, 5), st.floats(0, 1), st.integers(1, 4))
def test_named_mixtures(radius, std, weight, dim):
    for made, count in ((GaussianMixture.eight_gaussians, 8), (GaussianMixture.three_modes, 3)):
        mixture = made(radius, std)
        angles = torch.arange(count) * 2 * math.pi / count
        wanted = radius * torch.stack([angles.cos(), angles.sin()], 1)
        torch.testing.assert_close(mixture.means, wanted, rtol=1e-5, atol=1e-5 * radius)
        for wrong in ((0.0, std), (radius, 0.0), (-1.0, std), (radius, math.nan)):
            with pytest.raises(ValueError, match="must be"):
                made(*wrong)
    two = GaussianMixture.two_modes(radius, std, dim, weight)
    torch.testing.assert_close(two.weights, torch.tensor([weight, 1 - weight]))
    torch.testing.assert_close((two.means[1] - two.means[0]).norm(), torch.tensor(radius))
    with pytest.raises(ValueError, match="weight must lie in"):
        GaussianMixture.two_modes(weight=1 + std)


@given(st.data(), dtypes)
def test_components_that_are_none(data, dtype):
    means = drawn(data.draw(seeds), 3, 2, dtype=dtype)
    tiny = {} if dtype == torch.float64 else {1e-320}  # 0 in all other types
    for stds in (0.0, -1.0, math.inf, torch.tensor([1.0, 0.0, 1.0]), torch.ones(2), *tiny):
        with pytest.raises(ValueError, match="stds must"):
            GaussianMixture(means, stds)
    for weights in (torch.zeros(3), torch.tensor([1.0, -1.0, 1.0]), torch.ones(4)):
        with pytest.raises(ValueError, match="weights must"):
            GaussianMixture(means, 1.0, weights)
    with pytest.raises(ValueError, match="means must"):
        GaussianMixture(means[0], 1.0)
    with pytest.raises(ValueError, match="data must"):
        EmpiricalDistribution(means[0])
