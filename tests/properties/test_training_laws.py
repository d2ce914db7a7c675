"""losses and training: means over all numbers, draws of the right law, averages, checkpoints."""

import math
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import batches, drawn, dtypes, schedulers, schedules, seeds, shapes

from utils.losses import epsilon_loss, flow_matching_loss
from utils.paths import AffinePath
from utils.schedulers import CondOT, DiscreteVP, ddpm_betas
from utils.training import (
    ExponentialMovingAverage,
    fit,
    load_checkpoint,
    move_average,
    save_checkpoint,
    train,
)

S, STEPS = CondOT(), DiscreteVP(ddpm_betas(10))


@given(st.data(), dtypes, schedulers, schedules(), seeds)
def test_losses_are_means_of_squares_over_the_draws_that_the_model_saw(data, dtype, s, steps, seed):
    x_1 = data.draw(batches(data.draw(shapes()), dtype)).detach()
    seen = {}

    def model(x, t):
        seen["x"], seen["t"] = x, t
        return 0.5 * x

    path = AffinePath(s)
    loss = flow_matching_loss(model, x_1, path, torch.Generator().manual_seed(seed))
    t = seen["t"]
    assert (
        seen["x"].dtype == dtype and t.shape == x_1.shape[:1] and (0 <= t).all() and (t < 1).all()
    )
    generator = torch.Generator().manual_seed(seed)
    x_0 = torch.randn(x_1.shape, dtype=dtype, generator=generator)
    sample = path.sample(x_0, x_1, t)
    wanted = (0.5 * sample.x_t.double() - sample.dx_t.double()).square().mean()
    room = 1e-5 + 4 * torch.finfo(dtype).eps  # the model answers in the type that it is asked in
    assert loss.ndim == 0 and abs(loss.item() / wanted.item() - 1) < room or wanted == loss
    loss = epsilon_loss(model, x_1, steps, torch.Generator().manual_seed(seed))
    k = (((1 - seen["t"].double()) * steps.T).round() - 1).long()
    x_k = steps.sample(x_0, x_1, k)
    assert torch.equal(x_k, seen["x"]) and (k >= 0).all()
    wanted = (0.5 * x_k.double() - x_0.double()).square().mean()
    # One point in 16 bits may be guessed to the last bit: then both are 0.
    assert abs(loss.item() - wanted.item()) <= room * wanted.item()


@given(seeds)
def test_times_and_steps_are_uniform(seed):
    seen, x = [], torch.zeros(4000, 1)

    def model(x, t):
        seen.append(t.double())
        return x

    generator = torch.Generator().manual_seed(seed)
    flow_matching_loss(model, x, AffinePath(S), generator)
    epsilon_loss(model, x, STEPS, generator)
    for t, high in zip(seen, (1.0, 0.9), strict=True):
        assert abs(t.mean() - high / 2) < 0.03 and t.min() >= 0 and t.max() <= high + 1e-6
        assert abs(t.var() - (high**2 / 12 if high == 1 else 0.0825)) < 0.01


@given(st.data())
def test_models_and_data_that_do_not_fit(data):
    x = torch.ones(data.draw(shapes()))
    for loss, other in ((flow_matching_loss, AffinePath(S)), (epsilon_loss, STEPS)):
        for model in (lambda x, t: x[None], lambda x, t: x.sum(), lambda x, t: None):
            with pytest.raises(ValueError, match="model must return shape"):
                loss(model, x, other)
        for wrong in (x[:0], x * torch.nan):
            with pytest.raises(ValueError, match="x_1 must"):
                loss(lambda x, t: x, wrong, other)
        for wrong in (x.long(), x.tolist()):
            with pytest.raises(TypeError, match="x_1 must"):
                loss(lambda x, t: x, wrong, other)
        with pytest.raises(TypeError, match="path|schedule"):
            loss(lambda x, t: x, x, "linear")


@given(st.data(), st.floats(0, 0.9999), st.integers(0, 1000), seeds)
def test_one_move_of_an_average(data, decay, updates, seed):
    shapes_ = data.draw(st.lists(shapes(), max_size=3))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64]))
    slow = [drawn(seed + i, *shape, dtype=dtype) for i, shape in enumerate(shapes_)]
    fast = [drawn(seed + 9 + i, *shape, dtype=dtype) for i, shape in enumerate(shapes_)]
    d = min(decay, (1 + updates) / (10 + updates))
    wanted = [d * a.double() + (1 - d) * b.double() for a, b in zip(slow, fast, strict=True)]
    move_average(slow, fast, decay, updates)
    for a, b in zip(slow, wanted, strict=True):
        assert (a - b).abs().max() < (1e-5 if dtype == torch.float32 else 1e-12)
    with pytest.raises(TypeError, match="slow must be float32"):
        move_average([torch.ones(1).half()], [torch.ones(1).half()], decay, updates)


