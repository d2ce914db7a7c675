import pytest
import torch

from utils.metrics import wasserstein2
from utils.mixtures import GaussianMixture
from utils.paths import VP, CondOT, Cosine, DiscreteVP, ddpm_betas
from utils.samplers import (
    count_evaluations,
    ddim_step,
    sample_ddim,
    sample_ddpm,
    sample_ode,
    sample_sde,
)

MIXTURE = GaussianMixture.eight_gaussians(radius=1.0, std=0.1)
SCHEDULE = DiscreteVP()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2)])
def test_order_of_convergence(method, order):
    wide = GaussianMixture(
        torch.tensor([[-1.0, 0.5], [1.5, -0.5]], dtype=torch.float64),
        torch.tensor([0.7, 0.9], dtype=torch.float64),
    )
    field = wide.velocity_field(Cosine())
    x_0 = torch.randn(50, 2, dtype=torch.float64, generator=generator())
    reference = sample_ode(field, x_0, steps=4096, method="midpoint")
    steps = torch.tensor([32, 64, 128, 256])
    errors = torch.tensor(
        [(sample_ode(field, x_0, int(n), method) - reference).norm(dim=1).mean() for n in steps]
    )
    slopes = (errors[:-1] / errors[1:]).log2()
    assert (slopes - order).abs().max() < 0.15, slopes


def draws(sampler, repeats=4, n=500):
    """Mean W2 to fresh data, and the mean and spread of data against data."""
    g = generator(1)
    found, baseline = [], []
    for _ in range(repeats):
        data = MIXTURE.sample(n, generator=g)
        found.append(wasserstein2(sampler(torch.randn(n, 2, generator=g), g), data))
        baseline.append(wasserstein2(MIXTURE.sample(n, generator=g), data))
    baseline = torch.tensor(baseline)
    return sum(found) / repeats, baseline.mean(), baseline.std()


def ode(method, scheduler):
    return lambda x, g: sample_ode(MIXTURE.velocity_field(scheduler), x, 200, method)


def sde(scale, scheduler):
    field = MIXTURE.velocity_field(scheduler)
    return lambda x, g: sample_sde(field, x, scheduler, 400, scale, generator=g)


EXACT = MIXTURE.epsilon_model(SCHEDULE)
SAMPLERS = {
    "euler": ode("euler", CondOT()),
    "midpoint": ode("midpoint", CondOT()),
    "heun": ode("heun", Cosine()),
    "euler vp": ode("euler", VP()),
    "sde 0.5": sde(0.5, CondOT()),
    "sde 1": sde(1.0, CondOT()),
    "sde 2 cosine": sde(2.0, Cosine()),
    "ddim": lambda x, g: sample_ddim(EXACT, x, SCHEDULE, steps=200),
    "ddim eta 1": lambda x, g: sample_ddim(EXACT, x, SCHEDULE, 1000, 1.0, generator=g),
    "ddpm beta": lambda x, g: sample_ddpm(EXACT, x, SCHEDULE, generator=g),
    "ddpm posterior": lambda x, g: sample_ddpm(EXACT, x, SCHEDULE, g, "posterior"),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_exact_field_gives_the_data(name):
    found, baseline, spread = draws(SAMPLERS[name])
    # A mean of 4 draws: within 4 standard deviations of one draw is generous to chance only.
    assert found < baseline + 4 * spread + 0.02, (found, baseline, spread)


def test_a_wrong_sampler_is_caught():
    found, baseline, spread = draws(ode("euler", CondOT()))
    wrong, *_ = draws(lambda x, g: sample_ode(lambda x, t: -MIXTURE.velocity(x, t, CondOT()), x))
    assert wrong > baseline + 4 * spread + 0.02 > found


def test_ddim_is_euler_in_rescaled_coordinates():
    x = torch.randn(64, 2, dtype=torch.float64, generator=generator())
    k, k_next = 700, 400
    epsilon = torch.randn(64, 2, dtype=torch.float64, generator=generator(1))
    alpha, sigma = (f(torch.tensor([k, k_next])) for f in (SCHEDULE.alpha, SCHEDULE.sigma))
    y, ratio = x / alpha[0], sigma / alpha
    by_euler = alpha[1] * (y + (ratio[1] - ratio[0]) * epsilon)
    torch.testing.assert_close(ddim_step(epsilon, x, k, k_next, SCHEDULE), by_euler)


def test_ddim_with_eta_one_is_ddpm_with_the_posterior_variance():
    schedule = DiscreteVP(ddpm_betas(100, 1e-3, 0.1))
    model = MIXTURE.epsilon_model(schedule)
    x = torch.randn(32, 2, generator=generator())
    ddim = sample_ddim(model, x, schedule, 100, eta=1.0, generator=generator(2))
    ddpm = sample_ddpm(model, x, schedule, generator=generator(2), variance="posterior")
    torch.testing.assert_close(ddim, ddpm, rtol=1e-3, atol=1e-3)


def test_the_same_generator_gives_the_same_samples_bit_for_bit():
    x = torch.randn(16, 2, generator=generator())
    short = DiscreteVP(ddpm_betas(50, 1e-3, 0.2))
    model = MIXTURE.epsilon_model(short)
    first, second, third = (sample_ddpm(model, x, short, generator(s)) for s in (3, 3, 4))
    assert torch.equal(first, second) and not torch.equal(first, third)
    assert torch.equal(sample_ddim(model, x, short, 10), sample_ddim(model, x, short, 10))


def test_sde_without_noise_is_the_ode():
    field = MIXTURE.velocity_field(CondOT())
    x = torch.randn(16, 2, generator=generator())
    torch.testing.assert_close(
        sample_sde(field, x, CondOT(), 20, 0.0), sample_ode(field, x, steps=20)
    )


@pytest.mark.parametrize(("method", "calls"), [("euler", 7), ("midpoint", 14), ("heun", 14)])
def test_evaluations_are_counted(method, calls):
    field = count_evaluations(MIXTURE.velocity_field(CondOT()))
    sample_ode(field, torch.randn(4, 2), steps=7, method=method)
    assert field.nfe == calls


def test_trajectory_has_every_state():
    x = torch.randn(5, 2)
    run = sample_ode(MIXTURE.velocity_field(CondOT()), x, 9, return_trajectory=True)
    assert run.shape == (10, 5, 2) and torch.equal(run[0], x)
    end = sample_ode(MIXTURE.velocity_field(CondOT()), x, 9)
    assert torch.equal(run[-1], end)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float64])
def test_a_model_sees_the_time_of_its_index(dtype):
    seen, x = [], torch.randn(3, 2, generator=generator()).to(dtype)
    model = lambda x, t: seen.append(t) or torch.zeros_like(x)  # noqa: E731
    schedule = DiscreteVP(ddpm_betas(40))
    sample_ddpm(model, x, schedule)
    sample_ddim(model, x, schedule, steps=2)
    fine = torch.promote_types(dtype, torch.float32)
    for t, k in zip(seen, [*reversed(range(40)), 39, 0], strict=True):
        assert t.ndim == 0 and t.dtype == fine and t == schedule.time(k).to(fine)


@pytest.mark.parametrize("k", [-1, 1000, True, 1.0, torch.tensor([3, 1000])])
def test_an_index_is_checked_as_a_number_and_as_a_tensor(k):
    assert SCHEDULE.check_index("k", 999).equal(SCHEDULE.check_index("k", torch.tensor(999)))
    with pytest.raises((TypeError, ValueError), match="k must"):
        SCHEDULE.check_index("k", k)
