"""schedulers and paths: derivatives, ends, marginals, round trips, and float64 as the judge."""

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import (
    EPS,
    batches,
    drawn,
    dtypes,
    near,
    pairs,
    schedulers,
    schedules,
    seeds,
    shapes,
    singles,
    times,
    wide,
)

from utils.paths import PREDICTIONS, AffinePath
from utils.schedulers import VP, CondOT, Cosine, DiscreteVP, cosine_betas, ddpm_betas

KINDS = st.sampled_from(PREDICTIONS)
BEYOND = st.sampled_from([-0.01, 1.01, math.nan, -math.inf])


def by_hand(s, t):
    """(alpha, sigma) from their definitions, in float64."""
    if isinstance(s, CondOT):
        return t, 1 - t
    if isinstance(s, Cosine):
        return torch.sin(math.pi / 2 * t), torch.cos(math.pi / 2 * t)
    integral = s.beta_min * (1 - t) + (s.beta_max - s.beta_min) * (1 - t) ** 2 / 2
    return torch.exp(-integral / 2), (1 - torch.exp(-integral)).clamp(min=0).sqrt()


@given(schedulers, st.data())
def test_schedulers_are_what_they_are_defined_to_be(s, data):
    t = data.draw(times(4, torch.float64, numbers=False))
    alpha, sigma = by_hand(s, t)
    torch.testing.assert_close(s.alpha(t), alpha, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(s.sigma(t), sigma, rtol=1e-6, atol=1e-7)
    h = 1e-6
    inside = t.clamp(2 * h, 1 - 2e-3)
    ahead, behind = by_hand(s, inside + h), by_hand(s, inside - h)
    for found, b, a in zip((s.d_alpha, s.d_sigma), ahead, behind, strict=True):
        torch.testing.assert_close(found(inside), (b - a) / (2 * h), rtol=1e-4, atol=1e-4)
    product = s.sigma(inside) * s.d_sigma(inside)
    torch.testing.assert_close(s.sigma_d_sigma(inside), product, rtol=1e-9, atol=1e-12)


@given(schedulers, dtypes)
@example(VP(1e-51, 1.0), torch.float32)  # 0 as a float32
def test_the_ends(s, dtype):
    start, end = torch.zeros(2, 1, dtype=dtype), torch.ones((), dtype=dtype)
    assert s.alpha(end) == 1 and s.sigma(end) == 0
    assert s.alpha(start).shape == (2, 1) and s.alpha(start).dtype == dtype
    alpha, sigma = (v.double() for v in by_hand(s, start.double()))
    near(s.alpha(start), alpha, dtype)
    near(s.sigma(start), sigma, dtype)
    assert s.sigma_d_sigma(end).isfinite() and s.d_alpha(end).isfinite()
    slope = s.d_sigma(end)
    assert not slope.isnan() and slope < 0
    assert slope.isfinite() != (isinstance(s, VP) and s.beta_min > 0)  # however small, in any type


@given(st.floats(0.1, 20))
def test_vp_without_noise_at_the_data_has_a_finite_slope(beta):
    s, near_end = VP(0.0, beta), torch.tensor(1 - 1e-5, dtype=torch.float64)
    slope = s.d_sigma(torch.ones((), dtype=torch.float64))
    torch.testing.assert_close(s.d_sigma(near_end), slope, rtol=1e-4, atol=0)


@given(schedulers, BEYOND, KINDS)
def test_times_outside_are_refused(s, t, kind):
    t, path = torch.tensor([0.5, t]), AffinePath(s)
    calls = [s.alpha, s.sigma, s.d_alpha, s.d_sigma, s.sigma_d_sigma]
    calls += [lambda t: path.row(kind, t), lambda t: path.determinant(kind, t)]
    calls += [lambda t: path.sample(torch.ones(2, 1), torch.ones(2, 1), t)]
    for call in calls:
        with pytest.raises(ValueError, match="t must lie in"):
            call(t)
        for wrong in (torch.ones(2, dtype=torch.int64), "now"):
            with pytest.raises(TypeError):
                call(wrong)


@given(schedulers, pairs(), st.data())
def test_a_path_is_linear_between_its_ends(s, ends, data):
    x_0, x_1 = ends
    t = data.draw(times(len(x_0), high=0.99))
    sample = AffinePath(s).sample(x_0, x_1, t)
    now, a, b = wide(t, x_0), x_1.detach().double(), x_0.detach().double()
    near(sample.x_t, s.alpha(now) * a + s.sigma(now) * b, x_0.dtype, 8, 8)
    slope = s.d_alpha(now) * a + s.d_sigma(now) * b
    near(sample.dx_t, slope, x_0.dtype, 8, 8 + s.d_sigma(now).abs().max().item() * 400)
    assert sample.x_0 is x_0 and sample.x_1 is x_1
    assert sample.x_t.requires_grad == (x_0.requires_grad or x_1.requires_grad)
    assert torch.equal(AffinePath(s).point(x_0, x_1, t), sample.x_t)
    assert torch.equal(AffinePath(s).point(x_0, x_1, 1.0), x_1)
    if s.d_sigma(torch.ones(())).isfinite():
        assert torch.equal(AffinePath(s).sample(x_0, x_1, 1.0).x_t, x_1)
    else:  # never a velocity that is no number: not for one sample among many, either
        for t in (1.0, torch.tensor([0.5] * (len(x_0) - 1) + [1.0])):
            with pytest.raises(ValueError, match=r"infinite at t=1\.0"):
                AffinePath(s).sample(x_0, x_1, t)


@given(schedulers, st.data())
def test_rows_are_what_they_are_defined_to_be(s, data):
    t = data.draw(times(3, low=0.05, high=0.95, numbers=False))
    alpha, sigma = by_hand(s, t)
    rows = {
        "target": (1 + 0 * t, 0 * t),
        "epsilon": (0 * t, 1 + 0 * t),
        "velocity": (s.d_alpha(t), s.d_sigma(t)),
        "score": (0 * t, -1 / sigma),
        "v": (-sigma, alpha),
    }
    for kind, (a, b) in rows.items():
        torch.testing.assert_close(AffinePath(s).row(kind, t), (a, b), rtol=1e-6, atol=1e-7)
        wanted = alpha * b - sigma * a
        found = AffinePath(s).determinant(kind, t)
        torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-7)


