"""What users of other libraries asked for: back to noise, gradients, labels, own optimisers."""

import pytest
import torch

from utils.couplings import coupling_cost, independent_coupling, minibatch_ot_coupling
from utils.mixtures import GaussianMixture
from utils.paths import VP, CondOT, Cosine, DiscreteVP
from utils.robots.control import rollout
from utils.robots.policies import Normalizer
from utils.samplers import sample_ddim, sample_ddpm, sample_ode, sample_sde
from utils.training import ExponentialMovingAverage, fit, load_checkpoint, save_checkpoint, train

three = GaussianMixture.three_modes()


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("scheduler", [CondOT(), Cosine(), VP()])
@pytest.mark.parametrize("method", ["midpoint", "heun"])
def test_from_data_back_to_its_noise(scheduler, method):
    field, x_0 = three.velocity_field(scheduler), noise(256, 2)
    there = torch.linspace(0, 1, 2001, dtype=torch.float64)
    x_1 = sample_ode(field, x_0, method=method, time_grid=there)
    back = sample_ode(field, x_1, method=method, time_grid=there.flip(0))
    assert (back - x_0).abs().max() < 1e-4
    half = sample_ode(field, x_1, method=method, time_grid=there.flip(0)[:1001])
    assert (half - x_0).abs().max() > 0.1  # what it would be if it stopped on the way


@pytest.mark.parametrize("grid", [[0.0, 0.5, 0.5, 1.0], [0.0, 0.6, 0.4], [1.0, 0.2, 0.3], [0.5]])
def test_a_grid_neither_turns_back_nor_stands_still(grid):
    with pytest.raises(ValueError, match="time_grid must"):
        sample_ode(lambda x, t: x, noise(2, 2), time_grid=torch.tensor(grid))


def test_gradients_through_a_sampler_are_an_option():
    """Of the end in the start: a field a x gives (1 + a/S)^S for each step count S."""
    rate = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    x_0 = noise(3, 2).requires_grad_()
    assert not sample_ode(lambda x, t: rate * x, x_0, 10).requires_grad
    ends = sample_ode(lambda x, t: rate * x, x_0, 10, enable_grad=True)
    by_start, by_rate = torch.autograd.grad(ends.sum(), (x_0, rate))
    torch.testing.assert_close(by_start, torch.full_like(x_0, 1.07**10))
    torch.testing.assert_close(by_rate, (x_0.detach() * 1.07**9).sum())
    schedule = DiscreteVP(torch.linspace(1e-3, 0.3, 20))
    ways = (
        lambda **o: sample_sde(lambda x, t: x, x_0, CondOT(), 5, noise_scale=0.5, t_end=0.9, **o),
        lambda **o: sample_ddim(lambda x, t: x, x_0, schedule, 5, **o),
        lambda **o: sample_ddpm(lambda x, t: x, x_0, schedule, **o),
    )
    for way in ways:
        assert not way().requires_grad
        assert torch.autograd.grad(way(enable_grad=True).sum(), x_0)[0].abs().min() > 0
    with torch.no_grad():  # a caller who wants none gets none
        assert not sample_ode(lambda x, t: x, x_0, 3, enable_grad=True).requires_grad


def test_labels_go_along_with_their_data():
    x_0, x_1 = noise(64, 2), noise(64, 2, seed=1)
    labels, images = torch.arange(64), noise(64, 3, 4, seed=2)
    paired = minibatch_ot_coupling(x_0, x_1, (labels, images))
    assert len(paired) == 4 and paired[0] is x_0
    torch.testing.assert_close(paired[1], x_1[paired[2]])
    torch.testing.assert_close(paired[3], images[paired[2]])
    assert coupling_cost(*paired[:2]) < coupling_cost(x_0, x_1)
    _, shuffled, order = independent_coupling(x_0, x_1, torch.Generator().manual_seed(0), (labels,))
    torch.testing.assert_close(shuffled, x_1[order])
    with pytest.raises(ValueError, match="along must have 64 rows, got shape"):
        minibatch_ot_coupling(x_0, x_1, (labels[:5],))
    with pytest.raises(TypeError, match="along must hold tensors, got list"):
        minibatch_ot_coupling(x_0, x_1, ([1, 2],))


