"""Every drawing function takes ``ax=None``, returns ``(fig, ax)``, and draws what it was given."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from utils.plotting import (
    COLORS,
    bells,
    film_strip,
    image_grid,
    lines,
    loss_curve,
    new_figure,
    scatter,
    style,
    trajectories,
    vector_field,
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def randn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


CALLS = {
    "bells": lambda ax: bells(randn(99), {"a": (0.0, 1.0)}, ax=ax, title="$x$", label="counted"),
    "scatter": lambda ax: scatter(randn(9, 2), ax=ax, title="$t$", label="data", limits=3),
    "trajectories": lambda ax: trajectories(randn(5, 9, 2), ax=ax, title="$x_t$"),
    "trajectories 1-D": lambda ax: trajectories(randn(5, 9, 1), ax=ax, limits=(-3, 3)),
    "vector_field": lambda ax: vector_field(lambda x, t: -x, 0.5, ax=ax, title="$u_t$"),
    "image_grid": lambda ax: image_grid(randn(10, 1, 8, 8), ax=ax, ncols=4, title="digits"),
    "loss_curve": lambda ax: loss_curve(randn(200).abs(), ax=ax, logy=True),
    "lines": lambda ax: lines(
        [1, 2, 4], {"a": [3, 2, 1.0]}, ax=ax, xlabel="NFE", ylabel="$W_2$", logx=True, baseline=0.5
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_makes_a_figure_or_draws_into_the_one_given(name):
    fig, ax = CALLS[name](None)
    assert isinstance(fig, Figure) and isinstance(ax, Axes) and ax.figure is fig
    assert fig.get_size_inches()[0] <= style.WIDTH
    given_fig, given = plt.subplots()
    assert CALLS[name](given) == (given_fig, given)
    assert given.has_data()


@pytest.mark.parametrize("name", CALLS)
def test_renders_with_legible_letters_on_white(name):
    fig, ax = CALLS[name](None)
    fig.canvas.draw()
    assert to_hex(fig.get_facecolor()) == "#ffffff"
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    texts += ax.get_legend().get_texts() if ax.get_legend() else []
    shown = [text for text in texts if text.get_text() and text.get_visible()]
    assert all(text.get_fontsize() >= 10 for text in shown)


def test_rc_params_are_left_alone():
    before = dict(matplotlib.rcParams)
    for call in CALLS.values():
        call(None)
    film_strip([randn(4, 2)] * 3)
    assert dict(matplotlib.rcParams) == before


def test_the_result_does_not_lean_on_the_caller_s_rc_params():
    with matplotlib.rc_context({"font.size": 5, "figure.facecolor": "black"}):
        fig, ax = CALLS["lines"](None)
        fig.canvas.draw()
    assert ax.xaxis.label.get_fontsize() >= 10
    assert ax.get_xticklabels()[0].get_fontsize() >= 10
    assert to_hex(fig.get_facecolor()) == "#ffffff"


def test_colours_are_the_five_of_the_contract():
    assert set(COLORS) == {"noise", "data", "path", "velocity", "sample"}
    assert len(set(COLORS.values())) == 5


def test_new_figure_grid_and_size():
    fig, axes = new_figure(ncols=3, nrows=2)
    assert axes.shape == (2, 3) and fig.get_size_inches()[0] <= 7.5
    fig, ax = new_figure(size=(6, 1))
    assert fig.get_size_inches().tolist() == [6, 1] and isinstance(ax, Axes)


def test_scatter_draws_the_points_in_the_colour_of_their_kind():
    x = randn(9, 2)
    _, ax = scatter(x, kind="noise", limits=2.5)
    (dots,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert np.allclose(dots.get_offsets(), x.numpy())
    assert to_hex(dots.get_facecolor()[0]).upper() == COLORS["noise"]
    assert ax.get_xlim() == ax.get_ylim() == (-2.5, 2.5) and ax.get_aspect() == 1


def test_trajectories_draw_paths_and_both_ends():
    x = randn(5, 9, 2)
    _, ax = trajectories(x, max_paths=4)
    assert len(ax.lines) == 4
    assert np.allclose(ax.lines[2].get_xydata(), x[:, 2].numpy())
    starts, ends = (c.get_offsets() for c in ax.collections)
    assert np.allclose(starts, x[0, :4].numpy()) and np.allclose(ends, x[-1, :4].numpy())


@pytest.mark.parametrize("shape", [(5, 9), (5, 9, 1)])
def test_trajectories_on_a_line_run_against_time(shape):
    x, times = randn(*shape), torch.tensor([0.0, 0.1, 0.2, 0.5, 1.0])
    _, ax = trajectories(x, times=times)
    assert np.allclose(ax.lines[3].get_xdata(), times.numpy())
    assert np.allclose(ax.lines[3].get_ydata(), x.reshape(5, 9)[:, 3].numpy())
    assert ax.get_xlabel() == "$t$"


def test_vector_field_asks_with_a_0_dim_time_and_draws_the_answer():
    seen = []

    def velocity(x, t):
        seen.append((x, t))
        return torch.stack([-x[:, 1], x[:, 0]], dim=1)

    _, ax = vector_field(velocity, 0.25, limits=2.0, resolution=4)
    (arrows,) = [c for c in ax.collections if isinstance(c, Quiver)]
    x, t = seen[0]
    assert t.shape == () and t.item() == 0.25 and x.shape == (16, 2) and x.abs().max() < 2
    assert np.allclose(arrows.U, -x[:, 1].numpy()) and np.allclose(arrows.V, x[:, 0].numpy())
    assert vector_field(lambda x, t: 0 * x, 0.0)  # a field at rest has no longest arrow


def test_film_strip_shares_its_scale_and_hides_empty_panels():
    clouds = [randn(6, 2) * s for s in (1, 2, 3, 4, 5)]
    fig, axes = film_strip(clouds, ["a", "b", "c", "d", "e"], reference=randn(6, 2) * 9)
    assert len(axes) == 5 and len(fig.axes) == 6 and not fig.axes[5].axison
    assert len({ax.get_xlim() for ax in axes} | {ax.get_ylim() for ax in axes}) == 1
    assert axes[0].get_xlim()[1] >= 9 * randn(6, 2).abs().max()
    assert [ax.get_title() for ax in axes] == list("abcde")
    assert all(len(ax.collections) == 2 for ax in axes)
    given_fig, given = plt.subplots(1, 2)
    assert film_strip(clouds[:2], ax=given, kind=["noise", "data"])[0] is given_fig


def test_image_grid_puts_every_image_in_its_place():
    images = torch.arange(5).float()[:, None, None, None].expand(5, 1, 3, 2) / 4
    _, ax = image_grid(images, ncols=3)
    board = np.asarray(ax.images[0].get_array().filled(np.nan))
    assert board.shape == (7, 8)
    assert (board[0:3, 3:5] == 0.25).all() and (board[4:7, 3:5] == 1.0).all()
    assert np.isnan(board[3]).all() and np.isnan(board[4:, 6:]).all()


def test_image_grid_shows_colours():
    images = torch.tensor([-1.0, 0.0, 3.0])[None, :, None, None].expand(2, 3, 4, 4)
    _, ax = image_grid(images, ncols=2)
    board = np.asarray(ax.images[0].get_array())
    assert board.shape == (4, 9, 4)
    assert (board[:, :4] == [0.0, 0.5, 1.0, 1.0]).all() and (board[:, 4, 3] == 0).all()


def test_loss_curve_draws_the_moving_mean():
    _, ax = loss_curve([1.0, 3.0, 5.0, 7.0], window=2)
    raw, mean = ax.lines
    assert raw.get_ydata().tolist() == [1, 3, 5, 7]
    assert mean.get_xydata().tolist() == [[2, 2], [3, 4], [4, 6]]
    _, ax = loss_curve({"a": [1.0, 2.0], "b": torch.tensor([3.0, 4.0])})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_lines_name_every_curve_and_the_baseline():
    _, ax = lines([1, 2, 4], {"a": [3, 2, 1], "b": torch.ones(3)}, logx=True, baseline=0.5)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["a", "b", "data vs. data"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "2", "4"]
    assert ax.get_xscale() == "log"


def test_lines_shade_the_range_of_a_curve():
    _, ax = lines([1, 2, 4], {"a": [3, 2, 1], "b": [1, 1, 1]}, bands={"a": ([2, 1, 0], [4, 3, 2])})
    (band,) = ax.collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].min() == 0 and corners[:, 1].max() == 4
    assert to_hex(band.get_facecolor()[0]) == to_hex(ax.lines[0].get_color())
    for bad in ({"c": ([0, 0, 0], [1, 1, 1])}, {"a": ([0, 0], [1, 1, 1])}):
        with pytest.raises(ValueError, match="bands"):
            lines([1, 2, 4], {"a": [3, 2, 1]}, bands=bad)


def test_logarithmic_axes_show_plain_numbers():
    fig, ax = lines([1, 2, 4], {"a": [3.0, 0.6, 0.2]}, logy=True)
    fig.canvas.draw()
    low, high = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert [text.get_text() for at, text in ticks if low < at < high] == ["0.2", "0.5", "1", "2"]
    assert not any(text.get_text() for text in ax.get_yticklabels(minor=True))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: scatter([1.0]), TypeError, "x must"),
        (lambda: scatter(randn(4, 3)), ValueError, r"x must.*\(4, 3\)"),
        (lambda: scatter(randn(4, 2), kind="red"), ValueError, "kind.*'red'"),
        (lambda: scatter(randn(4, 2), ax=3), TypeError, "ax must"),
        (lambda: trajectories(randn(4, 3, 3)), ValueError, "trajectory"),
        (lambda: trajectories(randn(1, 3, 2)), ValueError, "two states"),
        (lambda: trajectories(randn(4, 3), times=torch.rand(3)), ValueError, "times"),
        (lambda: vector_field(lambda x, t: x, 2.0), ValueError, "t must"),
        (lambda: vector_field(lambda x, t: x[:, 0], 0.5), ValueError, "velocity must return"),
        (lambda: vector_field(lambda x, t: x, 0.5, resolution=1), ValueError, "resolution"),
        (lambda: film_strip([]), ValueError, "points"),
        (lambda: film_strip([randn(3, 2)], ["a", "b"]), ValueError, "titles"),
        (lambda: film_strip([randn(3, 3)]), ValueError, r"points\[0\]"),
        (lambda: image_grid(randn(4, 2, 8, 8)), ValueError, "images"),
        (lambda: image_grid(randn(4, 8, 8), ncols=0), ValueError, "ncols"),
        (lambda: loss_curve([]), ValueError, "losses"),
        (lambda: loss_curve([1.0], window=0), ValueError, "window"),
        (lambda: lines([1, 2], {"a": [1.0]}), ValueError, "series.*'a'"),
        (lambda: lines([1, 2], {}), ValueError, "series"),
        (lambda: new_figure(ncols=0), ValueError, "ncols"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_bells_are_densities_over_a_histogram_of_density():
    samples = 2 + 0.5 * randn(20_000)
    _, ax = bells(samples, {"right": (2.0, 0.5), "shifted": (3.0, 0.5)})
    right, shifted = (line.get_xydata() for line in ax.lines)
    for curve, centre in ((right, 2.0), (shifted, 3.0)):
        assert abs(torch.trapezoid(*torch.tensor(curve.T).flip(0)).item() - 1) < 0.01
        assert abs(curve[curve[:, 1].argmax(), 0] - centre) < 0.02
    bars = [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in ax.patches]
    assert abs(sum(bar.get_width() * bar.get_height() for bar in ax.patches) - 1) < 1e-6
    at, height = np.array(bars).T
    off = [np.abs(np.interp(at, *curve.T) - height).max() for curve in (right, shifted)]
    assert off[0] < 0.08 < 0.6 < off[1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["right", "shifted"]


def test_bells_may_stand_alone_or_without_a_legend():
    _, ax = bells(None, {"a": (0.0, 1.0)}, legend=False)
    assert ax.get_legend() is None and len(ax.lines) == 1 and not ax.patches
    _, ax = bells(randn(50), {})
    assert ax.get_legend() is None and ax.patches


def test_bells_refuse_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="at least one curve"):
        bells(None, {})
    for spread in (0.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="'a'.*spread above 0"):
            bells(randn(9), {"a": (0.0, spread)})
    with pytest.raises(ValueError, match="nan"):
        bells(randn(9) * float("nan"), {"a": (0.0, 1.0)})
