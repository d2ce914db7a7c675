"""models, unet, simple_unet, guidance: each sample for itself, and only what fits gets through."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import drawn, dtypes, seeds

from utils.guidance import drop_labels, guided
from utils.models import MLP, TimeEmbedding
from utils.simple_unet import ResBlock, SimpleUNet
from utils.unet import ResidualBlock, SelfAttention, Stage, UNet, Upsample, double_size

INTEGERS = st.sampled_from([torch.uint8, torch.int8, torch.int32, torch.int64])
few = settings(max_examples=max(3, settings().max_examples // 3))


def shaken(net, seed):
    """Weights of a seed, so that nothing is 0, in float64 and evaluation mode."""
    for i, p in enumerate(net.double().parameters()):
        p.data = 0.3 * drawn(seed + i, *p.shape)
    return net.eval()


@given(st.integers(1, 8), st.floats(0.3, 30), st.floats(0, 1))
def test_time_features(half, most, t):
    embed = TimeEmbedding(2 * half, most).double()
    found = embed(torch.tensor([t], dtype=torch.float64))[0]
    ratio = (most / 0.25) ** (1 / max(1, half - 1))
    for i in range(half):
        angle = 2 * math.pi * 0.25 * ratio**i * t
        assert abs(found[i] - math.sin(angle)) < 2e-4
        assert abs(found[half + i] - math.cos(angle)) < 2e-4
    for wrong in ((2 * half - 1, most), (0, most), (2 * half, 0.25)):
        with pytest.raises(ValueError):
            TimeEmbedding(*wrong)


@given(st.integers(1, 4), st.integers(1, 4), seeds, dtypes, st.floats(0, 1))
def test_an_mlp_treats_each_point_for_itself(batch, dim, seed, dtype, t):
    net = shaken(MLP(dim, 4, 2, 4), seed)
    x, times = drawn(seed, batch, dim), drawn(seed + 1, batch).sigmoid()
    whole = net(x, times)
    for i in range(batch):
        torch.testing.assert_close(whole[i : i + 1], net(x[i : i + 1], times[i]))
    torch.testing.assert_close(net(x, torch.tensor(t)), net(x, torch.full((batch,), t)))
    turned = x.T.contiguous().T
    torch.testing.assert_close(net(turned, times), whole)
    assert net.to(dtype)(x.to(dtype), torch.tensor(t)).dtype == dtype
    for wrong in (x[:, :0], x[None], x.flatten()):
        with pytest.raises(ValueError, match="x must have shape"):
            net(wrong, times)
    for wrong in (times[None], torch.rand(batch + 1)):
        with pytest.raises(ValueError, match="t must have shape"):
            net(x, wrong)
    with pytest.raises(TypeError, match="x must be a floating"):
        net(x.long(), times)


def networks(seed, labelled=True):
    yield shaken(SimpleUNet(1, 8, 3), seed)
    if labelled:
        yield shaken(UNet(1, 4, 8, (1, 2), 1, (2,), 2, num_classes=3), seed)
    else:
        yield shaken(UNet(1, 4, 8, (1,), 1, (), 2), seed)


@few
@given(st.integers(1, 3), seeds, st.booleans())
def test_unets_treat_each_image_for_itself_whatever_its_layout(batch, seed, last):
    x, t = drawn(seed, batch, 1, 4, 4), drawn(seed, batch).sigmoid()
    labels = torch.arange(batch) % 4
    for net in networks(seed):
        whole = net(x, t, labels)
        assert whole.shape == x.shape
        one = torch.cat([net(x[i : i + 1], t[i], labels[i : i + 1]) for i in range(batch)])
        torch.testing.assert_close(whole, one)
        shape = x.permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1) if last else x
        torch.testing.assert_close(net(shape, t, labels.to(torch.uint8)), whole)
        null = torch.full((batch,), net.null_label)
        torch.testing.assert_close(net(x, t), net(x, t, null))
        assert (net(x, t, null) - net(x, t, 0 * null)).abs().max() > 0
        assert (net(x, t) - net(x, 1 - t)).abs().max() > 0


@few
@given(st.integers(1, 3), seeds)
def test_images_and_labels_that_do_not_fit(batch, seed):
    x, t = torch.rand(batch, 1, 4, 4).double(), torch.rand(batch)
    for net in networks(seed):
        for wrong in (x[:, :, :3], x[0], x.repeat(1, 2, 1, 1)):
            with pytest.raises(ValueError, match="x must have shape"):
                net(wrong, t)
        with pytest.raises(ValueError, match="t must have shape"):
            net(x, t[None])
        high, low = torch.full((batch,), 4), torch.full((batch,), -1)
        for wrong in (high, low, torch.zeros(batch + 1).int()):
            with pytest.raises(ValueError, match="labels must"):
                net(x, t, wrong)
        for wrong in (t, t > 0, [0] * batch):
            with pytest.raises(TypeError, match="labels must"):
                net(x, t, wrong)
        with pytest.raises(TypeError, match="x must be a floating"):
            net(x.long(), t)
    plain = [*networks(seed, labelled=False)][1]
    assert plain(x, t).shape == x.shape and plain.null_label is None
    with pytest.raises(ValueError, match="labels must be None"):
        plain(x, t, torch.zeros(batch).long())
    for wrong in ({"image_size": 3}, {"base_channels": 9, "num_heads": 2}, {"dropout": 1.0},
                  {"attention_resolutions": (5,)}, {"channel_multipliers": ()}):  # fmt: skip
        with pytest.raises(ValueError):
            UNet(**{"in_channels": 1, "image_size": 4, "base_channels": 8} | wrong)
    with pytest.raises(ValueError, match="multiple of 8"):
        SimpleUNet(1, 12)


@few
@given(st.integers(1, 3), st.sampled_from([4, 8]), seeds)
def test_parts_of_a_unet(batch, channels, seed):
    x, e = drawn(seed, batch, channels, 2, 4), drawn(seed + 1, batch, 6)
    twice = double_size(x)
    assert torch.equal(twice, x.repeat_interleave(2, 2).repeat_interleave(2, 3))
    last = double_size(x.contiguous(memory_format=torch.channels_last))
    assert torch.equal(last, twice)
    torch.testing.assert_close(ResidualBlock(channels, channels, 6, 0.0).double()(x, e), x)
    torch.testing.assert_close(SelfAttention(channels, 2).double()(x), x)
    torch.testing.assert_close(Stage(channels, channels, 6, 0.0, 2).double()(x, e), x)
    attend = shaken(SelfAttention(channels, 2), seed)
    turned = attend(x.flip(3))  # pixels have no place: turn them, and the answer turns
    torch.testing.assert_close(turned, attend(x).flip(3))
    assert Upsample(channels).double()(x).shape == twice.shape
    if channels == 8:
        block = shaken(ResBlock(channels, 16, 6), seed)
        whole = block(x, e)
        assert whole.shape == (batch, 16, 2, 4)
        torch.testing.assert_close(whole[:1], block(x[:1], e[:1]))


@given(st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0, 3.0]), INTEGERS, seeds)
def test_guidance_weighs_both_sides(batch, weight, dtype, seed):
    class Told(torch.nn.Module):
        null_label = 1000

        def forward(self, x, t, labels):
            return x + t.reshape(-1, *[1] * (t.ndim * (x.ndim - 1))) * labels[:, None]

    x, labels = drawn(seed, batch, 2), torch.arange(batch)
    for t in (torch.tensor(0.5).double(), drawn(seed, batch).sigmoid()):
        model = Told()
        sides = [model(x, t, each) for each in (torch.full((batch,), 1000), labels)]
        wanted = (1 - weight) * sides[0] + weight * sides[1]
        torch.testing.assert_close(guided(model, labels.to(dtype), weight)(x, t), wanted)
    for wrong in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="weight must"):
            guided(model, labels, wrong)
    for wrong in (labels.float(), [0], None):
        with pytest.raises(TypeError, match="labels must"):
            guided(model, wrong)
    with pytest.raises(ValueError, match="model must take labels"):
        guided(MLP(), labels)


@given(INTEGERS, st.floats(0, 1), st.integers(5, 2000), seeds)
def test_labels_are_dropped_with_their_probability(dtype, p, null, seed):
    labels = (torch.arange(3000) % 5).to(dtype)
    kept = labels.clone()
    found = drop_labels(labels, null, p, torch.Generator().manual_seed(seed))
    dropped = found == null
    assert torch.equal(labels, kept) and torch.equal(found[~dropped], labels[~dropped].long())
    assert abs(dropped.double().mean() - p) < 0.05
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="p must"):
            drop_labels(labels, null, wrong)
    for wrong in (labels.float(), labels.tolist()):
        with pytest.raises(TypeError, match="labels must"):
            drop_labels(wrong, null)
    with pytest.raises(TypeError, match="null_label must"):
        drop_labels(labels, 1.5)