def line():
    torch.manual_seed(0)
    return torch.nn.Linear(2, 1)


def loss(net, step):
    return net(torch.ones(4, 2)).square().mean()


def test_an_optimiser_keeps_the_rates_of_its_groups():
    net = line()
    groups = [{"params": [net.weight], "lr": 1e-5}, {"params": [net.bias], "lr": 1e-4}]
    adam = torch.optim.Adam(groups)
    rates = []
    for _ in train(net, loss, 10, optimizer=adam):
        rates.append([group["lr"] for group in adam.param_groups])
    assert rates[0] == [1e-5, 1e-4]
    for low, high in rates:
        assert abs(high / low - 10) < 1e-9
    assert rates[-1][0] < 0.03 * rates[0][0]  # the cosine


def test_a_rate_that_would_overrule_the_optimisers_is_refused():
    net = line()
    sgd = torch.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="lr is 0.2, but the given optimizer has 0.1: leave lr"):
        train(net, loss, 10, lr=0.2, optimizer=sgd)
    fit(net, loss, 10, lr=0.1, optimizer=sgd)


def test_a_schedule_of_ones_own():
    net, rates = line(), []
    sgd = torch.optim.SGD(net.parameters(), lr=0.5)
    for _ in train(net, loss, 6, optimizer=sgd, lr_schedule=lambda step: min(1, (step + 1) / 4)):
        rates.append(sgd.param_groups[0]["lr"])
    assert rates == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("at", [1, 7])
def test_a_run_that_goes_on_is_the_same_run(at, tmp_path):
    straight, broken, again = line(), line(), line()
    fit(straight, loss, 10, lr=0.05)
    adam = torch.optim.Adam(broken.parameters(), lr=0.05, fused=True)
    for step, _ in train(broken, loss, 10, optimizer=adam):
        if step == at:
            break
    save_checkpoint(tmp_path / "c.pt", broken, at + 1, adam)
    later = torch.optim.Adam(again.parameters(), lr=9.0, fused=True)  # its rate is in the file
    start = load_checkpoint(tmp_path / "c.pt", again, later)
    fit(again, loss, 10, optimizer=later, start_step=start)
    assert torch.equal(again.weight, straight.weight) and torch.equal(again.bias, straight.bias)


def test_a_compiled_network_is_saved_under_its_own_names(tmp_path):
    net, other = line(), torch.nn.Linear(2, 1)
    wrapped = torch.compile(net, backend="eager")
    ema = ExponentialMovingAverage(wrapped)
    ema.update(wrapped)
    save_checkpoint(tmp_path / "c.pt", wrapped, 3, ema=ema)
    assert load_checkpoint(tmp_path / "c.pt", other) == 3
    assert torch.equal(other.weight, net.weight)
    assert load_checkpoint(tmp_path / "c.pt", torch.compile(line(), backend="eager")) == 3


@pytest.mark.parametrize("value", [0.0, 5.0, -1e9, 3e12, 1e-30])
def test_a_constant_column_is_in_the_middle(value):
    scale = Normalizer(2)
    x = torch.stack([torch.full((5,), value), torch.arange(5.0)], dim=1)
    scale.fit(x)
    assert (scale(x)[:, 0] == 0).all()
    torch.testing.assert_close(scale.inverse(scale(x)), x)
    assert scale(x)[:, 1].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]


@pytest.mark.parametrize("first", [-1, 0.5])
def test_a_first_action_before_the_plan_is_refused(first):
    with pytest.raises(ValueError, match="first must be"):
        rollout(lambda seen: seen, None, [0], 10, first=first)
