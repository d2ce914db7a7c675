"""Closed forms against autograd, Monte Carlo, finite differences and each other."""

import math

import pytest
import torch

from utils import posterior
from utils.mixtures import EmpiricalDistribution, GaussianMixture
from utils.paths import AffinePath
from utils.samplers import sample_ddim, sample_ode
from utils.schedulers import VP, CondOT, Cosine, DiscreteVP

SCHEDULERS = [CondOT(), Cosine(), VP()]
TIMES = [0.0, 0.1, 0.5, 0.9, 1.0]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=seeded(seed), dtype=torch.float64)


@pytest.fixture
def mixture():
    """Three unequal components in the plane, float64."""
    means = torch.tensor([[2.0, 0.0], [-1.0, 1.5], [0.5, -2.0]], dtype=torch.float64)
    stds = torch.tensor([0.3, 0.8, 1.4], dtype=torch.float64)
    return GaussianMixture(means, stds, torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64))


def scalar(t):
    return torch.tensor(t, dtype=torch.float64)


def test_samples_have_the_mixture_mean_and_covariance(mixture):
    x = mixture.sample(200_000, seeded())
    w, m = mixture.weights, mixture.means
    mean = (w[:, None] * m).sum(0)
    second = torch.einsum("k,ki,kj->ij", w, m, m) + (w * mixture.stds**2).sum() * torch.eye(2)
    assert (x.mean(0) - mean).abs().max() < 0.015
    assert (x.T.cov() - (second - torch.outer(mean, mean))).abs().max() < 0.03
    assert x.dtype == torch.float64
    assert torch.equal(mixture.sample(5, seeded(1)), mixture.sample(5, seeded(1)))


def test_density_integrates_to_one(mixture):
    grid = torch.linspace(-10, 10, 401, dtype=torch.float64)
    x = torch.cartesian_prod(grid, grid)
    total = mixture.log_density(x).exp().sum() * (grid[1] - grid[0]) ** 2
    assert total.item() == pytest.approx(1.0, abs=1e-6)


def test_density_of_one_gaussian_is_the_normal_density():
    one = GaussianMixture(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([0.7]))
    x = randn(10, 3).float()
    expected = torch.distributions.Normal(one.means[0], 0.7).log_prob(x).sum(1)
    assert torch.allclose(one.log_density(x), expected, atol=1e-5)


def test_density_far_away_does_not_underflow(mixture):
    assert torch.isfinite(mixture.log_density(torch.full((1, 2), 1e4, dtype=torch.float64))).all()


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_marginal_is_the_distribution_of_the_path(mixture, scheduler):
    t = scalar(0.6)
    x_t = AffinePath(scheduler).sample(randn(200_000, 2), mixture.sample(200_000, seeded(1)), t).x_t
    marginal = mixture.marginal(t, scheduler)
    y = marginal.sample(200_000, seeded(2))
    for f in (
        lambda z: z,
        lambda z: z**2,
        lambda z: z[:, :1] * z[:, 1:],
        lambda z: torch.sin(3 * z),
    ):
        assert (f(x_t).mean(0) - f(y).mean(0)).abs().max() < 0.05
    assert torch.equal(mixture.marginal(0.6, scheduler).means, marginal.means)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_score_is_the_gradient_of_the_log_density(mixture, scheduler, t):
    x = (2 * randn(50, 2)).requires_grad_()
    (gradient,) = torch.autograd.grad(mixture.marginal(t, scheduler).log_density(x).sum(), x)
    assert torch.allclose(mixture.score(x, t, scheduler), gradient, atol=1e-9)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_epsilon_is_minus_sigma_times_score(mixture, scheduler, t):
    x = 2 * randn(50, 2)
    expected = -scheduler.sigma(scalar(t)) * mixture.score(x, t, scheduler)
    assert torch.allclose(mixture.epsilon(x, t, scheduler), expected, atol=1e-9)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_posterior_means_solve_the_path_equation(mixture, scheduler, t):
    x, time = 2 * randn(50, 2), scalar(t)
    target = mixture.posterior_mean(x, time, scheduler)
    epsilon = mixture.epsilon(x, time, scheduler)
    assert torch.allclose(scheduler.alpha(time) * target + scheduler.sigma(time) * epsilon, x)
    if t < 1:  # VP's d_sigma is infinite at 1
        velocity = scheduler.d_alpha(time) * target + scheduler.d_sigma(time) * epsilon
        assert torch.allclose(mixture.velocity(x, time, scheduler), velocity)