@given(dtypes, st.floats(0, 0.99), st.integers(1, 5), seeds)
def test_the_average_of_a_model(dtype, decay, updates, seed):
    net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1)).to(dtype)
    ema = ExponentialMovingAverage(net, decay)
    wanted = [p.detach().double().clone() for p in net.parameters()]
    for n in range(updates):
        for i, p in enumerate(net.parameters()):
            p.data = drawn(seed + 7 * n + i, *p.shape, dtype=dtype)
        net[1].running_mean.fill_(n + 1)
        ema.update(net)
        d = min(decay, (1 + n) / (10 + n))
        wanted = [
            d * a + (1 - d) * p.detach().double()
            for a, p in zip(wanted, net.parameters(), strict=True)
        ]
    for a, b in zip(ema.model.parameters(), wanted, strict=True):
        assert a.dtype == dtype and not a.requires_grad
        assert (a.double() - b).abs().max() < 4 * max(torch.finfo(dtype).eps, 1e-7)
    assert ema.model[1].running_mean == updates and ema.updates == updates
    for wrong in (1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="decay must"):
            ExponentialMovingAverage(net, wrong)
    ExponentialMovingAverage(torch.nn.Identity()).update(torch.nn.Identity())


@given(st.integers(1, 12), st.floats(1e-3, 0.5), st.sampled_from(["cosine", "constant"]), st.data())
def test_training_follows_gradient_and_schedule_and_goes_on_where_it_stopped(
    steps, lr, schedule, data
):
    start = data.draw(st.integers(0, steps))

    def run(net, first, sgd):
        options = {"lr_schedule": schedule, "optimizer": sgd, "start_step": first}
        return train(net, lambda net, step: net(torch.ones(1, 1)).square().mean(), steps, **options)

    def fresh():
        net = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.ones_(net.weight)
        return net

    net = fresh()
    sgd = torch.optim.SGD(net.parameters(), lr=lr)
    weight, losses = 1.0, []
    wanted = []
    for step in range(steps):
        rate = lr * (0.5 * (1 + math.cos(math.pi * step / steps)) if schedule == "cosine" else 1)
        wanted.append(weight**2)
        weight -= rate * 2 * weight
    for step, loss in run(net, 0, sgd):
        assert step == len(losses)
        losses.append(loss)
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(wanted), rtol=1e-4, atol=1e-6)
    assert abs(net.weight.item() - weight) < 1e-4
    again = fresh()
    sgd = torch.optim.SGD(again.parameters(), lr=lr)
    for step, _ in run(again, 0, sgd):
        if step + 1 == start:
            break
    else:
        return
    sgd = torch.optim.SGD(again.parameters(), lr=lr)
    for _ in run(again, start, sgd):
        pass
    torch.testing.assert_close(again.weight, net.weight)


@given(st.integers(-3, 9), st.sampled_from([math.nan, math.inf]))
def test_runs_that_cannot_be_made(n, value):
    net = torch.nn.Linear(1, 1)

    def loss(net, step):
        return net(torch.ones(1, 1)).mean()

    for wrong in ({"steps": 0}, {"steps": 5, "lr": 0.0}, {"steps": 5, "lr": value},
                  {"steps": 5, "lr_schedule": "x"}, {"steps": max(n, 1), "start_step": 10},
                  {"steps": 5, "start_step": -1}):  # fmt: skip
        with pytest.raises(ValueError):
            train(net, loss, **wrong)
    with pytest.raises(FloatingPointError, match="loss is"):
        fit(net, lambda net, step: value * loss(net, step).exp(), 3)
    losses = fit(net, loss, 3)
    assert losses.shape == (3,) and losses.dtype == torch.float64 and not net.training


@given(dtypes, seeds)
def test_checkpoints_give_back_what_they_got(dtype, seed):
    def fresh():
        net = torch.nn.Linear(3, 2).to(dtype)
        return net, ExponentialMovingAverage(net), torch.optim.Adam(net.parameters())

    net, ema, adam = fresh()
    net.weight.data = drawn(seed, 2, 3, dtype=dtype)
    net(torch.ones(1, 3, dtype=dtype)).sum().backward()
    adam.step()
    ema.update(net)
    other, average, optimizer = fresh()
    generator, twin = torch.Generator().manual_seed(seed), torch.Generator()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.pt"
        save_checkpoint(path, net, 7, adam, ema, generator)
        assert load_checkpoint(path, other, optimizer, average, twin) == 7
        before = {k: v.clone() for k, v in other.state_dict().items()}
        path.write_bytes(path.read_bytes()[: seed % 900])
        with pytest.raises(ValueError, match="is not a readable checkpoint"):
            load_checkpoint(path, other)
        with pytest.raises(FileNotFoundError):
            load_checkpoint(path.with_name("none"), other)
        wider = torch.nn.Linear(3, 2)  # of which the weight would fit
        wider.bias = torch.nn.Parameter(torch.ones(5))
        save_checkpoint(path, wider, 1)
        with pytest.raises(ValueError, match="another architecture"):
            load_checkpoint(path, other)
        assert all(torch.equal(v, before[k]) for k, v in other.state_dict().items())
    for a, b in ((net, other), (ema.model, average.model)):
        assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
    assert torch.equal(generator.get_state(), twin.get_state()) and average.updates == 1
    assert optimizer.state_dict()["state"][0]["step"] == 1
