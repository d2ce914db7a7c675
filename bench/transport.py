"""Optimal transport of two sets in the plane: the pairing, and the distance W2."""

import ot
import torch
from torch import Tensor
from torchcfm.optimal_transport import OTPlanSampler, wasserstein

from bench.assignment import pot, sets
from bench.turns import OURS, Case
from utils.couplings import minibatch_ot_coupling
from utils.metrics import wasserstein2

SIZES = (64, 128, 256, 512, 1024, 2048)


def by_pot(x: Tensor, y: Tensor) -> float:
    cost = ot.dist(x.double().numpy(), y.double().numpy())
    return float(ot.emd2([], [], cost, numItermax=10**9)) ** 0.5


def pairing(n: int, dim: int = 2) -> Case:
    """Noise paired with data: eight modes in the plane, or a shifted Gaussian in more dimensions."""

    def draw() -> tuple[Tensor, Tensor]:
        if dim == 2:
            return sets("modes", n, generator)
        x, y = torch.randn(2, n, dim, generator=generator)
        return x, 0.5 * y + 1

    sampler, generator = OTPlanSampler(method="exact"), torch.Generator().manual_seed(n)
    ways = {
        OURS: minibatch_ot_coupling,
        "torchcfm": lambda a, b: sampler.sample_plan(a, b, replace=False),
        "POT": pot,
    }
    return Case("pairing", {"n": n, "D": dim}, ways, draw)


def distance(n: int) -> Case:
    """W2 of the same sets."""
    generator = torch.Generator().manual_seed(n)
    ways = {OURS: wasserstein2, "torchcfm": wasserstein, "POT": by_pot}
    return Case(
        "distance",
        {"n": n},
        ways,
        lambda: sets("modes", n, generator),
        lambda a, b: abs(a - b) < 1e-3,
    )


def cases(quick: bool = False) -> list[Case]:
    """Both, for sets of 64 to 2,048."""
    return [make(n) for make in (pairing, distance) for n in SIZES[: 4 if quick else None]]
