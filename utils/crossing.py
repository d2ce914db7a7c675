"""Two pairs that cross: each traveller on its own line, and both following the mean.

``python -m utils.crossing chapters/films/crossing.webp`` writes the film of chapter 8.
"""

import sys

import torch
from matplotlib.figure import Figure
from torch import Tensor

from utils.console import print_anything
from utils.plotting import COLORS, FONT_SIZE, new_figure
from utils.plotting.film import moments, save_film
from utils.samplers import sample_ode

STARTS = torch.tensor([[-2.0, 1.0], [-2.0, -1.0]])
GOALS = torch.tensor([[2.0, -1.0], [2.0, 1.0]])
LIMIT = 2.6


def mean_velocity(x: Tensor, t: Tensor, width: float = 0.3) -> Tensor:
    r"""Mean velocity of the two pairs, each counted by how near it is.

    .. math:: u_t(x) = \sum_i w_i\,(x_{1,i} - x_{0,i}), \qquad
              w_i \propto \exp\!\Big(-\frac{\lVert x - x_{t,i}\rVert^2}{2\,\text{width}^2}\Big)

    Args:
        x: places, shape ``(B, 2)``.
        t: time, 0-dim.
        width: how far "near" reaches.

    Returns:
        Velocities, shape ``(B, 2)``.
    """
    nearness = -torch.cdist(x, torch.lerp(STARTS, GOALS, t)).square() / (2 * width**2)
    return nearness.softmax(dim=1) @ (GOALS - STARTS)


def two_ways(steps: int = 40) -> tuple[Tensor, Tensor]:
    """Positions of the two travellers at evenly spaced times from 0 to 1.

    Args:
        steps: of Heun's method.

    Returns:
        Along their own lines and along the mean, each of shape ``(steps + 1, 2, 2)``.
    """
    times = torch.linspace(0, 1, steps + 1)[:, None, None]
    followers = sample_ode(mean_velocity, STARTS, steps, "heun", return_trajectory=True)
    return torch.lerp(STARTS, GOALS, times), followers


def draw_crossing(pairs: Tensor, followers: Tensor, step: int) -> Figure:
    """One moment: the ways so far, the travellers, and the velocity that each has.

    Args:
        pairs: positions ``(S + 1, 2, 2)``.
        followers: positions ``(S + 1, 2, 2)``.
        step: the moment, 0..S.
    """
    t = torch.tensor(step / (len(pairs) - 1))
    fig, axes = new_figure(ncols=2, size=(6.0, 3.5))
    velocities = (GOALS - STARTS, mean_velocity(followers[step], t))
    titles = ("to its own partner", "along the mean")
    for ax, way, velocity, title in zip(axes, (pairs, followers), velocities, titles, strict=True):
        ax.plot(*way[: step + 1].permute(2, 0, 1), color=COLORS["path"], linewidth=1.4)
        ax.scatter(*STARTS.T, s=36, color=COLORS["noise"], zorder=3)
        ax.scatter(*GOALS.T, s=36, color=COLORS["data"], zorder=3)
        ax.quiver(
            *way[step].T,
            *velocity.T,
            color=COLORS["velocity"],
            angles="xy",
            scale_units="xy",
            scale=4.0,
            width=0.014,
            zorder=4,
        )
        ax.scatter(*way[step].T, s=70, color=COLORS["sample"], zorder=5)
        ax.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT), xticks=(), yticks=(), aspect="equal")
        ax.set_title(title, fontsize=FONT_SIZE + 3)
        ax.set_xlabel(f"$t = {t:.2f}$", fontsize=FONT_SIZE + 3)
    return fig


def main(path: str, steps: int = 40) -> None:
    """Write the film."""
    count = save_film(path, moments(draw_crossing, *two_ways(steps)), milliseconds=110, quality=60)
    print(f"{path}: {count} pictures")


if __name__ == "__main__":
    print_anything()
    main(sys.argv[1])
