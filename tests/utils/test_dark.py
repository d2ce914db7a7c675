"""Figures for dark pages: what can be read and told apart, what stays, what is not touched."""

import io
import itertools

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib import colormaps
from matplotlib.colors import rgb_to_hsv, to_rgb
from PIL import Image, ImageDraw

from utils.plotting import COLORS, LINE_COLORS, image_grid, lines, new_figure, scatter
from utils.plotting.dark import (
    GROUND,
    INK,
    PAIRS,
    contrast,
    dark_film,
    dark_png,
    darkened,
    luminance,
    pale_texts,
    way_of,
)

# Colours as people without one kind of cone see them (Machado et al. 2009, severity 1), linear RGB.
SIGHT = {
    "all cones": np.eye(3),
    "no long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998]],
    "no middle": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                  [-0.011820, 0.042940, 0.968881]],
    "no short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                 [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
SERIES = sorted({*COLORS.values(), *LINE_COLORS})


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def night(color):
    return darkened(np.array([to_rgb(color)]))[0]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255


def light_png(figure, **options):
    file = io.BytesIO()
    figure.savefig(file, format="png", **options)
    return file.getvalue()


def colours_in(png):
    return {tuple(color) for color in np.round(255 * pixels(png)).astype(int).reshape(-1, 3)}


def rgb(color):
    return tuple(round(255 * part) for part in to_rgb(color))


def seen(color, sight):
    linear = np.asarray(to_rgb(color))
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(np.asarray(SIGHT[sight]) @ linear, 0, 1))  # even steps for the eye


def nearest(colors):
    """How far apart the two are that somebody confuses most easily."""
    return min(
        np.linalg.norm(seen(a, sight) - seen(b, sight))
        for sight in SIGHT
        for a, b in itertools.combinations(colors, 2)
    )


def test_every_colour_of_the_course_has_its_counterpart():
    assert {color.lower() for color in SERIES} <= set(PAIRS)
    for day, dark in PAIRS.items():
        assert rgb(night(day)) == rgb(dark)


def test_everything_can_be_read_on_its_ground():
    assert contrast("black", "white") == pytest.approx(21) and contrast(INK, GROUND) > 12
    for color in SERIES:
        assert contrast(PAIRS[color.lower()], GROUND) >= 4.5, color


def test_no_two_colours_are_easier_to_confuse_than_by_day():
    assert nearest([PAIRS[color.lower()] for color in SERIES]) > nearest(SERIES)
    kinds = [PAIRS[color.lower()] for color in COLORS.values()]
    assert nearest(kinds) > 2 * nearest(COLORS.values())


@pytest.mark.parametrize("grey", ["0.2", "0.5", "#555555", "#999998"])
def test_a_grey_keeps_its_contrast(grey):
    assert contrast(night(grey), GROUND) == pytest.approx(contrast(grey, "white"), rel=0.05)


@pytest.mark.parametrize("color", ["tab:blue", "tab:red", "green", "purple", "#8a3d00"])
def test_other_colours_keep_their_hue_and_are_no_darker(color):
    before, after = np.array(to_rgb(color)), night(color)
    turned = abs(rgb_to_hsv(before)[0] - rgb_to_hsv(after)[0])
    assert min(turned, 1 - turned) < 0.06
    assert luminance(after) >= luminance(before) - 0.01 and contrast(after, GROUND) > 2.8


def test_a_pale_ground_becomes_a_dark_one():
    for fill in ("#e6f1f8", "#fbefe6", "#f4f4f4"):
        assert contrast(night(fill), GROUND) < 1.4 < 10 < contrast(night(fill), INK)


@pytest.mark.parametrize("name", ["Blues", "Greys", "YlOrRd", "viridis"])
@pytest.mark.parametrize("kind", ["image", "points"])
def test_colour_maps_keep_their_order(name, kind):
    _, ax = plt.subplots()
    values = np.arange(64.0)
    draw = {"image": lambda: ax.imshow(values[None], cmap=name),
            "points": lambda: ax.scatter(values, values, c=values, cmap=name)}[kind]  # fmt: skip
    way = way_of(draw())
    if name == "Greys" and kind == "image":
        assert way == "keep"  # a picture
    shades = colormaps[name](np.linspace(0, 1, 64))[:, :3]
    order = np.diff(luminance(darkened(shades, way)))
    turned = way == "turn"
    by_day = np.diff(luminance(shades))
    assert (order * by_day * (-1 if turned else 1) > -1e-5).all()
    assert turned == (name != "viridis" and way != "keep")
    if kind == "points":
        assert contrast(darkened(shades[-1:], way)[0], GROUND) > 2.5


def test_nothing_is_changed_by_it():
    fig, ax = lines([1, 2, 4], {"a": [3, 2, 1.0], "b": [1, 2, 3]}, ylabel="$W_2$", baseline=0.5)
    ax.imshow(np.random.default_rng(0).random((4, 4)), cmap="RdBu_r", extent=(1, 2, 1, 2))
    ax.set_aspect("auto")
    canvas, engine, before = fig.canvas, fig.get_layout_engine(), light_png(fig)
    dark = dark_png(fig)
    assert fig.canvas is canvas and fig.get_layout_engine() is engine
    assert light_png(fig) == before and dark_png(fig) == dark
    assert pixels(before).shape == pixels(dark).shape
    assert not [artist for artist in fig.findobj() if "draw" in vars(artist)]


