"""The hidden networks of the contest: ``python -m classroom.contest --seed 7`` makes new ones.

The ones that come with the course are public, as everything in it. Where marks count, make your
own before you grade; it took 3 to 5 minutes each on a busy core. The network that students are
given stays.
"""

import argparse
from pathlib import Path

import torch

from utils.checks import sampler
from utils.checks.sampler import Task
from utils.mixtures import GaussianMixture
from utils.models import MLP
from utils.training import ExponentialMovingAverage, fit

FOLDER = Path(__file__).parent / "networks"
NETWORKS = 3
MODES, RADIUS, APART = 6, 3.0, 1.6
STEPS, BATCH = 8000, 1024


def data(seed: int) -> GaussianMixture:
    """Six modes at random places well apart, of random shares and widths.

    Args:
        seed: of the places.

    Returns:
        The distribution.
    """
    generator = torch.Generator().manual_seed(seed)
    places: list[torch.Tensor] = []
    while len(places) < MODES:
        place = RADIUS * (2 * torch.rand(2, generator=generator) - 1)
        if place.norm() <= RADIUS and all((place - other).norm() > APART for other in places):
            places.append(place)
    weights = 0.4 + torch.rand(MODES, generator=generator) * 2
    stds = 0.12 + 0.13 * torch.rand(MODES, generator=generator)
    return GaussianMixture(torch.stack(places), stds, weights)


def train(seed: int, steps: int = STEPS) -> Task:
    """Train a network on such data by flow matching.

    Args:
        seed: of data, weights and batches.
        steps: of Adam.

    Returns:
        The averaged network, and its data.
    """
    target = data(seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MLP(dim=2, hidden=sampler.HIDDEN, depth=sampler.DEPTH)

    def loss(model: torch.nn.Module, step: int) -> torch.Tensor:
        x_1 = target.sample(BATCH, generator=generator)
        x_0 = torch.randn(BATCH, 2, generator=generator)
        t = torch.rand(BATCH, generator=generator)
        x_t = t[:, None] * x_1 + (1 - t[:, None]) * x_0
        return (model(x_t, t) - (x_1 - x_0)).square().mean()

    average = ExponentialMovingAverage(network, decay=0.999)
    fit(network, loss, steps, lr=3e-3, ema=average)
    return Task(average.model, target)


def hidden() -> list[Task]:
    """The networks that submissions are graded on."""
    return [sampler.load(path) for path in sorted(FOLDER.glob("hidden-*.npz"))]


def seeds() -> list[int]:
    """The seeds that submissions are graded on."""
    return [7000 + i for i in range(sampler.SEEDS)]


def main() -> None:
    """Train the hidden networks anew."""
    parser = argparse.ArgumentParser("python -m classroom.contest", description=main.__doc__)
    parser.add_argument("--seed", type=int, required=True, help="yours; tell nobody")
    parser.add_argument("--given", action="store_true", help="make the one for students instead")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.given:
        sampler.save(sampler.GIVEN, train(options.seed))
        return
    for number in range(NETWORKS):
        path = FOLDER / f"hidden-{number + 1}.npz"
        sampler.save(path, train(1000 * options.seed + number))
        print(path)


if __name__ == "__main__":
    main()
