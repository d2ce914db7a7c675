import pytest
import torch

from utils.models import MLP, TimeEmbedding
from utils.paths import AffinePath, CondOT, DiscreteVP
from utils.training import (
    ExponentialMovingAverage,
    epsilon_loss,
    fit,
    flow_matching_loss,
    load_checkpoint,
    save_checkpoint,
    train,
)


def test_time_embedding_moves_in_every_channel():
    features = TimeEmbedding(16)(torch.linspace(0, 1, 101))
    assert features.shape == (101, 16) and (features.std(0) > 0.1).all()


def test_model_takes_both_shapes_of_time():
    model, x = MLP(), torch.randn(5, 2)
    torch.testing.assert_close(model(x, torch.tensor(0.3)), model(x, torch.full((5,), 0.3)))
    with pytest.raises(ValueError, match="t must"):
        model(x, torch.rand(4))


def shifted(generator):
    return lambda model, step: flow_matching_loss(
        model,
        3 + 0.1 * torch.randn(64, 2, generator=generator),
        AffinePath(CondOT()),
        generator=generator,
    )


def test_training_lowers_the_loss():
    torch.manual_seed(0)
    losses = fit(MLP(hidden=32), shifted(torch.Generator().manual_seed(0)), 600, lr=1e-2)
    # The exact minimum for a narrow cloud far away is near 0.
    assert losses[-50:].mean() < 0.1 * losses[:10].mean()


def test_perfect_epsilon_model_has_the_loss_of_the_exact_posterior():
    generator = torch.Generator().manual_seed(0)
    schedule = DiscreteVP()

    def exact(x, t):  # data N(0, 1): E[eps | x] = sigma x, with conditional variance alpha^2
        return schedule.sigma(((1 - t) * 1000).round().long() - 1).to(x)[:, None] * x

    x_1 = torch.randn(200_000, 1, generator=generator)
    loss = epsilon_loss(exact, x_1, schedule, generator)
    assert abs(loss - schedule.alpha_bar.mean()) < 0.01


def test_ema_formula():
    model = torch.nn.Linear(1, 1, bias=False)
    ema = ExponentialMovingAverage(model, decay=0.5)
    start = model.weight.item()
    with torch.no_grad():
        model.weight.fill_(start + 1)
    ema.update(model)  # warm-up: decay min(0.5, 1/10)
    assert ema.model.weight.item() == pytest.approx(start + 0.9)
    assert not ema.model.weight.requires_grad


def parts(seed=0):
    torch.manual_seed(seed)
    model = MLP(hidden=16)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    ema = ExponentialMovingAverage(model)
    return model, optimizer, ema, torch.Generator().manual_seed(1)


def test_resume_continues_bit_for_bit(tmp_path):
    def run(model, optimizer, ema, generator, start, stop, steps=20):
        loss = shifted(generator)
        options = {"optimizer": optimizer, "ema": ema, "start_step": start}
        for step, _ in train(model, loss, steps, **options):
            if step + 1 == stop:
                break

    whole = parts()
    run(*whole, 0, 20)
    first = parts()
    run(*first, 0, 8)
    model, optimizer, ema, generator = first
    save_checkpoint(tmp_path / "c.pt", model, 8, optimizer, ema, generator)
    second = parts(seed=5)
    step = load_checkpoint(tmp_path / "c.pt", *second)
    run(*second, step, 20)
    for a, b in zip(whole[0].parameters(), second[0].parameters(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(whole[2].model.parameters(), second[2].model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    model, file = MLP(hidden=16), tmp_path / "c.pt"
    save_checkpoint(file, model, 1)
    before = file.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError):
        save_checkpoint(file, model, 2)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]


def test_bad_checkpoints_are_refused(tmp_path):
    file = tmp_path / "c.pt"
    with pytest.raises(FileNotFoundError, match="c.pt"):
        load_checkpoint(file, MLP())
    file.write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="readable"):
        load_checkpoint(file, MLP())
    save_checkpoint(file, MLP(hidden=16), 1)
    with pytest.raises(ValueError, match="architecture"):
        load_checkpoint(file, MLP(hidden=8))
    with pytest.raises(ValueError, match="ema"):
        model = MLP(hidden=16)
        load_checkpoint(file, model, ema=ExponentialMovingAverage(model))


def test_divergence_stops_the_run():
    with pytest.raises(FloatingPointError, match="step 0"):
        fit(MLP(), lambda model, step: torch.tensor(float("nan"), requires_grad=True), 3)
