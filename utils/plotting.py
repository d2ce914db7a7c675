"""Figures in one style: each function takes ``ax=None`` and returns ``(fig, ax)``.

Labels are maths or English, so that both languages of the course share one picture. Nothing here
touches ``rcParams``: sizes and colours are set on the artists.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from torch import Tensor

from utils.tensors import check_positive_int, check_samples, check_time

__all__ = [
    "COLORS",
    "film_strip",
    "image_grid",
    "lines",
    "loss_curve",
    "new_figure",
    "scatter",
    "trajectories",
    "vector_field",
]

# Okabe and Ito's palette, which people with colour-blindness can tell apart.
COLORS = {
    "noise": "#0072B2",
    "data": "#D55E00",
    "path": "#999999",
    "velocity": "#009E73",
    "sample": "#CC79A7",
}
LINE_COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
LINE_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
FONT_SIZE = 11
TITLE_SIZE = 12
WIDTH = 7.5  # inches: the widest figure of the course


def new_figure(
    ncols: int = 1, nrows: int = 1, size: tuple[float, float] | None = None, **kwargs
) -> tuple[Figure, Axes | np.ndarray]:
    """A white figure with a grid of axes.

    Args:
        ncols: panels in a row.
        nrows: rows.
        size: width and height of the whole figure in inches; ``None`` fits square panels into a
            width of at most 7.5 inches.
        **kwargs: passed to ``plt.subplots``, as ``sharex=True``.

    Returns:
        Figure and axes: one ``Axes`` for one panel, else an array as from ``plt.subplots``.

    Raises:
        TypeError: if ``ncols`` or ``nrows`` is not an integer.
        ValueError: if one of them is less than 1.
    """
    check_positive_int("ncols", ncols)
    check_positive_int("nrows", nrows)
    if size is None:
        panel = min(3.75, WIDTH / ncols)
        size = (4.5, 3.75) if ncols == nrows == 1 else (panel * ncols, (panel + 0.25) * nrows)
    fig, axes = plt.subplots(
        nrows, ncols, figsize=size, facecolor="white", layout="constrained", **kwargs
    )
    for ax in np.atleast_1d(axes).flat:
        _style(ax)
    return fig, axes


def _style(ax: Axes, title: str | None = None, xlabel: str = "", ylabel: str = "") -> None:
    ax.set_facecolor("white")
    ax.tick_params(which="both", labelsize=FONT_SIZE, labelfontfamily="sans-serif")
    text = {"family": "sans-serif"}
    if title is not None:
        ax.set_title(title, fontsize=TITLE_SIZE, **text)
    if xlabel:
        ax.set_xlabel(xlabel, fontsize=FONT_SIZE, **text)
    if ylabel:
        ax.set_ylabel(ylabel, fontsize=FONT_SIZE, **text)


def _figure(ax: Axes | None, size: tuple[float, float] | None = None) -> tuple[Figure, Axes]:
    if ax is None:
        return new_figure(size=size)
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be a matplotlib Axes, got {type(ax).__name__}")
    return ax.figure, ax


def _legend(ax: Axes) -> None:
    legend = ax.legend(prop={"size": FONT_SIZE, "family": "sans-serif"}, frameon=False)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):  # a dot of a cloud is too small to show its colour
            handle.set(sizes=[36], alpha=1)


def _color(kind: str) -> str:
    if kind not in COLORS:
        raise ValueError(f"kind must be one of {tuple(COLORS)}, got {kind!r}")
    return COLORS[kind]


def _planar(name: str, x: Tensor) -> np.ndarray:
    check_samples(name, x, ndim=2)
    if x.shape[1] != 2:
        raise ValueError(f"{name} must have shape (B, 2), got {tuple(x.shape)}")
    return x.detach().cpu().numpy()


def _square(ax: Axes, limits: float | tuple[float, float] | None) -> None:
    """Equal scales, and the same range on both axes if one is given."""
    ax.set_aspect("equal", adjustable="box" if limits is not None else "datalim")
    if limits is not None:
        low, high = (-limits, limits) if isinstance(limits, int | float) else limits
        ax.set(xlim=(low, high), ylim=(low, high))
    for axis in (ax.xaxis, ax.yaxis):  # the same ticks on both
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def _log_vertical(ax: Axes) -> None:
    """Logarithmic axis with plain numbers: 1, 2, 5 of each decade if there are few decades."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high / low < 200:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())