@given(schedulers, pairs(dtype=singles), KINDS, KINDS, st.data())
def test_every_prediction_leads_to_every_other_and_back(s, ends, source, target, data):
    x_0, x_1 = (x.double() for x in ends)
    t = data.draw(times(len(x_0), low=0.05, high=0.95))
    path, now = AffinePath(s), wide(t, x_0)
    x_t = path.sample(x_0, x_1, t).x_t

    def value(kind):
        a, b = path.row(kind, now)
        return a * x_1 + b * x_0

    if min(path.determinant(k, now).abs().min() for k in (source, target)) < 1e-2:
        return
    found = path.convert(x_t, t, value(source), source, target)
    torch.testing.assert_close(found, value(target), rtol=1e-6, atol=1e-6)
    back = path.convert(x_t, t, found, target, source)
    torch.testing.assert_close(back, value(source), rtol=1e-6, atol=1e-6)
    one, other = path.solve(x_t, t, value(source), source)
    torch.testing.assert_close(one, x_1, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(other, x_0, rtol=1e-6, atol=1e-6)


@given(schedulers, pairs(), KINDS, KINDS)
def test_what_cannot_be_had_is_refused_and_never_infinite(s, ends, source, target):
    x, value = ends
    for t in (0.0, 1.0):
        try:
            found = AffinePath(s).convert(x, t, value, source, target)
        except ValueError as error:
            assert f"at t={t}" in str(error)
        else:
            assert found.isfinite().all() and found.dtype == x.dtype
    with pytest.raises(ValueError, match="kind must be one of"):
        AffinePath(s).convert(x, 0.5, value, "noise", target)
    with pytest.raises(ValueError, match="must have the same shape"):
        AffinePath(s).convert(x, 0.5, value[None], source, target)


@given(st.floats(0, 9), st.floats(0, 9))
def test_vp_takes_rates_in_order(low, high):
    if high < low or high == 0:
        with pytest.raises(ValueError, match="beta_max must be positive"):
            VP(low, high)
    else:
        assert VP(low, high).beta_max == high


@given(st.integers(1, 300), st.floats(1e-6, 0.99), st.floats(1e-6, 0.99), st.floats(0, 2))
def test_betas(T, first, last, s):
    linear = ddpm_betas(T, first, last)
    wanted = [first + (last - first) * k / max(1, T - 1) for k in range(T)]
    torch.testing.assert_close(linear, torch.tensor(wanted, dtype=torch.float64))

    def f(k):
        return math.cos((k / T + s) / (1 + s) * math.pi / 2) ** 2

    cosine = cosine_betas(T, s, last)
    wanted = [min(1 - f(k + 1) / f(k), last) for k in range(T)]
    torch.testing.assert_close(cosine, torch.tensor(wanted, dtype=torch.float64))
    for wrong in (0.0, 1.0, -0.1):
        with pytest.raises(ValueError, match="beta_end must lie in"):
            ddpm_betas(T, first, wrong) if wrong >= 0 else ddpm_betas(T, first, 1.5)
        with pytest.raises(ValueError, match="beta_max must"):
            cosine_betas(T, s, wrong)


@given(schedules(), pairs(), st.data())
def test_a_discrete_schedule_is_the_product_of_its_steps(schedule, ends, data):
    x_0, x_1 = ends
    kind = data.draw(st.sampled_from([torch.uint8, torch.int8, torch.int32, torch.int64]))
    index = st.integers(0, schedule.T - 1)
    k = data.draw(st.lists(index, min_size=len(x_0), max_size=len(x_0)))
    bars = [math.prod(1 - b for b in schedule.betas[: i + 1].tolist()) for i in k]
    bar = torch.tensor(bars, dtype=torch.float64)
    steps = torch.tensor(k).to(kind)
    torch.testing.assert_close(schedule.alpha(steps), bar.sqrt())
    torch.testing.assert_close(schedule.sigma(steps), (1 - bar).sqrt(), rtol=1e-6, atol=1e-9)
    back = ((1 - schedule.time(steps)) * schedule.T).round() - 1
    assert back.tolist() == k
    alpha, sigma = (v.reshape(-1, *[1] * (x_0.ndim - 1)) for v in (bar.sqrt(), (1 - bar).sqrt()))
    found = schedule.sample(x_0, x_1, steps)
    near(found, alpha * x_1.detach().double() + sigma * x_0.detach().double(), x_0.dtype, 4, 8)
    for wrong in (-1, schedule.T, 2**40, torch.tensor([-1])):
        with pytest.raises(ValueError, match="k must lie in"):
            schedule.check_index("k", wrong)
    for wrong in (1.0, True, None, "1", torch.tensor(1.0)):
        with pytest.raises(TypeError, match="k must be"):
            schedule.alpha(wrong)


@given(schedules(), st.data(), seeds)
def test_a_step_of_the_chain_keeps_and_adds_what_it_says(schedule, data, seed):
    x = data.draw(batches(data.draw(shapes()), data.draw(dtypes)))
    k = data.draw(st.integers(0, schedule.T - 1))
    noise = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(seed))
    beta = schedule.betas[k].item()
    wanted = (1 - beta) ** 0.5 * x.detach().double() + beta**0.5 * noise.double()
    found = schedule.step(x, k, torch.Generator().manual_seed(seed))
    near(found, wanted, x.dtype, 4, 8)
    with pytest.raises(ValueError, match="k must be one index"):
        schedule.step(x, torch.tensor([0, 0]))


@given(st.sampled_from([torch.full((3000,), 0.9), torch.full((3,), 1e-20).double()]))
def test_schedules_that_leave_nothing_are_refused(betas):
    with pytest.raises(ValueError, match="must leave some data and some noise"):
        DiscreteVP(betas)


@given(dtypes, seeds)
def test_the_marginal_of_a_path_has_the_schedulers_moments(dtype, seed):
    x_0, x_1 = (drawn(seed + i, 4000, 1, dtype=dtype) for i in range(2))
    for s in (CondOT(), Cosine(), VP()):
        x_t = AffinePath(s).sample(x_0, 3 + 0 * x_1, 0.4).x_t.double()
        t = torch.tensor(0.4, dtype=torch.float64)
        assert (x_t.mean() - 3 * s.alpha(t)).abs() < 0.08 + 20 * EPS[dtype]
        assert (x_t.std() / s.sigma(t) - 1).abs() < 0.06 + 4 * EPS[dtype]
