"""datasets: every point where its definition allows it, and as often."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from strategies import seeds

from utils.datasets import checkerboard, digits, eight_gaussians, photograph, ring, two_moons

SIZES = st.floats(0.1, 20)


@given(st.integers(1, 500), SIZES, seeds)
def test_planar_sets_lie_where_they_are_defined(n, size, seed):
    def fresh():
        return torch.Generator().manual_seed(seed)

    circle = ring(n, size, 0.0, fresh())
    torch.testing.assert_close(circle.norm(dim=1), torch.full((n,), size))
    moons = two_moons(n, 0.0, fresh())
    upper = (moons.norm(dim=1) - 1).abs() < 1e-5
    lower = ((moons - torch.tensor([1.0, 0.5])).norm(dim=1) - 1).abs() < 1e-5
    assert (upper | lower).all()
    assert (moons[upper & ~lower, 1] >= -1e-6).all() and (moons[lower & ~upper, 1] <= 0.5).all()
    for cells in (2, 4, 6):
        points = checkerboard(n, cells, size, fresh())
        square = ((points.double() + size) / (2 * size / cells)).floor().clamp(0, cells - 1)
        edge = ((points.double() + size) / (2 * size / cells)).frac()
        inside = ((edge > 1e-5) & (edge < 1 - 1e-5)).all(1)
        assert ((square.sum(1) % 2 == 0) | ~inside).all() and points.abs().max() <= size * 1.00001
    for draw in (ring, two_moons, checkerboard, eight_gaussians):
        x = draw(n, generator=fresh())
        assert x.shape == (n, 2) and x.dtype == torch.float32 and x.isfinite().all()
        assert torch.equal(x, draw(n, generator=fresh()))


@given(seeds)
def test_planar_sets_have_their_moments(seed):
    generator, n = torch.Generator().manual_seed(seed), 4000
    x = ring(n, 2.0, 0.1, generator)
    assert x.mean(0).abs().max() < 0.12 and (x.norm(dim=1).std() - 0.1).abs() < 0.01
    x = eight_gaussians(n, 4.0, 0.3, generator)
    assert x.mean(0).abs().max() < 0.25 and (x.norm(dim=1).mean() - 4.01).abs() < 0.03
    x = checkerboard(n, generator=generator)
    assert x.mean(0).abs().max() < 0.2 and (x.var(0) - 16 / 3).abs().max() < 0.4
    x = two_moons(n, 0.0, generator)
    assert (x.mean(0) - torch.tensor([0.5, 0.25])).abs().max() < 0.08


@given(st.integers(-3, 0), st.sampled_from([0.0, -1.0, math.nan, math.inf]))
def test_sets_that_cannot_be_drawn(n, size):
    for draw in (ring, two_moons, checkerboard, eight_gaussians):
        with pytest.raises(ValueError, match="n must"):
            draw(n)
        with pytest.raises(TypeError, match="n must"):
            draw(2.0)
    for call in (lambda: ring(5, size), lambda: eight_gaussians(5, size),
                 lambda: eight_gaussians(5, 1.0, size), lambda: checkerboard(5, 4, size),
                 lambda: checkerboard(5, 3), lambda: ring(5, 1.0, size - 1.0)):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    with pytest.raises(ValueError, match="split must be"):
        digits("validation")


def test_pictures():
    train, test, both = (digits(split) for split in ("train", "test", "all"))
    assert len(train[0]) + len(test[0]) == len(both[0]) == 1797
    for images, labels in (train, test, both):
        assert images.shape[1:] == (1, 8, 8) and images.aminmax() == (-1, 1)
        assert labels.unique().tolist() == list(range(10))
    rows = {image.numpy().tobytes() for image in train[0]}
    assert not any(image.numpy().tobytes() in rows for image in test[0])
    picture = photograph()
    assert picture.shape == (3, 96, 96) and picture.abs().max() <= 1
