import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from utils.guidance import drop_labels, guided
from utils.samplers import count_evaluations, sample_ode
from utils.unet import SelfAttention, UNet, _norm, double_size

TINY = {
    "in_channels": 1,
    "image_size": 8,
    "base_channels": 8,
    "channel_multipliers": (1, 2),
    "blocks_per_level": 1,
    "attention_resolutions": (4,),
    "num_heads": 2,
}


def tiny(num_classes=3, **changes):
    torch.manual_seed(0)
    model = UNet(**TINY | {"num_classes": num_classes} | changes)
    for parameter in model.parameters():  # the zero function would pass every test of equality
        torch.nn.init.normal_(parameter, std=0.1)
    return model


def close(a, b):
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"in_channels": 3, "image_size": 16, "channel_multipliers": (1, 2, 2)},
        {"channel_multipliers": (1,), "attention_resolutions": ()},
        {"image_size": 6, "attention_resolutions": (), "base_channels": 10, "dropout": 0.5},
        {"blocks_per_level": 3, "attention_resolutions": (8, 4)},
    ],
)
def test_output_has_the_shape_of_the_input(options):
    model = tiny(**options)
    x = torch.randn(2, model.in_channels, model.image_size, model.image_size)
    assert model(x, torch.rand(2), torch.tensor([0, 3])).shape == x.shape


def test_starts_as_the_zero_function_and_every_weight_learns():
    model, x = UNet(**TINY, num_classes=3), torch.randn(2, 1, 8, 8)
    assert (model(x, torch.rand(2), torch.tensor([0, 1])) == 0).all()
    model = tiny()
    model(x, torch.rand(2), torch.tensor([0, 1])).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("channels, groups", [(3, 1), (8, 2), (20, 5), (64, 16), (128, 32)])
def test_no_normalisation_group_of_a_single_channel(channels, groups):
    assert _norm(channels).num_groups == groups


def test_both_shapes_of_time_agree():
    model, x, labels = tiny(), torch.randn(5, 1, 8, 8), torch.tensor([0, 1, 2, 3, 0])
    one = model(x, torch.tensor(0.3), labels)
    close(one, model(x, torch.full((5,), 0.3), labels))
    assert not torch.allclose(one, model(x, torch.tensor(0.4), labels), atol=1e-4)


def test_no_labels_means_no_class():
    model, x, t = tiny(), torch.randn(2, 1, 8, 8), torch.tensor(0.5)
    assert model.null_label == 3
    close(model(x, t), model(x, t, torch.tensor([3, 3])))
    assert not torch.allclose(model(x, t), model(x, t, torch.tensor([0, 1])), atol=1e-4)
    assert tiny(num_classes=None).null_label is None


def test_channels_last_and_bfloat16_stay_close():
    model, x = tiny(), torch.randn(2, 1, 8, 8)
    t, labels = torch.rand(2), torch.tensor([0, 1])
    expected = model(x, t, labels)
    model = model.to(memory_format=torch.channels_last)
    close(model(x.to(memory_format=torch.channels_last), t, labels), expected)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (model(x, t, labels) - expected).abs().max() < 0.1 * expected.abs().max()


