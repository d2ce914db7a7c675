"""Flow maps: the laws of the exact one, and losses that have it as their minimum."""

import math

import pytest
import torch
from torch import nn
from torch.func import jvp

from utils.flow_maps import (
    AverageVelocity,
    Draw,
    consistency_loss,
    distillation_loss,
    draw,
    euler,
    eulerian_loss,
    exact_average,
    jump,
    lagrangian_loss,
    sample_consistency,
    sample_map,
    shortcut_loss,
    velocity_loss,
)
from utils.mixtures import EmpiricalDistribution, GaussianMixture
from utils.one_step.recorded import plane_data
from utils.one_step.training import (
    EVALUATIONS,
    FROM_DATA,
    WITH_TEACHER,
    teacher_trajectories,
    train_map,
)
from utils.one_step.two_processes import gradients
from utils.paths import CondOT
from utils.samplers import sample_ode

MIXTURE = GaussianMixture(
    torch.tensor([[-1.5, 0.0], [1.0, 1.0]]).double(), 0.5, torch.tensor([0.7, 0.3])
)
FIELD = MIXTURE.velocity_field(CondOT())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def exact(x, s, t, steps=40):
    return exact_average(FIELD, x, s, t, steps)


def batch(n, seed=0):
    g = generator(seed)
    return draw(MIXTURE.sample(n, g), g)


# Laws


def test_exact_map_is_the_ode():
    x = torch.randn(50, 2, generator=generator(), dtype=torch.float64)
    fine = sample_ode(FIELD, x, 400, "heun")
    zero, one = (torch.tensor(time, dtype=torch.float64) for time in (0.0, 1.0))
    errors = [
        (jump(lambda x, s, t, n=n: exact(x, s, t, n), x, zero, one) - fine).abs().max().item()
        for n in (20, 40, 80)
    ]
    assert errors[2] < 1e-3
    assert errors[0] > 2.5 * errors[1] > 6 * errors[2]  # second order


def test_at_s_equal_t_the_map_is_the_identity_and_the_average_the_velocity():
    b = batch(30)
    assert torch.equal(jump(exact, b.x_s, b.s, b.s), b.x_s)
    assert torch.allclose(exact(b.x_s, b.s, b.s), FIELD(b.x_s, b.s))


def test_semigroup_and_inverse():
    b = batch(30)
    middle = torch.lerp(b.s, b.t, 0.3)
    whole = jump(exact, b.x_s, b.s, b.t)
    halves = jump(exact, jump(exact, b.x_s, b.s, middle), middle, b.t)
    assert torch.allclose(whole, halves, atol=2e-3)
    assert torch.allclose(jump(exact, whole, b.t, b.s), b.x_s, atol=5e-3)


def test_derivatives_in_both_times():
    b = batch(30)
    one, nothing = torch.ones_like(b.s), torch.zeros_like(b.s)
    end, speed = jvp(lambda t: jump(exact, b.x_s, b.s, t), (b.t,), (one,))
    assert torch.allclose(speed, FIELD(end, b.t), atol=5e-3)
    _, still = jvp(
        lambda x, s, t: jump(exact, x, s, t),
        (b.x_s, b.s, b.t),
        (FIELD(b.x_s, b.s), one, nothing),
    )
    assert still.abs().max() < 5e-3  # along the trajectory the end does not move


def test_a_single_gaussian_in_closed_form():
    mean, std = torch.tensor([1.0, -2.0]).double(), 0.5
    one = GaussianMixture(mean[None], std).velocity_field(CondOT())
    x = torch.randn(20, 2, generator=generator(), dtype=torch.float64)
    s, t = torch.tensor(0.2).double(), torch.tensor(0.9).double()

    def width(r):
        return math.sqrt((1 - r) ** 2 + (r * std) ** 2)

    expected = 0.9 * mean + width(0.9) / width(0.2) * (x - 0.2 * mean)
    found = jump(lambda x, s, t: exact_average(one, x, s, t, 200), x, s, t)
    assert torch.allclose(found, expected, atol=1e-4)


def test_a_finite_data_set_is_hit():
    data = torch.tensor([[1.0, 0.0], [-1.0, 0.5], [0.0, -2.0]])
    field = EmpiricalDistribution(data).velocity_field(CondOT())
    x = torch.randn(40, 2, generator=generator())
    ends = x + exact_average(field, x, torch.tensor(0.0), torch.tensor(1.0), 200)
    assert torch.cdist(ends, data).min(1).values.max() < 1e-3


# Losses: the exact map is where their gradient vanishes


class Spoiled(nn.Module):
    """The exact average velocity, plus a stretch whose size is a parameter."""

    def __init__(self, size):
        super().__init__()
        self.size = nn.Parameter(torch.tensor(size, dtype=torch.float64))

    def forward(self, x, s, t):
        return exact(x, s, t, 12) + self.size * x


def neighbours(b, cuts=400):
    r = b.s + (1 - b.s) / cuts
    return r, b.x_s + (r - b.s)[:, None] * FIELD(b.x_s, b.s)