def scatter(
    x: Tensor,
    ax: Axes | None = None,
    kind: str = "data",
    title: str | None = None,
    label: str | None = None,
    limits: float | tuple[float, float] | None = None,
    size: float = 6.0,
    alpha: float = 0.6,
) -> tuple[Figure, Axes]:
    """Points in the plane.

    Args:
        x: points, shape ``(B, 2)``.
        ax: where to draw; ``None`` makes a figure.
        kind: key of ``COLORS``.
        title: title of the panel.
        label: name in the legend, which is drawn if there is one.
        limits: range of both axes: (low, high), or one number for plus and minus.
        size: area of a point, in square points.
        alpha: opacity.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if ``x`` is not a floating-point tensor or ``ax`` is not an ``Axes``.
        ValueError: if the shape is wrong or ``kind`` is unknown.
    """
    points, color = _planar("x", x), _color(kind)
    fig, ax = _figure(ax)
    ax.scatter(*points.T, s=size, alpha=alpha, color=color, linewidths=0, label=label)
    _square(ax, limits)
    _style(ax, title)
    if label is not None:
        _legend(ax)
    return fig, ax


def trajectories(
    trajectory: Tensor,
    ax: Axes | None = None,
    times: Tensor | None = None,
    title: str | None = None,
    max_paths: int = 100,
    limits: float | tuple[float, float] | None = None,
    kind: str = "path",
    end_kind: str = "sample",
    alpha: float = 0.6,
) -> tuple[Figure, Axes]:
    """Ways of samples from noise (blue) to their ends: in the plane, or on a line against t.

    Args:
        trajectory: states, shape ``(S + 1, B, 2)``; or ``(S + 1, B)`` or ``(S + 1, B, 1)``, which
            are drawn against time.
        ax: where to draw; ``None`` makes a figure.
        times: times of the states on a line, shape ``(S + 1,)``; ``None`` is 0 to 1.
        title: title of the panel.
        max_paths: draw the first so many samples only.
        limits: range of both axes in the plane, of the vertical one on a line.
        kind: key of ``COLORS`` for the ways.
        end_kind: key of ``COLORS`` for the last states.
        alpha: opacity of the ways.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if a shape is wrong or a kind is unknown.
    """
    check_samples("trajectory", trajectory)
    line = trajectory.ndim == 2 or (trajectory.ndim == 3 and trajectory.shape[2] == 1)
    if len(trajectory) < 2 or not (line or (trajectory.ndim == 3 and trajectory.shape[2] == 2)):
        raise ValueError(
            "trajectory must have shape (S + 1, B, 2), (S + 1, B, 1) or (S + 1, B) with at least "
            f"two states, got {tuple(trajectory.shape)}"
        )
    color, end_color = _color(kind), _color(end_kind)
    count = check_positive_int("max_paths", max_paths)
    states = trajectory.detach().cpu().double()[:, :count]
    if line:
        clock = torch.linspace(0, 1, len(states)) if times is None else times
        check_samples("times", clock, ndim=1)
        if len(clock) != len(states):
            raise ValueError(f"times must have shape ({len(states)},), got {tuple(clock.shape)}")
        clock = clock.detach().cpu().double()[:, None].expand(states.shape[:2])
        states = torch.stack([clock, states.reshape(states.shape[:2])], dim=-1)
    states = states.numpy()
    fig, ax = _figure(ax)
    ax.plot(states[..., 0], states[..., 1], color=color, alpha=alpha, linewidth=0.8, zorder=1)
    for state, dots in ((states[0], COLORS["noise"]), (states[-1], end_color)):
        ax.scatter(*state.T, s=9, color=dots, linewidths=0, zorder=2)
    if line:
        _style(ax, title, "$t$", "$x_t$")
        if limits is not None:
            ax.set_ylim((-limits, limits) if isinstance(limits, int | float) else limits)
    else:
        _style(ax, title)
        _square(ax, limits)
    return fig, ax