class Calls(TorchDispatchMode):
    """Names of the operations that run, without those that only look at memory differently."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if not func.is_view:
            self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


FORMATS = (torch.contiguous_format, torch.channels_last)


@pytest.mark.parametrize("layout", FORMATS)
def test_double_size_is_nearest_neighbour(layout):
    generator = torch.Generator().manual_seed(0)
    for shape in ((2, 3, 4, 6), (1, 1, 2, 2), (2, 8, 1, 1), (3, 1, 5, 4)):
        # Whole numbers: sums of four are exact, whatever their order.
        x = torch.randint(-50, 50, shape, generator=generator).float()
        x = x.to(memory_format=layout).requires_grad_()
        expected = F.interpolate(x, scale_factor=2.0, mode="nearest")
        found = double_size(x)
        assert torch.equal(found, expected)
        if shape != (2, 8, 1, 1):  # a single pixel has its channels innermost in both formats
            assert found.is_contiguous(memory_format=layout)
        weight = torch.randint(-50, 50, expected.shape, generator=generator).float()
        a, b = (torch.autograd.grad(y, x, weight)[0] for y in (found, expected))
        assert torch.equal(a, b) and a.abs().sum() > 0
        if shape == (2, 3, 4, 6):
            assert found.stride() == expected.stride()
    with Calls() as calls:
        double_size(x).sum().backward()
    assert not any("index" in name or "upsample" in name for name in calls.names)


def test_upsampling_of_the_network_scatters_nothing():
    model, x = tiny(num_classes=None), torch.randn(2, 1, 8, 8)
    torch.use_deterministic_algorithms(True)
    try:
        with Calls() as calls:
            model(x, torch.rand(2)).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert "convolution_backward" in calls.names
    assert not any("index" in name or "upsample" in name for name in calls.names)


def plain_attention(layer, x):
    """The same layer as it stands in a book, with convolutions for the products."""
    batch, channels, height, width = x.shape
    q, k, v = layer.qkv(layer.norm(x)).flatten(2).chunk(3, dim=1)  # each (B, C, H * W)
    heads = (batch, layer.num_heads, channels // layer.num_heads, height * width)
    q, k, v = q.reshape(heads), k.reshape(heads), v.reshape(heads)
    weights = (q.transpose(-1, -2) @ k / heads[2] ** 0.5).softmax(dim=-1)
    return x + layer.out((v @ weights.transpose(-1, -2)).reshape(x.shape))


@pytest.mark.parametrize("layout, copies", zip(FORMATS, (1, 0), strict=True))
def test_attention_hands_fused_kernels_what_they_want(layout, copies, monkeypatch):
    torch.manual_seed(0)
    layer = SelfAttention(16, 2)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    layer = layer.to(memory_format=layout)
    x = torch.randn(3, 16, 4, 6).to(memory_format=layout).requires_grad_()
    seen = []

    def attention(q, k, v):
        seen.extend((q, k, v))
        return kernel(q, k, v)

    kernel = F.scaled_dot_product_attention
    monkeypatch.setattr(F, "scaled_dot_product_attention", attention)
    with Calls() as calls:
        found = layer(x)
    assert {"clone", "copy_", "_to_copy"} & set(calls.names) == ({"clone"} if copies else set())
    assert calls.names.count("clone") == copies
    # Kernels want the last of (B, heads, pixels, features) innermost, and get it without copies:
    # all three lie within what one product wrote.
    assert [tensor.shape for tensor in seen] == [(3, 2, 24, 8)] * 3
    assert [tensor.stride() for tensor in seen] == [(24 * 48, 8, 48, 1)] * 3
    assert len({tensor.untyped_storage().data_ptr() for tensor in seen}) == 1
    assert found.is_contiguous(memory_format=layout)
    expected = plain_attention(layer, x)
    close(found, expected)
    weight, inputs = torch.randn_like(expected), [x, *layer.parameters()]
    gradients = [torch.autograd.grad(y, inputs, weight) for y in (found, expected)]
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("time", [torch.tensor(0.3), torch.linspace(0, 1, 4)])
def test_guidance_weights(time):
    model, x, labels = tiny(), torch.randn(4, 1, 8, 8), torch.tensor([0, 1, 2, 0])
    with_class, without = model(x, time, labels), model(x, time)
    assert torch.equal(guided(model, labels, 1.0)(x, time), with_class)
    assert torch.equal(guided(model, labels, 0.0)(x, time), without)
    close(guided(model, labels, 3.0)(x, time), 3 * with_class - 2 * without)
    close(guided(model, labels, 0.25)(x, time), 0.25 * with_class + 0.75 * without)


def test_guidance_costs_one_call_and_works_in_a_sampler():
    model, labels = tiny(), torch.tensor([0, 1])
    calls = []
    model.register_forward_hook(lambda module, inputs, output: calls.append(len(inputs[0])))
    field = count_evaluations(guided(model, labels, 2.0))
    x = sample_ode(field, torch.randn(2, 1, 8, 8), steps=3)
    assert field.nfe == 3 and calls == [4, 4, 4] and x.isfinite().all()
    calls.clear()
    guided(model, labels, 1.0)(x, torch.tensor(0.5))
    assert calls == [2]


def test_drop_labels():
    labels = torch.arange(3).repeat(2000)
    generator = torch.Generator().manual_seed(0)
    dropped = drop_labels(labels, 3, 0.2, generator)
    assert abs((dropped == 3).double().mean() - 0.2) < 0.02
    assert (dropped[dropped != 3] == labels[dropped != 3]).all() and labels.max() == 2
    assert (drop_labels(labels, 3, 0.0) == labels).all()
    assert (drop_labels(labels, 3, 1.0) == 3).all()


@pytest.mark.parametrize(
    "options, error, match",
    [
        ({"image_size": 7}, ValueError, "image_size .*divisible by 2.*got 7"),
        ({"image_size": 0}, ValueError, "image_size .*got 0"),
        ({"base_channels": 1.5}, TypeError, "base_channels .*1.5"),
        ({"channel_multipliers": ()}, ValueError, "channel_multipliers"),
        ({"channel_multipliers": (1, 0)}, ValueError, "channel_multipliers .*got 0"),
        ({"attention_resolutions": (16,)}, ValueError, "attention_resolutions .*got 16"),
        ({"num_heads": 3}, ValueError, "num_heads .*got 3"),
        ({"dropout": 1.0}, ValueError, "dropout .*got 1.0"),
        ({"num_classes": 0}, ValueError, "num_classes .*got 0"),
    ],
)
def test_bad_network(options, error, match):
    with pytest.raises(error, match=match):
        UNet(**TINY | options)


def test_bad_input():
    model, x, t = tiny(), torch.randn(2, 1, 8, 8), torch.rand(2)
    for bad in (torch.randn(2, 3, 8, 8), torch.randn(2, 1, 8, 4), torch.randn(1, 8, 8)):
        with pytest.raises(ValueError, match="x must have shape"):
            model(bad, t)
    with pytest.raises(ValueError, match="t must have shape"):
        model(x, torch.rand(3))
    with pytest.raises(ValueError, match=r"labels must have shape \(2,\)"):
        model(x, t, torch.tensor([0]))
    for bad in (-1, 4):
        with pytest.raises(ValueError, match=rf"labels must lie in 0..3, got {bad}"):
            model(x, t, torch.tensor([0, bad]))
    with pytest.raises(TypeError, match="labels .*float32"):
        model(x, t, torch.zeros(2))
    with pytest.raises(ValueError, match="labels must be None"):
        tiny(num_classes=None)(x, t, torch.tensor([0, 1]))


def test_bad_guidance():
    labels = torch.tensor([0, 1])
    with pytest.raises(ValueError, match="weight .*-1"):
        guided(tiny(), labels, -1.0)
    with pytest.raises(ValueError, match="model must take labels"):
        guided(tiny(num_classes=None), labels)
    with pytest.raises(TypeError, match="labels .*list"):
        guided(tiny(), [0, 1])
    with pytest.raises(ValueError, match=r"p must lie in \[0, 1\], got 1.5"):
        drop_labels(labels, 3, 1.5)
