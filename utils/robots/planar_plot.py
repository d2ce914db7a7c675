"""Pictures of the planar task."""

from matplotlib.axes import Axes
from matplotlib.patches import Circle
from torch import Tensor

from utils.plotting import COLORS
from utils.robots.planar import FORK_X, GOAL_X, RADIUS, SPREAD, START_X


def draw_plane(ax: Axes) -> None:
    """Draw the obstacle, and where episodes start and end."""
    ax.add_patch(Circle((0, 0), RADIUS, facecolor="0.75", edgecolor="0.3"))
    for x in (START_X, GOAL_X):
        ax.plot([x, x], [-SPREAD, SPREAD], color="0.3", lw=3, solid_capstyle="round")
    ax.set(xlim=(START_X - 0.1, GOAL_X + 0.15), ylim=(-0.9, 0.9), aspect="equal")
    ax.set(xticks=[START_X, FORK_X, 0, GOAL_X], yticks=[-0.5, 0, 0.5])


def draw_paths(ax: Axes, observations: Tensor, collided: Tensor | None = None) -> None:
    """Draw the paths of episodes; those that touched the obstacle end in a cross.

    Args:
        ax: where to draw.
        observations: of a rollout, ``(T + 1, B, 4)``.
        collided: which episodes touched the obstacle, ``(B,)``.
    """
    x, y = observations[..., 0], observations[..., 1]
    ax.plot(x, y, color=COLORS["sample"], lw=0.8, alpha=0.6)
    if collided is not None and collided.any():
        ax.plot(x[-1, collided], y[-1, collided], "x", color="black", ms=5)
