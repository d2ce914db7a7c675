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


def what(kind: str, n: int, dim: int) -> dict[str, object]:
    return {"kind": kind, "n": n, "D": dim}


def draw(kind: str, n: int, dim: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    if dim == 2:
        return sets(kind, n, generator)
    return tuple(torch.randn(2, n, dim, generator=generator))


def pairing(kind: str, n: int, dim: int = 2) -> Case:
    """Noise with data; torchcfm draws its pairs from the plan."""
    sampler, generator = OTPlanSampler(method="exact"), torch.Generator().manual_seed(n)
    ways = {
        OURS: minibatch_ot_coupling,
        "torchcfm": lambda a, b: sampler.sample_plan(a, b, replace=False),
        "POT": pot,
    }
    return Case("pairing", what(kind, n, dim), ways, lambda: draw(kind, n, dim, generator))


def distance(kind: str, n: int) -> Case:
    """W2 of the same sets."""
    generator = torch.Generator().manual_seed(n)
    ways = {OURS: wasserstein2, "torchcfm": wasserstein, "POT": by_pot}
    return Case(
        "distance",
        what(kind, n, 2),
        ways,
        lambda: draw(kind, n, 2, generator),
        lambda a, b: abs(a - b) < 1e-3,
    )


def cases(quick: bool = False) -> list[Case]:
    """Both, for sets of 64 to 2,048: noise and eight modes, or two sets of noise."""
    sizes = (64, 256) if quick else SIZES
    makers = (pairing, distance)
    return [make(kind, n) for make in makers for kind in ("modes", "equal") for n in sizes]
