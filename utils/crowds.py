"""Two crowds from the same noise: one along its pairs, one along the mean velocity.

``python -m utils.crowds chapters/films/crowds.webp`` writes the film of chapter 3.
"""

import sys

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from utils.console import print_anything
from utils.mixtures import GaussianMixture
from utils.paths import CondOT
from utils.plotting import COLORS, FONT_SIZE, new_figure
from utils.plotting.film import moments, save_film
from utils.samplers import sample_ode

SHOWN, LIMIT = 24, 3.2  # particles with a trail; range of x


def two_crowds(
    mixture: GaussianMixture,
    count: int = 20_000,
    steps: int = 40,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    r"""Positions of both crowds at evenly spaced times from 0 to 1.

    .. math:: x_t = (1 - t)\,x_0 + t\,x_1, \qquad \dot x(t) = u_t(x(t)),\ x(0) = x_0

    Args:
        mixture: the data, on a line.
        count: particles in each crowd.
        steps: midpoint steps.
        generator: source of randomness.

    Returns:
        Along the pairs and along the mean velocity, each of shape ``(steps + 1, count)``.

    Raises:
        ValueError: if the data are not on a line.
    """
    if mixture.means.shape[1:] != (1,):
        raise ValueError(f"mixture must lie on a line, got means of {tuple(mixture.means.shape)}")
    x_1 = mixture.sample(count, generator)
    x_0 = torch.randn(x_1.shape, dtype=x_1.dtype, generator=generator)
    times = torch.linspace(0, 1, steps + 1, dtype=x_1.dtype)[:, None]
    pairs = (1 - times) * x_0[:, 0] + times * x_1[:, 0]
    field = mixture.velocity_field(CondOT())
    return pairs, sample_ode(field, x_0, steps, "midpoint", return_trajectory=True)[..., 0]


def draw_crowds(pairs: Tensor, followers: Tensor, step: int) -> Figure:
    """One moment: above, the ways so far with arrows ahead; below, both histograms.

    Args:
        pairs: positions ``(S + 1, B)``.
        followers: positions ``(S + 1, B)``.
        step: the moment, 0..S.
    """
    times = torch.linspace(0, 1, len(pairs))
    fig, axes = new_figure(
        size=(6.0, 6.0),
        ncols=2,
        nrows=2,
        gridspec_kw={"height_ratios": [1.5, 1]},
    )
    titles = (r"$\dot x_t = x_1 - x_0$", r"$\dot x(t) = u_t(x(t))$")
    for ax, crowd, title in zip(axes[0], (pairs, followers), titles, strict=True):
        some = crowd[:, :SHOWN]
        ax.plot(some[: step + 1], times[: step + 1], color=COLORS["path"], linewidth=1.2)
        ahead = min(step + 3, len(crowd) - 1)
        here, there = some[step], some[ahead]
        ax.quiver(
            here,
            times[step].expand(SHOWN),
            there - here,
            (times[ahead] - times[step]).expand(SHOWN),
            color=COLORS["velocity"],
            angles="xy",
            scale_units="xy",
            scale=0.5,
            width=0.008,
        )
        ax.scatter(here, times[step].expand(SHOWN), s=22, color=COLORS["sample"], zorder=3)
        ax.set(xlim=(-LIMIT, LIMIT), ylim=(-0.03, 1.03), yticks=(0, 0.5, 1))
        ax.set_title(title, fontsize=FONT_SIZE + 5)
        ax.tick_params(labelsize=FONT_SIZE + 2)
    axes[0, 0].set_ylabel("$t$", fontsize=FONT_SIZE + 4)
    for ax in axes[1]:
        ax.remove()
    below = fig.add_subplot(axes[1, 0].get_gridspec()[1, :])
    edges = np.linspace(-LIMIT, LIMIT, 65)
    below.hist(pairs[step].numpy(), edges, density=True, color=COLORS["path"], alpha=0.6)
    below.hist(
        followers[step].numpy(),
        edges,
        density=True,
        histtype="step",
        color=COLORS["velocity"],
        linewidth=2,
    )
    below.set(xlim=(-LIMIT, LIMIT), ylim=(0, 1.02), yticks=(0, 0.5, 1))
    below.tick_params(labelsize=FONT_SIZE + 2)
    below.set_xlabel(f"$x$ at $t = {times[step]:.2f}$", fontsize=FONT_SIZE + 4)
    return fig


def main(path: str) -> None:
    """Write the film."""
    data = GaussianMixture(torch.tensor([[-1.5], [1.5]]), 0.3, torch.tensor([0.7, 0.3]))
    crowds = two_crowds(data, generator=torch.Generator().manual_seed(3))
    count = save_film(path, moments(draw_crowds, *crowds), milliseconds=110, quality=60)
    print(f"{path}: {count} pictures")


if __name__ == "__main__":
    print_anything()
    main(sys.argv[1])
