"""Pictures of episodes: a strip for the page, a film for the curious."""

import io
import os
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from torch import Tensor

from utils.atomic import write_atomically
from utils.plotting import COLORS, new_figure
from utils.pusht.data import SIZE
from utils.pusht.environment import GOAL
from utils.pusht.lerobot import CORNERS

AGENT_RADIUS = 15.0
# Outline of the T: the corners of both rectangles, in the order in which one would draw it.
OUTLINE = CORNERS[[0, 1, 2, 5, 6, 7, 4, 3]]


def block_outline(pose: Tensor) -> Tensor:
    """Corners ``(8, 2)`` of the block at [x, y, angle], in pixels."""
    c, s = pose[2].cos(), pose[2].sin()
    turn = torch.stack([torch.stack([c, -s]), torch.stack([s, c])]).to(OUTLINE)
    return OUTLINE @ turn.T + pose[:2].to(OUTLINE)


def draw_table(ax: Axes, state: Tensor, trail: Tensor | None = None) -> None:
    """Draw the target, the block, the agent and where it has been.

    Args:
        ax: where to draw.
        state: ``(5,)``.
        trail: earlier positions of the agent, ``(T, 2)``.
    """
    target = block_outline(torch.tensor(GOAL, dtype=torch.float64))
    ax.add_patch(Polygon(target, facecolor="none", edgecolor="black", ls="--", lw=1))
    block = block_outline(state[2:].double())
    ax.add_patch(Polygon(block, facecolor=COLORS["data"], alpha=0.85))
    if trail is not None and len(trail) > 1:
        ax.plot(*trail.T, color=COLORS["path"], lw=1)
    ax.add_patch(Circle(state[:2].tolist(), AGENT_RADIUS, color=COLORS["velocity"]))
    ax.set(xlim=(0, SIZE), ylim=(SIZE, 0), aspect="equal", xticks=[], yticks=[])


def episode_strip(
    rows: dict[str, tuple[Tensor, int, float]], moments: Sequence[int] = (0, 40, 80, 120, 200, 300)
) -> Figure:
    """One row for each policy, one column for each moment.

    Args:
        rows: label to (states ``(T + 1, 5)``, steps until the end, best score).
        moments: steps to show; after its end an episode shows its last state.

    Returns:
        The figure.
    """
    size = (1.25 * len(moments), 1.45 * len(rows))
    fig, axes = new_figure(ncols=len(moments), nrows=len(rows), size=size)
    for line, (label, (states, length, score)) in zip(
        np.atleast_2d(axes), rows.items(), strict=True
    ):
        for ax, moment in zip(line, moments, strict=True):
            at = min(moment, length)
            draw_table(ax, states[at], states[max(0, at - 40) : at + 1, :2])
            ax.set_title(f"step {at}" if moment <= length else f"end: {at}", fontsize=9)
        line[0].set_ylabel(f"{label}\nscore {score:.2f}", fontsize=10)
    return fig


def save_film(
    path: str | os.PathLike,
    episodes: dict[str, tuple[Tensor, int, float]],
    every: int = 4,
    inches: float = 1.8,
) -> None:
    """Write an animated WebP: the episodes together, four times as fast as the robot.

    Args:
        path: file to write.
        episodes: as for ``episode_strip``.
        every: steps between pictures.
        inches: side of one table, at 100 pixels an inch.

    Raises:
        OSError: if the file cannot be written.
    """
    from PIL import Image

    # Two in a row: legible at the width of a phone.
    grid = (-(-len(episodes) // 2), 2) if len(episodes) % 2 == 0 else (len(episodes), 1)
    size = (inches * grid[1], (inches + 0.25) * grid[0])
    frames = []
    last = max(length for _, length, _ in episodes.values())
    for step in range(0, last + 1, every):
        fig = Figure(figsize=size, dpi=100, layout="constrained")
        tables = np.atleast_1d(fig.subplots(*grid)).flat
        for ax, (label, (states, length, _)) in zip(tables, episodes.items(), strict=True):
            at = min(step, length)
            draw_table(ax, states[at], states[max(0, at - 40) : at + 1, :2])
            ax.set_title(f"{label}: {at / 10:.1f} s", fontsize=8)
        picture = io.BytesIO()
        fig.savefig(picture, format="png")
        frames.append(Image.open(picture).convert("RGB"))
    film = io.BytesIO()
    options = {"duration": 25 * every, "loop": 0, "quality": 60, "method": 4}
    frames[0].save(film, "WEBP", save_all=True, append_images=frames[1:], **options)
    write_atomically(path, film.getvalue())
