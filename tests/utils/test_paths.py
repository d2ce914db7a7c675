import math

import pytest
import torch

from utils.paths import PREDICTIONS, VP, AffinePath, CondOT, Cosine, DiscreteVP, ddpm_betas

SCHEDULERS = [CondOT(), Cosine(), VP(), VP(beta_min=0.5, beta_max=5.0)]
INSIDE = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("name", ["alpha", "sigma"])
def test_derivatives_equal_automatic_differentiation(scheduler, name):
    function, derivative = getattr(scheduler, name), getattr(scheduler, f"d_{name}")
    _, slope = torch.func.jvp(function, (INSIDE,), (torch.ones_like(INSIDE),))
    torch.testing.assert_close(derivative(INSIDE), slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_ends(scheduler):
    ends = torch.tensor([0.0, 1.0])
    assert scheduler.sigma(ends)[1] == 0 and scheduler.alpha(ends)[1] == 1
    assert scheduler.alpha(ends)[0] < 0.3 and scheduler.sigma(ends)[0] > 0.95
    assert torch.isfinite(scheduler.sigma_d_sigma(ends)).all()


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_sigma_d_sigma(scheduler):
    expected = scheduler.sigma(INSIDE) * scheduler.d_sigma(INSIDE)
    torch.testing.assert_close(scheduler.sigma_d_sigma(INSIDE), expected)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("source", PREDICTIONS)
@pytest.mark.parametrize("target", PREDICTIONS)
def test_prediction_round_trips(scheduler, source, target):
    generator = torch.Generator().manual_seed(0)
    x_0, x_1 = torch.randn(2, len(INSIDE), 3, dtype=torch.float64, generator=generator)
    path = AffinePath(scheduler)
    x_t = path.sample(x_0, x_1, INSIDE).x_t
    a, b = path.row(source, INSIDE[:, None])
    value = a * x_1 + b * x_0
    a, b = path.row(target, INSIDE[:, None])
    other = path.convert(x_t, INSIDE, value, source, target)
    torch.testing.assert_close(other, a * x_1 + b * x_0, rtol=1e-7, atol=1e-7)
    back = path.convert(x_t, INSIDE, other, target, source)
    torch.testing.assert_close(back, value, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_determinants_are_those_of_the_table(scheduler):
    s, t, path = scheduler, INSIDE, AffinePath(scheduler)
    table = {
        "target": -s.sigma(t),
        "epsilon": s.alpha(t),
        "velocity": s.alpha(t) * s.d_sigma(t) - s.sigma(t) * s.d_alpha(t),
        "score": -s.alpha(t) / s.sigma(t),
        "v": s.alpha(t) ** 2 + s.sigma(t) ** 2,
    }
    for kind, expected in table.items():
        torch.testing.assert_close(path.determinant(kind, t), expected)
    if isinstance(s, CondOT):
        torch.testing.assert_close(path.determinant("velocity", t), -torch.ones_like(t))


def test_singular_predictions_are_refused():
    x = torch.ones(2, 2)
    for kind, t in (("epsilon", 0.0), ("target", 1.0), ("score", 1.0), ("score", 0.0)):
        with pytest.raises(ValueError, match=kind):
            AffinePath(CondOT()).solve(x, torch.tensor(t), x, kind)


def test_batch_size_equal_to_image_width():
    # t * x with t: (8,) and x: (8, 1, 8, 8) would broadcast over the columns without an error.
    generator = torch.Generator().manual_seed(0)
    x_0, x_1 = torch.randn(2, 8, 1, 8, 8, generator=generator)
    t = torch.rand(8, generator=generator)
    batch = AffinePath(Cosine()).sample(x_0, x_1, t)
    for i in range(8):
        one = AffinePath(Cosine()).sample(x_0[i : i + 1], x_1[i : i + 1], t[i])
        torch.testing.assert_close(batch.x_t[i : i + 1], one.x_t)
        torch.testing.assert_close(batch.dx_t[i : i + 1], one.dx_t)


def test_velocity_is_the_derivative_of_the_path():
    x_0, x_1 = torch.randn(2, 5, 3, dtype=torch.float64)
    for scheduler in SCHEDULERS:
        path = AffinePath(scheduler)

        def position(t, path=path):
            return path.sample(x_0, x_1, t).x_t

        t = torch.full((5,), 0.4, dtype=torch.float64)
        _, slope = torch.func.jvp(position, (t,), (torch.ones_like(t),))
        torch.testing.assert_close(path.sample(x_0, x_1, t).dx_t, slope)


def test_discrete_schedule_is_ddpms():
    schedule = DiscreteVP()
    product = 1.0
    for k, beta in enumerate(ddpm_betas().tolist()):
        product *= 1 - beta
        assert math.isclose(schedule.alpha_bar[k].item(), product, rel_tol=1e-12)
    assert math.isclose(schedule.alpha_bar[-1].item(), 4.036e-5, rel_tol=1e-3)
    k = torch.arange(1000)
    torch.testing.assert_close(
        schedule.alpha(k) ** 2 + schedule.sigma(k) ** 2, torch.ones(1000, dtype=torch.float64)
    )


def test_continuous_vp_is_the_limit_of_ddpm():
    differences = []
    for T in (1000, 4000):
        schedule = DiscreteVP(ddpm_betas(T, 0.1 / T, 20 / T))
        k = torch.arange(T)
        differences.append((schedule.alpha(k) - VP().alpha(schedule.time(k))).abs().max().item())
    assert differences[0] < 4e-3 and differences[1] < differences[0] / 3.5


def test_forward_chain_reaches_the_closed_form():
    generator = torch.Generator().manual_seed(0)
    schedule = DiscreteVP(ddpm_betas(50, 1e-3, 0.2))
    x = torch.full((200_000, 1), 2.0)
    for k in range(50):
        x = schedule.step(x, k, generator)
    n = len(x)
    assert abs(x.mean().item() - 2 * schedule.alpha(49).item()) < 4 / n**0.5
    assert abs(x.var().item() - schedule.sigma(49).item() ** 2) < 4 * (2 / n) ** 0.5