def exactly(b):
    return jump(exact, b.x_s, b.s, b.t)


LOSSES = {
    "velocity": velocity_loss,
    "distillation": lambda f, b: distillation_loss(f, b.x_s, exactly(b), b.s, b.t),
    "lagrangian": lambda f, b: lagrangian_loss(f, b, FIELD),
    "eulerian": lambda f, b: eulerian_loss(f, b, FIELD(b.x_s, b.s)),
    "MeanFlow": lambda f, b: eulerian_loss(f, b, b.dx_s),
    # Alone it has every flow map as its minimum, of whatever field: the diagonal picks the field.
    "self-lagrangian": lambda f, b: (
        velocity_loss(f, b) + lagrangian_loss(f, b, lambda x, t: f(x, t, t))
    ),
    "shortcut": shortcut_loss,
    "consistency": lambda f, b: (
        400 * consistency_loss(f, b.x_s, neighbours(b)[1], b.s, neighbours(b)[0])
    ),
}
POINTS = 1800


def slopes(loss, size, seed=0):
    """The gradient for each of six parts of a batch, and so its mean and its standard error."""
    found = []
    for part in range(6):
        model = Spoiled(size)
        loss(model, batch(POINTS // 6, seed + part)).backward()
        found.append(model.size.grad.item())
    found = torch.tensor(found)
    return found.mean().item(), found.std().item() / math.sqrt(6)


@pytest.mark.parametrize("name", LOSSES)
def test_the_exact_map_is_the_minimum(name):
    here, error = slopes(LOSSES[name], 0.0)
    # Spoiled by 0.3, the frozen sides move as well; the gradient still leads back.
    wrong, _ = slopes(LOSSES[name], 0.3)
    assert abs(here) < 4 * error + 2e-3, (here, error)
    assert wrong > 4 * error + 2e-3, (wrong, here, error)


def unfrozen(f, b):
    """MeanFlow with gradients through the right side: wrong on average."""
    tangents = (b.dx_s, torch.ones_like(b.s), torch.zeros_like(b.t))
    average, change = jvp(f, (b.x_s, b.s, b.t), tangents)
    residual = average - b.dx_s - (b.t - b.s)[:, None] * change
    return residual.square().sum(1).mean()


def at_the_pairs(f, b):
    """The Lagrangian loss with a pair's velocity where the field's at the end belongs."""
    return lagrangian_loss(f, b, lambda x, t: b.dx_s)


@pytest.mark.parametrize("wrong", [unfrozen, at_the_pairs])
def test_losses_that_look_right_and_are_not(wrong):
    here, error = slopes(wrong, 0.0)
    assert abs(here) > 4 * error + 2e-3, (here, error)


def test_frozen_sides_get_no_gradient():
    torch.manual_seed(0)
    model = AverageVelocity(hidden=8, depth=1)
    b = Draw(*(part.float() for part in batch(20)))
    for loss in (
        lambda f: lagrangian_loss(f, b, lambda x, t: model(x, t, t)),
        lambda f: shortcut_loss(f, b),
        lambda f: eulerian_loss(f, b, b.dx_s),
    ):
        value = loss(model)
        assert value.ndim == 0 and value.requires_grad
        grads = torch.autograd.grad(value, list(model.parameters()))
        assert all(grad.isfinite().all() for grad in grads)


# Sampling


def test_sampling_in_one_and_in_several_jumps():
    x = torch.randn(50, 2, generator=generator(), dtype=torch.float64)
    with torch.no_grad():
        once, four = sample_map(exact, x, 1), sample_map(exact, x, 4)
    assert torch.allclose(once, four, atol=5e-3)
    steps = sample_map(euler(exact), x, 7)
    assert torch.allclose(steps, sample_ode(FIELD, x, 7))


def test_consistency_sampling_puts_fresh_noise():
    x = torch.randn(400, 2, generator=generator(), dtype=torch.float64)
    once = sample_consistency(exact, x, 1)
    assert torch.equal(once, sample_map(exact, x, 1))
    twice = sample_consistency(exact, x, 2, generator(1))
    assert (twice - once).norm(dim=1).median() > 0.1  # another trajectory, the same distribution
    assert torch.allclose(twice.mean(0), once.mean(0), atol=0.25)
    assert torch.equal(twice, sample_consistency(exact, x, 2, generator(1)))


# Shapes and errors


def test_network_takes_one_time_for_all_or_one_for_each():
    torch.manual_seed(0)
    model, x = AverageVelocity(dim=3, hidden=8), torch.randn(5, 3)
    one = model(x, torch.tensor(0.2), torch.tensor(0.7))
    each = model(x, torch.full((5,), 0.2), torch.full((5,), 0.7))
    assert one.shape == (5, 3) and torch.allclose(one, each)
    assert not torch.allclose(one, model(x, torch.tensor(0.2), torch.tensor(0.8)))
    assert not torch.allclose(one, model(x, torch.tensor(0.3), torch.tensor(0.7)))


def network(x, s, t):
    return AverageVelocity()(x, s, t)


ZERO, ONE, TWO = torch.tensor(0.0), torch.tensor(1.0), torch.zeros(2, 2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: AverageVelocity(dim=0), "dim must"),
        (lambda: AverageVelocity(time_dim=3), "dim must be even"),
        (lambda: network(torch.zeros(2, 3), ZERO, ONE), "x must"),
        (lambda: network(TWO, torch.zeros(3), ONE), "t must"),
        (lambda: jump(lambda x, s, t: x[:1], TWO, ZERO, ONE), "model"),
        (lambda: exact(TWO.double(), ZERO, ONE, 0), "steps"),
        (lambda: sample_map(exact, TWO, 0), "steps"),
        (lambda: sample_consistency(exact, TWO, 0), "steps"),
        (lambda: draw(torch.zeros(0, 2)), "x_1 must"),
    ],
)
def test_what_is_wrong_is_said(wrong, words):
    with pytest.raises(ValueError, match=words):
        wrong()