def test_ground_ink_and_series_change_places():
    fig, ax = scatter(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)), alpha=1.0)
    ax.fill_between([-1, 1], -1, 1, color=COLORS["noise"])
    light_png(fig)
    found = colours_in(dark_png(fig))
    assert {rgb(GROUND), rgb(INK), rgb(PAIRS["#d55e00"]), rgb(PAIRS["#0072b2"])} <= found
    assert not {(255, 255, 255), (0, 0, 0), rgb(COLORS["noise"])} & found


def test_pictures_keep_their_colours():
    images = torch.tensor([[1.0, -1.0, -1.0], [-1.0, 1.0, -1.0]])[:, :, None, None].expand(
        2, 3, 8, 8
    )
    fig, _ = image_grid(images, title="photographs")
    light_png(fig)
    found = colours_in(dark_png(fig))
    assert {(255, 0, 0), (0, 255, 0), rgb(GROUND)} <= found and (255, 255, 255) not in found
    fig, _ = image_grid(torch.ones(2, 1, 8, 8) * torch.tensor([1.0, -1.0])[:, None, None, None])
    light_png(fig)
    assert {(0, 0, 0), (255, 255, 255), rgb(GROUND)} <= colours_in(dark_png(fig))


@pytest.mark.parametrize("ground", ["white", "0.5", "#0072B2", "#E69F00", "black"])
@pytest.mark.parametrize("ink", ["black", "white", "0.5", "#CC79A7"])
def test_text_is_readable_on_whatever_it_stands(ink, ground):
    fig, ax = new_figure(size=(3, 2))
    ax.set_axis_off()
    ax.fill_between([0, 1], 0, 1, color=ground)
    ax.text(0.5, 0.5, "■", color=ink, fontsize=60, ha="center", va="center")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    light_png(fig)
    shown = pixels(dark_png(fig))
    height, width = shown.shape[:2]
    here = shown[height // 2, width // 2]
    assert contrast(here, shown[height // 4, width // 4]) >= 4.45


def test_hatches_meshes_and_triangles_are_exchanged_too():
    fig, axes = new_figure(ncols=3)
    axes[0].bar([0], [1], hatch="//", facecolor="white", edgecolor="black")
    axes[1].pcolormesh(np.arange(12.0).reshape(3, 4), cmap="Blues")
    axes[2].tripcolor([0, 1, 0], [0, 0, 1], [0.0, 1.0, 2.0], cmap="Blues", shading="gouraud")
    light_png(fig)
    found = colours_in(dark_png(fig))
    assert (255, 255, 255) not in found and (0, 0, 0) not in found


def test_text_that_is_pale_on_white_is_named():
    fig, ax = lines([1, 2], {"a": [1, 2]}, xlabel="$t$", ylabel="b", title="c")
    ax.text(1, 1, "white, on something dark", color="white")
    assert pale_texts(fig) == []
    ax.text(1, 1, "pink", color=COLORS["sample"])
    assert pale_texts(fig) == ["pink"]


def test_the_edges_are_cut_as_in_a_notebook():
    fig, axes = new_figure(ncols=3)
    for ax in axes:
        scatter(torch.zeros(1, 2), ax=ax, title="$x_t$")
    light, dark = (
        pixels(png) for png in (light_png(fig, bbox_inches="tight"), dark_png(fig, True))
    )
    assert np.abs(np.subtract(light.shape, dark.shape)).max() <= 1
    frame = [np.argwhere(np.abs(shown - shown[0, 0]).max(-1) > 0.3) for shown in (light, dark)]
    for edge in (np.min, np.max):
        assert np.abs(edge(frame[0], axis=0) - edge(frame[1], axis=0)).max() <= 1
    # What lies beyond the canvas is not lost.
    fig.set_layout_engine("none")
    axes[0].text(-9, 0, "far to the left, beyond the edge", ha="right", clip_on=False)
    light, dark = (
        pixels(png) for png in (light_png(fig, bbox_inches="tight"), dark_png(fig, True))
    )
    assert light.shape == dark.shape and light.shape[1] > 800
    assert dark_png(fig, dpi=50) != dark_png(fig) and fig.dpi == 100


def test_a_film_of_drawings_gets_a_dark_version(tmp_path):
    frames = [Image.new("RGB", (60, 40), "white") for _ in range(3)]
    for step, frame in enumerate(frames):
        ImageDraw.Draw(frame).rectangle((10 + 10 * step, 10, 20 + 10 * step, 30), "#0072b2")
    file = tmp_path / "a.webp"
    frames[0].save(
        file, save_all=True, append_images=frames[1:], duration=[80, 80, 500], quality=90
    )
    made = dark_film(file)
    assert made == tmp_path / "a-dark.webp"
    with Image.open(made) as film:
        assert film.n_frames == 3
        for step, time in enumerate([80, 80, 500]):
            film.seek(step)
            shown = film.convert("RGB")
            assert film.info["duration"] == time
            assert contrast(np.array(shown.getpixel((2, 2))) / 255, GROUND) < 1.1
            blue = np.array(shown.getpixel((15 + 10 * step, 20))) / 255
            assert np.abs(blue - to_rgb(PAIRS["#0072b2"])).max() < 0.1
    with pytest.raises(ValueError, match="light pages"):
        dark_film(made)
