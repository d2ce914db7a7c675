"""Images side by side."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from utils.plotting.style import (
    WIDTH,
    figure_of,
    style_axes,
)
from utils.tensors import check_positive_int, check_samples


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
    fig, ax = figure_of(ax, (wide, wide * board.shape[0] / board.shape[1] + 0.3 * bool(title)))
    if channels == 1:
        board = board[..., 0]
    else:  # what is behind shows through the gaps
        opaque = 1.0 - np.isnan(board[..., :1])
        board = np.nan_to_num((board - limits[0]) / (limits[1] - limits[0]), nan=1.0).clip(0, 1)
        board = np.concatenate([board, opaque], axis=-1)
    ax.imshow(board, cmap="gray_r", vmin=limits[0], vmax=limits[1], interpolation="nearest")
    style_axes(ax, title)
    ax.set_axis_off()
    return fig, ax
