"""The drawing of the UNet says what the network does."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from utils.plotting import style
from utils.simple_unet import SimpleUNet
from utils.simple_unet_plot import draw_unet, watch


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_shapes_are_those_that_the_code_notes():
    made = {call.name: call.made for call in watch(SimpleUNet())}
    assert list(made) == [
        "conv_in", "down_1", "pool_1", "down_2", "pool_2", "mid",
        "up_1", "dec_1", "up_2", "dec_2", "conv_out",
    ]  # fmt: skip
    assert made["down_1"] == (64, 32, 32) and made["mid"] == (128, 8, 8)
    assert made["conv_out"] == (3, 32, 32)


def test_what_is_kept_and_who_is_told_is_seen():
    calls = {call.name: call for call in watch(SimpleUNet(1, 16), 8)}
    assert {name: call.kept for name, call in calls.items() if call.kept} == {
        "dec_1": "down_2",
        "dec_2": "down_1",
    }
    assert [name for name, call in calls.items() if call.told] == [
        "down_1", "down_2", "mid", "dec_1", "dec_2",
    ]  # fmt: skip
    assert calls["dec_1"].given == (64, 4, 4)


def test_the_network_is_left_as_it_was():
    model = SimpleUNet(1, 8)
    before, state = torch.get_rng_state(), model.state_dict()
    watch(model, 8)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    assert not any(part._forward_hooks for part in model.modules())


def test_a_network_that_hands_nothing_over_has_no_skip():
    class Plain(nn.Module):
        in_channels = 1

        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 1, 1)

        def forward(self, x, t):
            return self.b(self.a(x))

    assert [(call.name, call.kept) for call in watch(Plain())] == [("a", ""), ("b", "")]


def test_drawing_is_legible_on_a_phone():
    fig, ax = draw_unet(SimpleUNet(1, 16), size=8)
    fig.canvas.draw()
    said = {text.get_text() for text in ax.texts}
    assert {"down_1", "mid", "16 × 8 × 8", "32 × 2 × 2", "32 + 32\nchannels"} <= said
    assert fig.get_size_inches()[0] <= 5.5 < style.WIDTH  # on 390 pixels: letters of 10 pixels
    assert all(text.get_fontsize() >= 10 for text in ax.texts if text.get_text())