def vector_field(
    velocity: Callable[[Tensor, Tensor], Tensor],
    t: float | Tensor,
    ax: Axes | None = None,
    title: str | None = None,
    limits: float | tuple[float, float] = 3.0,
    resolution: int = 15,
    kind: str = "velocity",
    scale: float | None = None,
) -> tuple[Figure, Axes]:
    """Arrows of a planar velocity field at one time.

    Args:
        velocity: field ``(x, t) -> (B, 2)``; t is 0-dim.
        t: time in [0, 1], a number or 0-dim.
        ax: where to draw; ``None`` makes a figure.
        title: title of the panel.
        limits: range of both axes: (low, high), or one number for plus and minus.
        resolution: arrows in a row, at least 2.
        kind: key of ``COLORS``.
        scale: speed of an arrow as long as one axis unit; ``None`` makes the longest arrow
            one and a half grid steps long. Give one number to several panels to compare them.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if a value is out of range or the field returns another shape.
    """
    color = _color(kind)
    if check_positive_int("resolution", resolution) < 2:
        raise ValueError(f"resolution must be at least 2, got {resolution}")
    low, high = (-limits, limits) if isinstance(limits, int | float) else limits
    ticks = torch.linspace(low, high, resolution + 2)[1:-1]  # arrows stay inside of the frame
    x = torch.cartesian_prod(ticks, ticks)
    t = check_time("t", t, x)
    if t.ndim:
        raise ValueError(f"t must be a number or 0-dim, got shape {tuple(t.shape)}")
    with torch.no_grad():
        arrows = velocity(x, t.to(x))
    if arrows.shape != x.shape:
        raise ValueError(f"velocity must return {tuple(x.shape)}, got {tuple(arrows.shape)}")
    if scale is None:
        longest = arrows.norm(dim=1).max().item() or 1.0
        scale = longest / (1.5 * (ticks[1] - ticks[0]).item())
    fig, ax = _figure(ax)
    ax.quiver(
        *x.numpy().T,
        *arrows.cpu().numpy().T,
        color=color,
        angles="xy",
        scale_units="xy",
        scale=scale,
        width=0.006,
        zorder=3,
    )
    _style(ax, title)
    _square(ax, (low, high))
    return fig, ax


def film_strip(
    points: Sequence[Tensor],
    titles: Sequence[str] | None = None,
    ax: Sequence[Axes] | np.ndarray | None = None,
    kind: str | Sequence[str] = "sample",
    ncols: int | None = None,
    limits: float | tuple[float, float] | None = None,
    reference: Tensor | None = None,
    size: float = 4.0,
    alpha: float = 0.6,
) -> tuple[Figure, np.ndarray]:
    """Several clouds of points side by side, all on the same scale.

    Args:
        points: clouds, each of shape ``(B, 2)``.
        titles: one title for each cloud.
        ax: axes to draw into, one for each cloud; ``None`` makes a figure.
        kind: key of ``COLORS`` for all, or one for each.
        ncols: panels in a row; ``None`` is 4 if that fills the rows, else at most 3.
        limits: range of both axes; ``None`` fits all clouds.
        reference: points drawn pale behind every cloud, shape ``(B, 2)``, as data.
        size: area of a point, in square points.
        alpha: opacity.

    Returns:
        Figure and a flat array of axes, one for each cloud.

    Raises:
        TypeError: if a cloud is not a floating-point tensor.
        ValueError: if there is no cloud, or numbers of clouds, titles, kinds or axes differ.
    """
    count = len(points)
    if count == 0:
        raise ValueError("points must hold at least one cloud, got none")
    kinds = [kind] * count if isinstance(kind, str) else list(kind)
    titles = [None] * count if titles is None else list(titles)
    for name, value in (("titles", titles), ("kind", kinds)):
        if len(value) != count:
            raise ValueError(f"{name} must have {count} entries, got {len(value)}")
    clouds = [_planar(f"points[{i}]", cloud) for i, cloud in enumerate(points)]
    if limits is None:
        shown = clouds if reference is None else [*clouds, _planar("reference", reference)]
        everything = np.concatenate(shown)
        reach = 1.05 * float(np.abs(everything).max()) or 1.0
        limits = (-reach, reach)
    if ax is None:
        ncols = ncols or (count if count < 4 else 4 if count % 4 == 0 else 3)
        nrows = math.ceil(count / check_positive_int("ncols", ncols))
        width = WIDTH / max(ncols, 2)
        has_title = any(title is not None for title in titles)
        shape = (width * ncols, (width + 0.3 * has_title) * nrows)
        fig, axes = new_figure(ncols, nrows, size=shape)
        axes = np.atleast_1d(axes).flatten()
        for empty in axes[count:]:
            empty.set_axis_off()
        axes = axes[:count]
    else:
        axes = np.atleast_1d(np.asarray(ax, dtype=object)).flatten()
        if len(axes) != count:
            raise ValueError(f"ax must have {count} entries, got {len(axes)}")
        fig = axes[0].figure
    for panel, cloud, title, color in zip(axes, points, titles, kinds, strict=True):
        if reference is not None:
            scatter(reference, panel, "data", limits=limits, size=size, alpha=0.15)
        scatter(cloud, panel, color, title, limits=limits, size=size, alpha=alpha)
        panel.set(xticks=[], yticks=[])
    return fig, axes


