"""The data sets have the moments and the supports that their formulas give."""

import math
import sys

import pytest
import torch

from utils import datasets
from utils.datasets import checkerboard, digits, eight_gaussians, photograph, ring, two_moons

PLANAR = [ring, checkerboard, two_moons, eight_gaussians]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("draw", PLANAR)
def test_planar_sets_have_shape_dtype_and_obey_the_generator(draw):
    x = draw(50, generator=generator(1))
    assert x.shape == (50, 2) and x.dtype == torch.float32
    assert torch.equal(x, draw(50, generator=generator(1)))
    assert not torch.equal(x, draw(50, generator=generator(2)))


@pytest.mark.parametrize("draw", PLANAR)
def test_planar_sets_leave_the_global_stream_alone(draw):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    draw(10, generator=generator())
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("draw", PLANAR)
@pytest.mark.parametrize(
    ("n", "error"), [(0, ValueError), (-3, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_planar_sets_refuse_a_bad_count(draw, n, error):
    with pytest.raises(error, match=r"\bn must be .*got"):
        draw(n)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: ring(5, radius=0.0), "radius"),
        (lambda: ring(5, noise=-0.1), "noise"),
        (lambda: checkerboard(5, cells=3), "cells"),
        (lambda: checkerboard(5, half_width=0.0), "half_width"),
        (lambda: two_moons(5, noise=math.nan), "noise"),
        (lambda: eight_gaussians(5, radius=0.0), "radius"),
        (lambda: eight_gaussians(5, std=0.0), "std"),
    ],
)
def test_planar_sets_refuse_bad_sizes(call, name):
    with pytest.raises(ValueError, match=name):
        call()


def test_ring_radius_has_the_mean_and_std_asked_for():
    r = ring(20_000, radius=3.0, noise=0.2, generator=generator()).norm(dim=1)
    assert r.mean().item() == pytest.approx(3.0, abs=0.01)
    assert r.std().item() == pytest.approx(0.2, abs=0.005)


def test_ring_goes_all_the_way_round():
    x = ring(8_000, generator=generator())
    sector = ((torch.atan2(x[:, 1], x[:, 0]) + math.pi) / (math.pi / 4)).long().clamp(max=7)
    assert (sector.bincount(minlength=8) / 8_000 - 1 / 8).abs().max() < 0.015


def test_checkerboard_fills_every_other_square_evenly():
    x = checkerboard(16_000, generator=generator())
    assert x.abs().max() <= 4
    cell = ((x + 4) / 2).floor().long().clamp(max=3)
    assert (cell.sum(1) % 2 == 0).all()  # the lower left square (0, 0) is a chosen one
    share = (4 * cell[:, 0] + cell[:, 1]).bincount(minlength=16) / 16_000
    chosen = share[share > 0]
    assert len(chosen) == 8  # 8 squares of area 4: density 1/32
    assert (chosen - 1 / 8).abs().max() < 0.012
    inside = (x + 4) / 2 - cell
    assert inside.mean(0).sub(0.5).abs().max() < 0.01  # uniform within a square
    assert inside.var(0).sub(1 / 12).abs().max() < 0.003


def test_two_moons_without_noise_lie_on_their_circles():
    x = two_moons(4_000, noise=0.0, generator=generator())
    upper = ((x.norm(dim=1) - 1).abs() < 1e-5) & (x[:, 1] >= -1e-6)
    lower = (((x - torch.tensor([1.0, 0.5])).norm(dim=1) - 1).abs() < 1e-5) & (
        x[:, 1] <= 0.5 + 1e-6
    )
    assert (upper | lower).all()
    assert upper.float().mean().item() == pytest.approx(0.5, abs=0.03)


def test_eight_gaussians_keep_weight_and_width():
    x = eight_gaussians(16_000, radius=4.0, std=0.3, generator=generator())
    angle = torch.arange(8) * math.pi / 4
    centre = 4 * torch.stack([angle.cos(), angle.sin()], dim=1)
    distance, mode = torch.cdist(x, centre).min(dim=1)
    assert (mode.bincount(minlength=8) / 16_000 - 1 / 8).abs().max() < 0.012
    assert distance.square().mean().div(2).sqrt().item() == pytest.approx(0.3, abs=0.005)


def test_digits_are_scaled_and_split_without_loss():
    pytest.importorskip("sklearn")
    images, labels = digits("all")
    assert images.shape == (1797, 1, 8, 8) and images.dtype == torch.float32
    assert labels.shape == (1797,) and labels.dtype == torch.int64
    assert images.min() == -1 and images.max() == 1
    train, test = digits("train"), digits("test")
    assert len(train[0]) + len(test[0]) == 1797
    rows = lambda x: sorted(map(tuple, x.flatten(1).tolist()))  # noqa: E731
    assert rows(torch.cat([train[0], test[0]])) == rows(images)  # a partition of the whole


def test_digits_split_is_stratified_and_fixed():
    pytest.importorskip("sklearn")
    share = digits("test")[1].bincount() / digits("all")[1].bincount()
    assert (share - 0.2).abs().max() < 0.005
    first = digits("test")[1][:10].tolist()
    datasets._load_digits.cache_clear()
    assert digits("test")[1][:10].tolist() == first
    # The sum of the held-out images: another split, however drawn, gives another one.
    assert digits("test")[0].sum().item() == pytest.approx(-9043.375, abs=0.01)


def test_digits_are_those_of_sklearn_the_right_way_up():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    bunch = sklearn_datasets.load_digits()
    images, labels = digits("all")
    assert ((images[:, 0] + 1) * 8).round().int().tolist() == bunch.images.astype(int).tolist()
    assert labels.tolist() == bunch.target.tolist()


def test_digits_hand_out_copies():
    pytest.importorskip("sklearn")
    digits("all")[0].zero_()
    assert digits("all")[0].min() == -1


def test_digits_refuse_an_unknown_split():
    with pytest.raises(ValueError, match="split must be one of .*'valid'"):
        digits("valid")


def test_digits_say_what_to_install(monkeypatch):
    datasets._load_digits.cache_clear()
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        digits()


def test_the_photograph_is_a_square_of_sklearns_the_right_way_up():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    picture = photograph()
    assert picture.shape == (3, 96, 96) and picture.dtype == torch.float32
    assert picture.min() >= -1 and picture.max() <= 1 and picture.std() > 0.3
    whole = torch.tensor(sklearn_datasets.load_sample_image("flower.jpg").copy()).double()
    block = whole[20:24, 120:124].mean((0, 1)) / 127.5 - 1  # its upper left corner, by colour
    assert torch.allclose(picture[:, 0, 0].double(), block, atol=1e-5)


def test_the_photograph_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        photograph()