def test_whole_numbers_are_no_points():
    with pytest.raises(TypeError):
        network(TWO.long(), ZERO, ONE)


# Training


@pytest.mark.parametrize("name", EVALUATIONS)
def test_every_method_trains(name):
    data, teacher = plane_data(), None
    if name in WITH_TEACHER:
        teacher, _ = train_map("flow matching", data, 5, hidden=8)
    pairs = 1024 if name in ("reflow", "distillation") else 0  # what the trajectories cost
    model, steps = train_map(name, data, (12 + pairs) * 4 // 3, 0, teacher, hidden=8)
    assert steps >= 3 and not any(w.requires_grad for w in model.parameters())
    assert sample_map(model, torch.randn(4, 2)).isfinite().all()


def test_methods_are_with_a_teacher_or_without():
    assert {*WITH_TEACHER, *FROM_DATA} == set(EVALUATIONS)
    data = plane_data()
    for name, teacher in (("reflow", None), ("MeanFlow", AverageVelocity()), ("magic", None)):
        with pytest.raises(ValueError):
            train_map(name, data, 100, 0, teacher)
    with pytest.raises(ValueError, match="budget"):
        train_map("reflow", data, 100, 0, AverageVelocity())


def test_teacher_trajectories_start_at_the_noise():
    x = torch.randn(6, 2, generator=generator(), dtype=torch.float64)
    times, states = teacher_trajectories(lambda x, s, t: FIELD(x, s), x, 16)
    assert len(times) == len(states) == 17 and torch.equal(states[0], x)
    assert torch.allclose(states[-1], sample_ode(FIELD, x, 16, "midpoint"), atol=1e-5)


def test_two_processes_agree_only_if_the_loss_runs_inside_the_wrapper():
    found = gradients()
    scale = found["alone"].norm()
    assert torch.allclose(found["through"][0], found["through"][1])
    assert torch.allclose(found["through"][0], found["alone"], atol=1e-5 * scale.item())
    assert (found["around"][0] - found["around"][1]).norm() > 0.5 * scale
    assert torch.allclose(found["around"].mean(0), found["alone"], atol=1e-5 * scale.item())


@pytest.mark.parametrize("what", ["plane", "digits"])
def test_the_command_writes_what_the_chapter_reads(what, tmp_path, monkeypatch):
    from utils.one_step import __main__ as command
    from utils.one_step import recorded

    monkeypatch.setitem(command.SETTINGS, what, (8, 20, ("shortcut", "flow matching")))
    arguments = ["utils.one_step", what, "--out", str(tmp_path), "--seeds", "2"]
    monkeypatch.setattr("sys.argv", arguments)
    command.main()
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    assert recorded.about(what)["steps"] == {"shortcut": 13, "flow matching": 20}
    if what == "plane":
        networks = recorded.plane_networks()
        assert [len(nets) for nets in networks.values()] == [2, 2]
        first, second = (sample_map(net, torch.ones(3, 2)) for net in networks["shortcut"])
        assert first.isfinite().all() and not torch.allclose(first, second)
    else:
        for drawn in recorded.digit_samples().values():
            assert sorted(drawn) == [1, 2, 4]
            for x in drawn.values():
                assert x.shape == (2, 100, 64) and x.isfinite().all()
                assert not torch.allclose(x[0], x[1])


def test_the_record_is_whole_and_small():
    from utils.one_step import recorded

    networks = recorded.plane_networks()
    assert set(networks) == set(EVALUATIONS)
    assert {len(nets) for nets in networks.values()} == {recorded.about()["seeds"]}
    drawn = recorded.digit_samples()
    assert set(drawn) == set(recorded.about("digits")["steps"])
    assert {len(x) for by in drawn.values() for x in by.values()} == {3}
    assert sum(file.stat().st_size for file in recorded.FOLDER.iterdir()) < 1_200_000
