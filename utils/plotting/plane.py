"""Points, paths and arrows in the plane."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from utils.plotting.style import (
    COLORS,
    WIDTH,
    add_legend,
    color_of,
    figure_of,
    new_figure,
    style_axes,
)
from utils.tensors import check_positive_int, check_samples, check_time


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
    points, color = _planar("x", x), color_of(kind)
    fig, ax = figure_of(ax)
    ax.scatter(*points.T, s=size, alpha=alpha, color=color, linewidths=0, label=label)
    _square(ax, limits)
    style_axes(ax, title)
    if label is not None:
        add_legend(ax)
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
    color, end_color = color_of(kind), color_of(end_kind)
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
    fig, ax = figure_of(ax)
    ax.plot(states[..., 0], states[..., 1], color=color, alpha=alpha, linewidth=0.8, zorder=1)
    for state, dots in ((states[0], COLORS["noise"]), (states[-1], end_color)):
        ax.scatter(*state.T, s=9, color=dots, linewidths=0, zorder=2)
    if line:
        style_axes(ax, title, "$t$", "$x_t$")
        if limits is not None:
            ax.set_ylim((-limits, limits) if isinstance(limits, int | float) else limits)
    else:
        style_axes(ax, title)
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
    color = color_of(kind)
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
    fig, ax = figure_of(ax)
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
    style_axes(ax, title)
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