def image_grid(
    images: Tensor,
    ax: Axes | None = None,
    ncols: int = 8,
    title: str | None = None,
    limits: tuple[float, float] = (-1.0, 1.0),
) -> tuple[Figure, Axes]:
    """Images side by side: dark ink on white, or in colour.

    Args:
        images: shape ``(N, 1, H, W)`` or ``(N, H, W)``, or ``(N, 3, H, W)`` in colour.
        ax: where to draw; ``None`` makes a figure.
        ncols: images in a row.
        title: title of the panel.
        limits: values shown as white and as black, in colour as black and as full light; what
            lies beyond is cut.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if ``images`` is not a floating-point tensor.
        ValueError: if the shape is wrong or ``ncols`` < 1.
    """
    check_samples("images", images)
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise ValueError(
            "images must have shape (N, 1, H, W), (N, H, W) or (N, 3, H, W), "
            f"got {tuple(images.shape)}"
        )
    count, channels, height, width = images.shape
    ncols = min(check_positive_int("ncols", ncols), count)
    nrows = math.ceil(count / ncols)
    board = np.full((nrows * (height + 1) - 1, ncols * (width + 1) - 1, channels), np.nan)
    for i, image in enumerate(images.detach().cpu().double().permute(0, 2, 3, 1).numpy()):
        top, left = i // ncols * (height + 1), i % ncols * (width + 1)
        board[top : top + height, left : left + width] = image
    wide = min(WIDTH, 0.75 * ncols)
    fig, ax = _figure(ax, (wide, wide * board.shape[0] / board.shape[1] + 0.3 * bool(title)))
    if channels == 1:
        board = board[..., 0]
    else:  # gaps are white, as the page
        board = np.nan_to_num((board - limits[0]) / (limits[1] - limits[0]), nan=1.0).clip(0, 1)
    ax.imshow(board, cmap="gray_r", vmin=limits[0], vmax=limits[1], interpolation="nearest")
    _style(ax, title)
    ax.set_axis_off()
    return fig, ax


def _series(name: str, values: Sequence[float] | Tensor | np.ndarray) -> np.ndarray:
    array = torch.as_tensor(values).detach().cpu().double().numpy()
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a non-empty series, got shape {array.shape}")
    return array


