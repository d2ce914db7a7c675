"""The networks of chapter 10, from a full run of ``python -m utils.one_step``."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from utils.datasets import digits
from utils.flow_maps import AverageVelocity
from utils.mixtures import EmpiricalDistribution, GaussianMixture

FOLDER = Path(__file__).parent / "recorded"
DIGIT_STARTS = 100


def plane_data() -> GaussianMixture:
    """The three unequal Gaussians of chapter 8."""
    corners = torch.tensor([[0.0, 4.0], [-3.5, -2.0], [3.5, -2.0]])
    return GaussianMixture(corners, 0.4, torch.tensor([0.6, 0.3, 0.1]))


def digit_data() -> EmpiricalDistribution:
    """The 8x8 digits to learn from, flattened, shape ``(N, 64)``."""
    return EmpiricalDistribution(digits("train")[0].flatten(1))


def digit_starts() -> Tensor:
    """The noise from which samples of digits start, shape ``(100, 64)``."""
    return torch.randn(DIGIT_STARTS, 64, generator=torch.Generator().manual_seed(1010))


def about(what: str = "plane") -> dict:
    """How a run was made: budget, width, steps of each method, seeds, versions.

    Args:
        what: name of the run.
    """
    return json.loads((FOLDER / f"{what}.json").read_text("utf-8"))


def plane_networks() -> dict[str, list[AverageVelocity]]:
    """The trained networks, by method, one for each seed; their weights were kept in 16 bits."""
    found: dict[str, dict[int, dict]] = {}
    for key, weight in load_file(FOLDER / "plane.safetensors").items():
        name, seed, part = key.split("/")
        found.setdefault(name, {}).setdefault(int(seed), {})[part] = weight.float()
    networks = {}
    for name in about("plane")["steps"]:
        networks[name] = []
        for seed in sorted(found[name]):
            model = AverageVelocity(2, about("plane")["hidden"])
            model.load_state_dict(found[name][seed], strict=False)  # frequencies are no weights
            networks[name].append(model.eval().requires_grad_(False))
    return networks


def digit_samples() -> dict[str, dict[int, Tensor]]:
    """What the networks trained on digits drew, by method and number of evaluations.

    Returns:
        Pictures of shape ``(seeds, 100, 64)``; picture i is from start i of ``digit_starts``.
    """
    kept = load_file(FOLDER / "digits.safetensors")
    kinds = sorted({tuple(key.split("/")[::2]) for key in kept})  # method and evaluations
    found: dict[str, dict[int, Tensor]] = {}
    for name, n in kinds:
        drawn = [kept[f"{name}/{seed}/{n}"].float() for seed in range(about("digits")["seeds"])]
        found.setdefault(name, {})[int(n)] = torch.stack(drawn)
    return found
