"""One style for all figures: colours, sizes, empty figures."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from utils.tensors import check_positive_int

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
        style_axes(ax)
    return fig, axes


def style_axes(ax: Axes, title: str | None = None, xlabel: str = "", ylabel: str = "") -> None:
    """White ground, fonts without serifs, title and labels."""
    ax.set_facecolor("white")
    ax.tick_params(which="both", labelsize=FONT_SIZE, labelfontfamily="sans-serif")
    text = {"family": "sans-serif"}
    if title is not None:
        ax.set_title(title, fontsize=TITLE_SIZE, **text)
    if xlabel:
        ax.set_xlabel(xlabel, fontsize=FONT_SIZE, **text)
    if ylabel:
        ax.set_ylabel(ylabel, fontsize=FONT_SIZE, **text)


def figure_of(ax: Axes | None, size: tuple[float, float] | None = None) -> tuple[Figure, Axes]:
    """The figure of these axes, or a new one."""
    if ax is None:
        return new_figure(size=size)
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be a matplotlib Axes, got {type(ax).__name__}")
    return ax.figure, ax


def add_legend(ax: Axes) -> None:
    """A legend without a frame, whose marks are solid."""
    legend = ax.legend(prop={"size": FONT_SIZE, "family": "sans-serif"}, frameon=False)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):  # a dot of a cloud is too small to show its colour
            handle.set(sizes=[36], alpha=1)


def color_of(kind: str) -> str:
    """The colour that a kind of thing has throughout the course."""
    if kind not in COLORS:
        raise ValueError(f"kind must be one of {tuple(COLORS)}, got {kind!r}")
    return COLORS[kind]


def cycle(items: Sequence[str], count: int) -> list[str]:
    """So many items, from the start again when they run out."""
    return [items[i % len(items)] for i in range(count)]


def log_vertical(ax: Axes) -> None:
    """Logarithmic axis with plain numbers: 1, 2, 5 of each decade if there are few decades."""
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    if high / low < 200:
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.yaxis.set_minor_formatter(NullFormatter())
