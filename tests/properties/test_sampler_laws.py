"""samplers: each step against its formula in float64, the loop against its steps, round trips."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import (
    SINGLES,
    batches,
    drawn,
    dtypes,
    mixtures,
    near,
    pairs,
    schedules,
    seeds,
    shapes,
    singles,
)

from utils.mixtures import GaussianMixture
from utils.paths import AffinePath
from utils.samplers import (
    ODE_STEPS,
    count_evaluations,
    ddim_step,
    ddpm_step,
    euler_step,
    heun_step,
    midpoint_step,
    sample_ddim,
    sample_ddpm,
    sample_ode,
    sample_sde,
    walk,
)
from utils.schedulers import CondOT, Cosine

RATES = st.floats(-2, 2)


@given(st.data(), singles, RATES, st.floats(0, 0.5), st.floats(0.01, 0.5))
def test_one_step_on_a_linear_field(data, dtype, a, t, h):
    """x' = a (x + t): what each step gives is a polynomial in h."""
    x = data.draw(batches(data.draw(shapes()), dtype))
    wide, t, h = x.detach().double(), torch.tensor(t).double(), torch.tensor(h).double()
    slope = a * (wide + t)
    middle = a * (wide + h / 2 * slope + t + h / 2)
    end = a * (wide + h * slope + t + h)
    for step, wanted in (
        (euler_step, wide + h * slope),
        (midpoint_step, wide + h * middle),
        (heun_step, wide + h / 2 * (slope + end)),
    ):
        near(step(lambda x, t: a * (x + t), x, t.to(dtype), h.to(dtype)), wanted, dtype, 32, 8)


@given(st.data(), dtypes, RATES, st.integers(1, 6), st.sampled_from(list(ODE_STEPS)))
def test_the_loop_is_its_steps_and_counts_them(data, dtype, a, steps, method):
    x = data.draw(batches(data.draw(shapes()), dtype))
    counted = count_evaluations(lambda x, t: a * x)
    states = sample_ode(counted, x, steps, method, return_trajectory=True)
    assert states.shape == (steps + 1, *x.shape) and states.dtype == dtype
    assert torch.equal(states[0], x) and not states.requires_grad
    assert counted.nfe == steps * (1 if method == "euler" else 2)
    h = 1 / steps
    factor = 1 + a * h if method == "euler" else 1 + a * h + (a * h) ** 2 / 2
    near(states[-1], x.detach().double() * factor**steps, dtype, 16 * steps, 64)
    assert torch.equal(sample_ode(counted, x, steps, method), states[-1])
    grid = torch.linspace(0, 1, steps + 1, dtype=torch.promote_types(dtype, torch.float32))
    assert torch.equal(sample_ode(counted, x, 99, method, time_grid=grid), states[-1])
    visited = walk(lambda x, here, there: x + there - here, x, range(steps + 1), every=True)
    near(visited[-1], x.detach() + steps, dtype, 8, 8)


@given(st.data(), st.sampled_from([CondOT(), Cosine()]), st.sampled_from(["midpoint", "heun"]))
def test_there_and_back(data, s, method):
    shape = data.draw(shapes(most=3, flat=True))
    drawn_one = data.draw(mixtures(shape[1:]))
    wide = GaussianMixture(drawn_one.means, drawn_one.stds + 0.8, drawn_one.weights)
    field, x_0 = wide.velocity_field(s), data.draw(batches(shape))
    grid = torch.linspace(0, 1, 61, dtype=torch.float64)
    ends = sample_ode(field, x_0, method=method, time_grid=grid)
    back = sample_ode(field, ends, method=method, time_grid=grid.flip(0))
    assert (back - x_0).abs().max() < 0.01 < (ends - x_0).abs().max() + 0.02


@given(st.data(), seeds, st.integers(1, 5), st.floats(0.1, 2), st.floats(0.2, 1), singles)
def test_euler_maruyama_step_by_step(data, seed, steps, gamma, end, dtype):
    x = data.draw(batches(data.draw(shapes()), dtype))
    a = -0.7
    found = sample_sde(
        lambda x, t: a * x, x, CondOT(), steps, gamma, torch.Generator().manual_seed(seed),
        t_end=end,
    )  # fmt: skip
    generator, state, h = torch.Generator().manual_seed(seed), x.detach().double(), end / steps
    for i in range(steps):
        t = i * h
        u = a * state
        noise = state - t * u  # x_0 of x_t = t x_1 + (1 - t) x_0 and u = x_1 - x_0
        g = math.sqrt(2 * gamma) * (1 - t)
        score = -noise / (1 - t)
        z = torch.randn(x.shape, dtype=dtype, generator=generator).double()
        state = state + h * (u + g**2 / 2 * score) + g * math.sqrt(h) * z
    near(found, state, dtype, 2000, 8)
    ode = sample_ode(
        lambda x, t: a * x, x, time_grid=torch.linspace(0, end, steps + 1, dtype=dtype)
    )
    near(sample_sde(lambda x, t: a * x, x, CondOT(), steps, 0.0, t_end=end), ode, dtype, 64, 8)


@given(seeds, st.sampled_from([CondOT(), Cosine()]), st.sampled_from([0.0, 0.5, 1.0]))
def test_samplers_arrive_at_the_data(seed, s, gamma):
    """One Gaussian N(3, 0.5^2): mean and width are right whatever the noise on the way."""
    field = GaussianMixture(torch.full((1, 1), 3.0).double(), 0.5).velocity_field(s)
    generator, x_0 = torch.Generator().manual_seed(seed), drawn(seed + 1, 2000, 1)
    x = sample_sde(field, x_0, s, 60, gamma, generator)
    assert (x.mean() - 3).abs() < 0.1 and (x.std() - 0.5).abs() < 0.08


