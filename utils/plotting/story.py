"""Pictures of pairs: who goes with whom, what is asked of a point on the way, and the mean."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from utils.plotting.plane import _planar, _square, scatter
from utils.plotting.style import COLORS, figure_of, new_figure, style_axes
from utils.tensors import check_nonnegative, check_positive_int

Limits = float | tuple[float, float] | None


def _planar_pairs(x_0: Tensor, x_1: Tensor) -> tuple[np.ndarray, np.ndarray]:
    starts, ends = _planar("x_0", x_0), _planar("x_1", x_1)
    if starts.shape != ends.shape:
        raise ValueError(f"x_0 and x_1 must have one shape, got {starts.shape} and {ends.shape}")
    return starts, ends


def _time(t: float) -> float:
    if check_nonnegative("t", t) > 1:
        raise ValueError(f"t must lie in [0, 1], got {t}")
    return float(t)


def _arrow(ax: Axes, tail: np.ndarray, head: np.ndarray, color: str, width: float = 2.4) -> None:
    style = {"arrowstyle": "-|>", "color": color, "lw": width, "mutation_scale": 8 * width}
    ax.annotate("", xy=head, xytext=tail, zorder=5, arrowprops=style | {"shrinkA": 0, "shrinkB": 0})


def _star(ax: Axes, at: np.ndarray) -> None:
    ax.scatter(*at, marker="*", s=240, color=COLORS["sample"], zorder=6, linewidths=0)


def pairings(
    x_0: Tensor,
    x_1: Tensor,
    ax: Axes | None = None,
    title: str | None = None,
    limits: Limits = None,
    alpha: float = 0.8,
) -> tuple[Figure, Axes]:
    """Two clouds and a line from every point to its partner.

    Args:
        x_0: points of one cloud (blue), shape ``(B, 2)``.
        x_1: their partners (orange), same shape.
        ax: where to draw; ``None`` makes a figure.
        title: title of the panel.
        limits: range of both axes: (low, high), or one number for plus and minus.
        alpha: opacity of the lines.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the shapes are wrong or differ.
    """
    starts, ends = _planar_pairs(x_0, x_1)
    fig, ax = figure_of(ax)
    ways = np.stack([starts, ends], axis=1)
    ax.add_collection(LineCollection(ways, colors=COLORS["path"], alpha=alpha, linewidths=1.0))
    for points, kind in ((starts, "noise"), (ends, "data")):
        ax.scatter(*points.T, s=22, color=COLORS[kind], linewidths=0, zorder=3)
    _square(ax, limits)
    style_axes(ax, title)
    return fig, ax


def two_questions(
    x_0: Sequence[float] | Tensor,
    x_1: Sequence[float] | Tensor,
    t: float = 0.5,
    clouds: tuple[Tensor, Tensor] | None = None,
    ax: Sequence[Axes] | None = None,
    titles: tuple[str, str] = ("which noise?", "which way?"),
    limits: Limits = 2.8,
) -> tuple[Figure, np.ndarray]:
    """A point between noise and data, and what diffusion and flow matching ask about it.

    Both panels show one mixture (star) of one noise (blue) and one data point (orange). Left, the
    arrow leads back to the noise; right, it shows the way on.

    Args:
        x_0: the noise, two numbers.
        x_1: the data point, two numbers.
        t: how far between them the star is, in [0, 1].
        clouds: noise and data to show pale behind, each of shape ``(B, 2)``.
        ax: two axes; ``None`` makes a figure.
        titles: of the two panels.
        limits: range of both axes.

    Returns:
        Figure and its two axes.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if a shape is wrong or t lies outside [0, 1].
    """
    ends = (torch.as_tensor(point, dtype=torch.float32)[None] for point in (x_0, x_1))
    start, end = (part[0] for part in _planar_pairs(*ends))
    star = (1 - _time(t)) * start + t * end
    fig, axes = new_figure(ncols=2) if ax is None else (ax[0].figure, np.asarray(ax, dtype=object))
    goals = ((start, COLORS["noise"]), (end, COLORS["velocity"]))
    for panel, title, (goal, color) in zip(axes, titles, goals, strict=True):
        for points, kind in zip(clouds or (), ("noise", "data"), strict=False):
            scatter(points, panel, kind, limits=limits, size=5, alpha=0.25)
        panel.plot(*np.stack([start, end]).T, color=COLORS["path"], linewidth=1.4, zorder=3)
        for point, kind in ((start, "noise"), (end, "data")):
            panel.scatter(*point, s=70, color=COLORS[kind], linewidths=0, zorder=4)
        _arrow(panel, star, goal, color)
        _star(panel, star)
        _square(panel, limits)
        style_axes(panel, title)
        panel.set(xticks=[], yticks=[])
    return fig, axes


def mean_arrow(
    x_0: Tensor,
    x_1: Tensor,
    point: Sequence[float],
    t: float = 0.5,
    count: int = 40,
    ax: Axes | None = None,
    title: str | None = None,
    limits: Limits = 2.8,
) -> tuple[Figure, Axes]:
    """The pairs that pass a point at one time, each with its own way, and the mean of their ways.

    Args:
        x_0: noise of many pairs, shape ``(B, 2)``.
        x_1: their data, same shape.
        point: where to stand (star), two numbers.
        t: when, in [0, 1].
        count: pairs to show: those that are nearest at that time.
        ax: where to draw; ``None`` makes a figure.
        title: title of the panel.
        limits: range of both axes.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if the shapes are wrong or differ, or t lies outside [0, 1].
    """
    starts, ends = _planar_pairs(x_0, x_1)
    star = np.asarray(point, dtype=float)
    if star.shape != (2,):
        raise ValueError(f"point must be two numbers, got {point!r:.80}")
    passing = (1 - _time(t)) * starts + t * ends
    near = np.linalg.norm(passing - star, axis=1).argsort()[: check_positive_int("count", count)]
    fig, ax = pairings(torch.as_tensor(starts[near]), torch.as_tensor(ends[near]), ax, alpha=0.45)
    mean = (ends[near] - starts[near]).mean(axis=0)
    _arrow(ax, star, star + mean, COLORS["velocity"], 3.2)
    _star(ax, star)
    _square(ax, limits)
    style_axes(ax, title)
    ax.set(xticks=[], yticks=[])
    return fig, ax