def loss_curve(
    losses: Sequence[float] | Tensor | np.ndarray | Mapping[str, Sequence[float]],
    ax: Axes | None = None,
    title: str | None = None,
    window: int | None = None,
    logy: bool = False,
) -> tuple[Figure, Axes]:
    """Training loss, pale for each batch and bold for its moving mean.

    Args:
        losses: loss of each step, shape ``(S,)``; or a dictionary of such, with their names.
        ax: where to draw; ``None`` makes a figure.
        title: title of the panel.
        window: steps in the moving mean; ``None`` is a fiftieth of all, 1 is no mean.
        logy: logarithmic vertical axis.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if ``window`` is not an integer.
        ValueError: if a series is empty or has more than one dimension, or ``window`` < 1.
    """
    named = losses if isinstance(losses, Mapping) else {None: losses}
    named = {name: _series("losses", values) for name, values in named.items()}
    if not named:
        raise ValueError("losses must hold at least one series, got an empty dictionary")
    if window is not None:
        check_positive_int("window", window)
    fig, ax = _figure(ax, (5.5, 3.2))
    for (name, values), color in zip(named.items(), _cycle(LINE_COLORS, len(named)), strict=True):
        steps = np.arange(1, len(values) + 1)
        width = min(window or max(1, len(values) // 50), len(values))
        if width > 1:
            ax.plot(steps, values, color=color, alpha=0.2, linewidth=0.6)
        mean = np.convolve(values, np.full(width, 1 / width), mode="valid")
        ax.plot(steps[width - 1 :], mean, color=color, linewidth=1.6, label=name)
    if logy:
        _log_vertical(ax)
    _style(ax, title, "training step", "loss")
    if None not in named:
        _legend(ax)
    return fig, ax


def _cycle(items: Sequence[str], count: int) -> list[str]:
    return [items[i % len(items)] for i in range(count)]


def lines(
    x: Sequence[float] | Tensor | np.ndarray,
    series: Mapping[str, Sequence[float] | Tensor | np.ndarray],
    ax: Axes | None = None,
    xlabel: str = "",
    ylabel: str = "",
    logx: bool = False,
    logy: bool = False,
    title: str | None = None,
    baseline: float | None = None,
    baseline_label: str = "data vs. data",
    markers: bool | None = None,
) -> tuple[Figure, Axes]:
    """Named curves over a common x, told apart by colour and by marker.

    Args:
        x: positions, shape ``(n,)``.
        series: values of each curve, shape ``(n,)``, by name.
        ax: where to draw; ``None`` makes a figure.
        xlabel: label of the horizontal axis.
        ylabel: label of the vertical axis.
        logx: logarithmic horizontal axis, with the values of x as ticks if they are few.
        logy: logarithmic vertical axis.
        title: title of the panel.
        baseline: height of a dashed line, as from ``two_sample_baseline``.
        baseline_label: its name in the legend.
        markers: draw a marker at each value; ``None`` does so for up to 20 values.

    Returns:
        Figure and axes.

    Raises:
        ValueError: if there is no curve, or a curve's length differs from that of x.
    """
    positions = _series("x", x)
    if not series:
        raise ValueError("series must hold at least one curve, got none")
    curves = {name: _series(f"series[{name!r}]", values) for name, values in series.items()}
    for name, values in curves.items():
        if len(values) != len(positions):
            raise ValueError(
                f"series[{name!r}] must have {len(positions)} values as x has, got {len(values)}"
            )
    fig, ax = _figure(ax, (5.5, 3.6))
    with_markers = len(positions) <= 20 if markers is None else markers
    for i, (name, values) in enumerate(curves.items()):
        marker = LINE_MARKERS[i % len(LINE_MARKERS)] if with_markers else None
        color = LINE_COLORS[i % len(LINE_COLORS)]
        style = "-" if with_markers else ("-", "--", "-.", ":")[i % 4]
        ax.plot(positions, values, style, color=color, marker=marker, markersize=5, label=name)
    if baseline is not None:
        ax.axhline(baseline, color="#555555", linestyle=":", linewidth=1.4, label=baseline_label)
    if logx:
        ax.set_xscale("log")
        if len(positions) <= 10:
            ax.set_xticks(positions, [f"{value:g}" for value in positions])
            ax.minorticks_off()
    if logy:
        _log_vertical(ax)
    _style(ax, title, xlabel, ylabel)
    _legend(ax)
    return fig, ax
