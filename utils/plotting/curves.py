"""Losses and other curves."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from utils.plotting.style import (
    LINE_COLORS,
    LINE_MARKERS,
    add_legend,
    cycle,
    figure_of,
    log_vertical,
    style_axes,
)
from utils.tensors import check_positive_int


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
    fig, ax = figure_of(ax, (5.5, 3.2))
    for (name, values), color in zip(named.items(), cycle(LINE_COLORS, len(named)), strict=True):
        steps = np.arange(1, len(values) + 1)
        width = min(window or max(1, len(values) // 50), len(values))
        if width > 1:
            ax.plot(steps, values, color=color, alpha=0.2, linewidth=0.6)
        mean = np.convolve(values, np.full(width, 1 / width), mode="valid")
        ax.plot(steps[width - 1 :], mean, color=color, linewidth=1.6, label=name)
    if logy:
        log_vertical(ax)
    style_axes(ax, title, "training step", "loss")
    if None not in named:
        add_legend(ax)
    return fig, ax


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
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
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
        bands: least and greatest values, each of shape ``(n,)``, shaded around the curves named.

    Returns:
        Figure and axes.

    Raises:
        ValueError: if there is no curve, a length differs from that of x, or a band has no curve.
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
    ranges = {name: [_series("bands", end) for end in ends] for name, ends in (bands or {}).items()}
    for name, ends in ranges.items():
        if name not in curves or any(len(end) != len(positions) for end in ends):
            raise ValueError(f"bands[{name!r}] must have a curve and {len(positions)} values")
    fig, ax = figure_of(ax, (5.5, 3.6))
    with_markers = len(positions) <= 20 if markers is None else markers
    for i, (name, values) in enumerate(curves.items()):
        marker = LINE_MARKERS[i % len(LINE_MARKERS)] if with_markers else None
        color = LINE_COLORS[i % len(LINE_COLORS)]
        style = "-" if with_markers else ("-", "--", "-.", ":")[i % 4]
        ax.plot(positions, values, style, color=color, marker=marker, markersize=5, label=name)
        if name in ranges:
            ax.fill_between(positions, *ranges[name], color=color, alpha=0.2, linewidth=0)
    if baseline is not None:
        ax.axhline(baseline, color="#555555", linestyle=":", linewidth=1.4, label=baseline_label)
    if logx:
        ax.set_xscale("log")
        if len(positions) <= 10:
            ax.set_xticks(positions, [f"{value:g}" for value in positions])
            ax.minorticks_off()
    if logy:
        log_vertical(ax)
    style_axes(ax, title, xlabel, ylabel)
    add_legend(ax)
    return fig, ax