def test_posterior_mean_against_monte_carlo(mixture):
    """Weigh draws of x_1 by how likely they make x_t: no formula of the module is used."""
    scheduler, t = Cosine(), scalar(0.45)
    x = randn(6, 2)
    x_1 = mixture.sample(400_000, seeded(3))
    alpha, sigma = scheduler.alpha(t), scheduler.sigma(t)
    weight = torch.softmax(-0.5 * (torch.cdist(x, alpha * x_1) / sigma) ** 2, dim=1)
    assert (mixture.posterior_mean(x, t, scheduler) - weight @ x_1).abs().max() < 0.02


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_posterior_mean_at_the_two_ends(mixture, scheduler):
    x = 2 * randn(20, 2)
    assert torch.allclose(mixture.posterior_mean(x, 1.0, scheduler), x, atol=1e-9)
    if not isinstance(scheduler, VP):  # VP keeps a trace of data at t = 0
        mean = (mixture.weights[:, None] * mixture.means).sum(0).expand(20, 2)
        assert torch.allclose(mixture.posterior_mean(x, 0.0, scheduler), mean, atol=1e-9)


@pytest.mark.parametrize("t", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_velocity_obeys_the_continuity_equation(mixture, scheduler, t):
    r"""d/dt log p + div u + u . grad log p = 0, each term by autograd or a central difference."""
    x, h = (1.5 * randn(40, 2)).requires_grad_(), 1e-5
    u = mixture.velocity(x, t, scheduler)
    divergence = sum(
        torch.autograd.grad(u[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(2)
    )
    with torch.no_grad():
        later, earlier = (mixture.marginal(t + step, scheduler).log_density(x) for step in (h, -h))
        change = (later - earlier) / (2 * h)
        flow = (u * mixture.score(x, t, scheduler)).sum(1)
    assert (change + divergence + flow).abs().max() < 1e-5
    assert change.abs().max() > 0.1  # the test would notice a velocity of zero


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_velocity_carries_noise_to_data(mixture, scheduler):
    x_1 = sample_ode(mixture.velocity_field(scheduler), randn(20_000, 2), 100, "midpoint")
    y = mixture.sample(20_000, seeded(4))
    assert (x_1.mean(0) - y.mean(0)).abs().max() < 0.05
    assert (x_1.T.cov() - y.T.cov()).abs().max() < 0.15


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_velocity_is_finite_and_continuous_at_both_ends_in_float32(scheduler):
    mixture = GaussianMixture.eight_gaussians()
    x = mixture.sample(100, seeded())
    for end, near in ((0.0, 1e-4), (1.0, 1 - 1e-4)):
        u, v = (mixture.velocity(x, t, scheduler) for t in (end, near))
        assert u.dtype == torch.float32 and torch.isfinite(u).all()
        assert (u - v).abs().max() < 0.03 * max(u.abs().max().item(), 1.0)


@pytest.mark.parametrize("t", [0.3, 0.8])
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_velocity_variance_is_the_gap_of_the_two_losses(mixture, scheduler, t):
    n = 300_000
    sample = AffinePath(scheduler).sample(randn(n, 2), mixture.sample(n, seeded(5)), scalar(t))
    gap = sample.dx_t - mixture.velocity(sample.x_t, t, scheduler)
    variance = mixture.velocity_variance(sample.x_t, t, scheduler)
    assert variance.shape == (n,)
    assert gap.square().sum(1).mean().item() == pytest.approx(variance.mean().item(), rel=0.015)
    # Not only on average: also given which side x_t lies on.
    left = sample.x_t[:, 0] < -0.5
    by_side = gap[left].square().sum(1).mean().item()
    assert by_side == pytest.approx(variance[left].mean().item(), rel=0.03)


METHODS = [
    "responsibilities", "posterior_mean", "epsilon", "score", "velocity", "velocity_variance"
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_a_time_for_each_sample_equals_one_at_a_time(mixture, method, monkeypatch):
    x, t = randn(7, 2), torch.linspace(0.05, 0.95, 7, dtype=torch.float64)
    call = getattr(mixture, method)
    together = call(x, t, Cosine())
    apart = torch.cat([call(x[i : i + 1], t[i], Cosine()) for i in range(7)])
    assert torch.allclose(together, apart)
    monkeypatch.setattr(posterior, "_BLOCK", 12)  # two samples in a piece
    assert torch.allclose(call(x, t, Cosine()), together)
    assert torch.allclose(call(x, t[2], Cosine())[2:3], apart[2:3])


def test_responsibilities_sum_to_one_and_find_the_component(mixture):
    r = mixture.responsibilities(mixture.means * 0.99, 0.99, CondOT())
    assert torch.allclose(r.sum(1), torch.ones(3, dtype=torch.float64))
    assert r[0, 0] > 0.8


def test_results_follow_the_dtype_of_the_points(mixture):
    x = randn(4, 2).float()
    for method in METHODS:
        assert getattr(mixture, method)(x, torch.full((4,), 0.5), VP()).dtype == torch.float32


def test_epsilon_model_is_exact_at_every_step_of_the_schedule(mixture):
    schedule = DiscreteVP()
    model, x = mixture.epsilon_model(schedule), randn(5, 2)
    for k in (0, 1, 499, 998, 999):
        alpha, sigma = schedule.alpha(k), schedule.sigma(k)
        at_k = GaussianMixture(
            alpha * mixture.means,
            ((alpha * mixture.stds) ** 2 + sigma**2).sqrt(),
            mixture.weights,
        )
        y = x.clone().requires_grad_()
        (score,) = torch.autograd.grad(at_k.log_density(y).sum(), y)
        for t in (schedule.time(k), schedule.time(k).float()):  # float32 must round to the same k
            assert torch.allclose(model(x, t), -sigma * score)
    k = torch.tensor([0, 10, 200, 700, 999])
    apart = torch.cat([model(x[i : i + 1], schedule.time(k[i])) for i in range(5)])
    assert torch.allclose(model(x, schedule.time(k)), apart)


def test_epsilon_model_drives_ddim_to_the_data():
    mixture = GaussianMixture.two_modes(separation=4.0, std=0.3)
    schedule = DiscreteVP()
    x = sample_ddim(mixture.epsilon_model(schedule), randn(4_000, 2).float(), schedule, steps=100)
    assert (x[:, 0] > 0).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert x[:, 0].abs().mean().item() == pytest.approx(2.0, abs=0.05)
    assert x[:, 1].std().item() == pytest.approx(0.3, abs=0.05)


def test_named_mixtures():
    ring = GaussianMixture.eight_gaussians(radius=2.0, std=0.1)
    assert ring.means.shape == (8, 2) and ring.means.dtype == torch.float32
    assert torch.allclose(ring.means.norm(dim=1), torch.full((8,), 2.0))
    assert ring.weights.sum().item() == pytest.approx(1.0)
    pair = GaussianMixture.two_modes(separation=3.0, std=0.2, dim=1, weight=0.25)
    assert pair.means.tolist() == [[-1.5], [1.5]] and pair.weights.tolist() == [0.25, 0.75]


def test_a_component_of_weight_zero_does_no_harm():
    pair = GaussianMixture.two_modes(weight=1.0)
    assert torch.isfinite(pair.log_density(torch.zeros(1, 2))).all()
    assert torch.isfinite(pair.velocity(torch.zeros(1, 2), 0.5, CondOT())).all()
    assert (pair.sample(100, seeded())[:, 0] < 0).all()


# Finite data sets


def test_empirical_is_the_limit_of_narrow_gaussians():
    data, x = randn(6, 2), randn(9, 2, seed=1)
    exact = EmpiricalDistribution(data)
    narrow = GaussianMixture(data, torch.full((6,), 1e-7, dtype=torch.float64))
    for method in METHODS:
        for scheduler in SCHEDULERS:
            a, b = (getattr(p, method)(x, 0.7, scheduler) for p in (exact, narrow))
            assert torch.allclose(a, b, atol=1e-6), (method, scheduler)


def test_empirical_posterior_mean_by_hand():
    data = torch.tensor([[0.0, 0.0], [2.0, 0.0]], dtype=torch.float64)
    x = torch.tensor([[0.25, 7.0]], dtype=torch.float64)
    # t = 1/2: squared distances to t * data differ by (0.75^2 - 0.25^2) = 0.5; 2 sigma^2 = 0.5.
    second = 1 / (1 + math.exp(0.5 / 0.5))
    got = EmpiricalDistribution(data).posterior_mean(x, 0.5, CondOT())
    assert got[0].tolist() == pytest.approx([2 * second, 0.0])


def test_empirical_score_is_the_gradient_of_its_marginal():
    data = randn(5, 2)
    x = randn(8, 2, seed=1).requires_grad_()
    distribution = EmpiricalDistribution(data)
    marginal = distribution.marginal(0.6, VP())
    (gradient,) = torch.autograd.grad(marginal.log_density(x).sum(), x)
    assert torch.allclose(distribution.score(x, 0.6, VP()), gradient)


def test_empirical_flow_reproduces_the_data_set_and_takes_images():
    data = randn(12, 1, 4, 4).float()
    distribution = EmpiricalDistribution(data)
    x = sample_ode(distribution.velocity_field(CondOT()), randn(64, 1, 4, 4, seed=1).float(), 50)
    nearest = lambda y: (y[:, None] - data).flatten(2).norm(dim=2).min(dim=1).values  # noqa: E731
    assert x.shape == (64, 1, 4, 4)
    assert nearest(x).max() < 1e-4
    assert distribution.epsilon_model(DiscreteVP())(x, torch.tensor(0.5)).shape == x.shape
    assert (nearest(distribution.sample(30, seeded())) == 0).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=str)
def test_empirical_refuses_clean_data(method, scheduler):
    with pytest.raises(ValueError, match="noise"):
        getattr(EmpiricalDistribution(randn(3, 2)), method)(randn(2, 2), 1.0, scheduler)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: GaussianMixture([[0.0]], 1.0), TypeError, "means"),
        (lambda m: GaussianMixture(torch.zeros(3), 1.0), ValueError, r"means.*\(3,\)"),
        (lambda m: GaussianMixture(torch.zeros(0, 2), 1.0), ValueError, "means must not be empty"),
        (lambda m: GaussianMixture(torch.zeros(2, 2), torch.ones(3)), ValueError, r"stds.*\(2,\)"),
        (lambda m: GaussianMixture(torch.zeros(2, 2), 0.0), ValueError, "stds"),
        (lambda m: GaussianMixture(torch.zeros(2, 2), "1"), TypeError, "stds"),
        (lambda m: GaussianMixture(torch.zeros(1, 2), 1.0, torch.zeros(1)), ValueError, "weights"),
        (lambda m: GaussianMixture(torch.zeros(1, 2), 1.0, torch.ones(2)), ValueError, "weights"),
        (lambda m: GaussianMixture.eight_gaussians(radius=-1.0), ValueError, "radius"),
        (lambda m: GaussianMixture.three_modes(radius=0), ValueError, "radius"),
        (lambda m: GaussianMixture.three_modes(weights=(1, 1)), ValueError, "weights must have"),
        (lambda m: GaussianMixture.two_modes(weight=1.5), ValueError, "weight"),
        (lambda m: EmpiricalDistribution(torch.zeros(0, 2)), ValueError, "data"),
        (lambda m: EmpiricalDistribution(torch.zeros(4)), ValueError, "data"),
        (lambda m: EmpiricalDistribution(randn(2, 2)).marginal(1.0, VP()), ValueError, "noise"),
        (lambda m: m.sample(0), ValueError, "n must"),
        (lambda m: m.log_density(randn(3, 4)), ValueError, r"x must have shape \(B, 2\)"),
        (lambda m: m.log_density(torch.full((1, 2), math.nan)), ValueError, "x must be finite"),
        (lambda m: m.velocity(randn(3, 2), 1.5, CondOT()), ValueError, "t must lie.*1.5"),
        (lambda m: m.velocity(randn(3, 2), torch.rand(2), CondOT()), ValueError, r"t must.*\(2,\)"),
        (lambda m: m.velocity(randn(3, 2), "0", CondOT()), TypeError, "t must"),
        (lambda m: m.velocity(randn(3, 2), 0.5, "condot"), TypeError, "scheduler.*'condot'"),
        (lambda m: m.velocity_field(None), TypeError, "scheduler"),
        (lambda m: m.marginal(torch.rand(3), CondOT()), ValueError, "t must be a number"),
        (lambda m: m.epsilon_model(CondOT()), TypeError, "schedule"),
        (lambda m: m.epsilon_model(DiscreteVP())(randn(2, 2), 1.0), ValueError, "t must"),
    ],
)
def test_bad_input_is_refused(mixture, call, error, message):
    with pytest.raises(error, match=message):
        call(mixture)


def test_three_modes_are_unequal_and_as_far_from_each_other():
    mixture = GaussianMixture.three_modes(radius=2.0, std=0.1)
    torch.testing.assert_close(mixture.weights, torch.tensor([0.6, 0.3, 0.1]))
    torch.testing.assert_close(mixture.means[0], torch.tensor([2.0, 0.0]))
    sides = torch.pdist(mixture.means)
    torch.testing.assert_close(sides, torch.full((3,), 2 * 3**0.5))
