"""Normal curves, alone or over a histogram."""

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from utils.plotting.style import COLORS, LINE_COLORS, add_legend, figure_of, style_axes
from utils.tensors import check_samples


def bells(
    samples: Tensor | None,
    normals: Mapping[str, tuple[float, float]],
    ax: Axes | None = None,
    title: str | None = None,
    xlabel: str = "",
    bins: int = 60,
    label: str | None = None,
    legend: bool = True,
) -> tuple[Figure, Axes]:
    """A histogram of samples on a line, and normal curves over it; densities are not labelled.

    Args:
        samples: any shape; ``None`` draws the curves alone.
        normals: mean and standard deviation of each curve, by its name in the legend.
        ax: where to draw; ``None`` makes a figure.
        title: title of the panel.
        xlabel: label of the horizontal axis.
        bins: bars of the histogram.
        label: name of the histogram in the legend.
        legend: draw it; panels side by side may share one.

    Returns:
        Figure and axes.

    Raises:
        TypeError: if ``samples`` is not a floating-point tensor.
        ValueError: if there is neither a sample nor a curve, or a standard deviation is not
            greater than 0.
    """
    if samples is None and not normals:
        raise ValueError("normals must hold at least one curve where there are no samples")
    for name, (_, spread) in normals.items():
        if not 0 < spread < math.inf:
            raise ValueError(f"normals[{name!r}] must have a spread above 0, got {spread}")
    ends = [float(m) + side * 4 * float(s) for m, s in normals.values() for side in (-1, 1)]
    fig, ax = figure_of(ax, (5.5, 3.2))
    if samples is not None:
        check_samples("samples", samples)
        values = samples.detach().cpu().double().flatten().numpy()
        ends += [values.min(), values.max()]
        style = {"color": COLORS["path"], "alpha": 0.6, "density": True, "label": label}
        ax.hist(values, np.linspace(min(ends), max(ends), bins + 1), **style)
    grid = np.linspace(min(ends), max(ends), 400)
    for i, (name, (mean, spread)) in enumerate(normals.items()):
        height = np.exp(-0.5 * ((grid - float(mean)) / float(spread)) ** 2)
        height /= float(spread) * math.sqrt(2 * math.pi)
        style = ("-", "--", "-.", ":")[i % 4]
        color = LINE_COLORS[i % len(LINE_COLORS)]
        ax.plot(grid, height, style, color=color, linewidth=2, label=name)
    style_axes(ax, title, xlabel)
    ax.set_yticks([])
    if legend and (normals or label is not None):
        ax.set_ylim(0, 1.3 * ax.get_ylim()[1])  # room for it
        add_legend(ax)
    return fig, ax