@given(schedules(), pairs(), st.data())
def test_discrete_steps_are_their_formulas(schedule, values, data):
    x, epsilon = values
    k = data.draw(st.integers(0, schedule.T - 1))
    k_next = data.draw(st.integers(-1, k - 1))
    eta = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    noise = drawn(data.draw(seeds), *x.shape, dtype=x.dtype)
    bar = schedule.alpha_bar[k].item()
    bar_next = 1.0 if k_next < 0 else schedule.alpha_bar[k_next].item()
    a, e, z = x.detach().double(), epsilon.detach().double(), noise.double()
    clean = (a - math.sqrt(1 - bar) * e) / math.sqrt(bar)
    s = eta * math.sqrt((1 - bar_next) / (1 - bar) * (1 - bar / bar_next))
    wanted = math.sqrt(bar_next) * clean + math.sqrt(max(0, 1 - bar_next - s**2)) * e + s * z
    near(ddim_step(epsilon, x, k, k_next, schedule, eta, noise), wanted, x.dtype, 8, 8 / bar**0.5)
    for variance in ("beta", "posterior"):
        beta = schedule.betas[k].item()
        before = 1.0 if k == 0 else schedule.alpha_bar[k - 1].item()
        mean = (a - beta / math.sqrt(1 - bar) * e) / math.sqrt(1 - beta)
        spread = beta if variance == "beta" else beta * (1 - before) / (1 - bar)
        wanted = mean + (k > 0) * math.sqrt(spread) * z
        found = ddpm_step(epsilon, x, k, schedule, noise, variance)
        near(found, wanted, x.dtype, 8, 8 / (1 - beta) ** 0.5)
    both = ddim_step(epsilon, x, k, k - 1, schedule, 1.0, noise)  # is DDPM's posterior step
    near(both, ddpm_step(epsilon, x, k, schedule, noise, "posterior"), x.dtype, 16, 8 / bar**0.5)


@given(schedules(), st.data(), st.sampled_from(SINGLES))
def test_discrete_samplers_visit_the_indices_and_undo_the_noise(schedule, data, dtype):
    """A model that knows the clean point comes back to it, in any number of steps."""
    x_0, x_1 = (data.draw(batches((3, 2), dtype)).detach() for _ in range(2))
    T, steps = schedule.T, data.draw(st.integers(1, schedule.T))
    x_T, seen = schedule.sample(x_0, x_1, T - 1), []

    def model(x, t):
        k = round((1 - t.item()) * T) - 1
        seen.append(k)
        return ((x.double() - schedule.alpha(k) * x_1) / schedule.sigma(k)).to(x)

    states = sample_ddim(model, x_T, schedule, steps, return_trajectory=True)
    assert states.shape == (steps + 1, 3, 2) and len(seen) == steps == len({*seen})
    assert seen[0] == T - 1 and seen == sorted(seen, reverse=True) and (steps == 1 or seen[-1] == 0)
    room = 4096 / schedule.alpha(T - 1).item()
    near(states[-1], x_1, dtype, room, 1)
    seen.clear()
    ends = sample_ddpm(model, x_T, schedule, torch.Generator().manual_seed(0))
    assert seen == list(range(T - 1, -1, -1))
    near(ends, x_1, dtype, room, 1)


@given(schedules(most=6), st.data())
def test_calls_that_cannot_be_sampled(schedule, data):
    x = torch.ones(data.draw(shapes()))
    T = schedule.T
    for call in (
        lambda: sample_ddim(lambda x, t: x, x, schedule, T + 1),
        lambda: sample_ddim(lambda x, t: x, x * torch.nan, schedule, 1),
        lambda: sample_ddim(lambda x, t: x[:, :0], x, schedule, 1),
        lambda: ddim_step(x, x, T, 0, schedule),
        lambda: ddim_step(x, x, T - 1, T, schedule),
        lambda: ddim_step(x, x, T - 1, -2, schedule),
        lambda: ddim_step(x, x[None], 0, -1, schedule),
        lambda: ddpm_step(x, x, -1, schedule, x),
        lambda: ddpm_step(x, x, 0, schedule, x, "learned"),
        lambda: sample_ode(lambda x, t: x[None], x),
        lambda: sample_ode(lambda x, t: x, x, method="rk4"),
        lambda: sample_ode(lambda x, t: x, x, time_grid=torch.tensor([0.0, 1.5])),
        lambda: sample_sde(lambda x, t: x, x, CondOT(), noise_scale=-1.0),
        lambda: sample_sde(lambda x, t: x, x, CondOT(), t_end=0.0),
    ):
        with pytest.raises(ValueError):
            call()
    for call in (
        lambda: sample_ddim(lambda x, t: x, x, CondOT(), 1),
        lambda: sample_ddpm(lambda x, t: x, x, None),
        lambda: ddim_step(x, x, 0.0, -1, schedule),
        lambda: ddim_step(x, x, T - 1, -1.0, schedule),
        lambda: ddim_step(x, x, True, -1, schedule),
        lambda: ddim_step(x.tolist(), x, 0, -1, schedule),
        lambda: ddpm_step(x.double(), x, 0, schedule),
        lambda: ddpm_step(x, x, 0, "schedule"),
        lambda: sample_ode(lambda x, t: x, x.long()),
        lambda: sample_ode(lambda x, t: x, x, steps=2.0),
        lambda: sample_sde(lambda x, t: x, x, schedule),
        lambda: count_evaluations(None),
    ):
        with pytest.raises(TypeError):
            call()
    assert AffinePath(CondOT()).scheduler == CondOT()
