r"""Training batches as a function of (seed, step): no state of a generator to keep or to lose.

Everything random in step k is drawn from a generator that is seeded with a hash of (seed, k). So a
run that resumes at step k continues exactly, and each of several processes draws the *same* global
batch and takes its own slice: the number of processes does not change what is learned.
Source of the idea: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
"""

import functools
import hashlib
from typing import NamedTuple

import torch
from torch import Tensor

from utils.cifar10.config import CLASSES, TrainConfig
from utils.tensors import expand_time


class Batch(NamedTuple):
    """One process's share of a step: what goes into the network and what shall come out."""

    x_t: Tensor
    t: Tensor
    labels: Tensor
    target: Tensor


def generator_for(
    seed: int, purpose: str, counter: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A fresh generator whose stream belongs to (seed, purpose, counter) alone.

    Args:
        seed: seed of the run.
        purpose: what the numbers are for.
        counter: step, epoch or image number.
        device: where the numbers are drawn.

    Returns:
        The generator.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}/{counter}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


@functools.lru_cache(maxsize=4)
def _permutation(seed: int, epoch: int, n: int, device: torch.device) -> Tensor:
    return torch.randperm(n, device=device, generator=generator_for(seed, "epoch", epoch, device))


def batch_indices(
    seed: int, step: int, batch_size: int, n: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Which images the step sees: a fresh permutation for each pass, without a remainder.

    Args:
        seed: seed of the run.
        step: k, from 0.
        batch_size: images in a step, B.
        n: images in all.
        device: where the images are; drawn there, so that no step waits for a copy.

    Returns:
        Indices ``(B,)``; positions kB .. kB + B - 1 of the endless row of permutations.
    """
    position, end, parts = step * batch_size, (step + 1) * batch_size, []
    while position < end:
        epoch, first = divmod(position, n)
        part = _permutation(seed, epoch, n, torch.device(device))[first : first + end - position]
        parts.append(part)
        position += len(part)
    return torch.cat(parts)


def sample_time(config: TrainConfig, n: int, generator: torch.Generator) -> Tensor:
    r"""Times of a batch: uniform, or :math:`t = 1/(1 + e^{-(m + s z)})` with z standard normal.

    The logit-normal draws more of the middle, where the target is hardest to tell; a mean below 0
    moves the weight towards noise.
    Source: Esser et al. 2024 (arXiv 2403.03206), eq. 19, whose time runs the other way.

    Args:
        config: names the distribution.
        n: number of times.
        generator: source of randomness.

    Returns:
        Times ``(n,)`` in [0, 1].
    """
    if config.time_sampling == "uniform":
        return torch.rand(n, device=generator.device, generator=generator)
    z = torch.randn(n, device=generator.device, generator=generator)
    return torch.sigmoid(config.logit_mean + config.logit_std * z)


def to_float(images: Tensor) -> Tensor:
    """Pixels 0..255 as numbers in [-1, 1]."""
    return images.float().div_(127.5).sub_(1.0)


def to_pixels(x: Tensor) -> Tensor:
    """Numbers in about [-1, 1] as uint8 pixels, the nearest ones."""
    return x.float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8)


def make_batch(
    config: TrainConfig,
    step: int,
    images: Tensor,
    labels: Tensor,
    rank: int = 0,
    world_size: int = 1,
) -> Batch:
    r"""The step's batch on the straight path :math:`x_t = (1 - t)\,x_0 + t\,x_1`.

    The target is :math:`x_1 - x_0`. Half of the images are mirrored.
    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 20 to 23 with sigma_min = 0;
    Liu et al. 2022 (arXiv 2209.03003), eq. 1.

    Args:
        config: batch size, seed, times and label drop.
        step: k, from 0.
        images: all training images, uint8, shape ``(N, 3, 32, 32)``.
        labels: their classes, int64, shape ``(N,)``, on the same device.
        rank: number of this process.
        world_size: number of processes; it divides the batch size.

    Returns:
        This process's slice of the global batch.

    Raises:
        ValueError: if ``world_size`` does not divide the batch size.
    """
    size, device = config.batch_size, images.device
    if size % world_size:
        raise ValueError(
            f"batch_size must be divisible by the number of processes, {world_size}, got {size}"
        )
    generator = generator_for(config.seed, "step", step, device)
    # Drawn for the global batch in a fixed order, then cut: every process sees the same numbers.
    mirror = torch.rand(size, device=device, generator=generator) < 0.5
    t = sample_time(config, size, generator)
    unheard = torch.rand(size, device=device, generator=generator) < config.label_drop
    x_0 = torch.randn((size, *images.shape[1:]), device=device, generator=generator)

    mine = slice(rank * size // world_size, (rank + 1) * size // world_size)
    chosen = batch_indices(config.seed, step, size, len(images), device)[mine]
    x_1, x_0, t = to_float(images[chosen]), x_0[mine], t[mine]
    x_1 = torch.where(mirror[mine, None, None, None], x_1.flip(-1), x_1)
    x_t = torch.lerp(x_0, x_1, expand_time(t, x_1))
    # len(CLASSES) is the network's null label.
    return Batch(x_t, t, labels[chosen].masked_fill(unheard[mine], len(CLASSES)), x_1 - x_0)
