"""How far samples are from the test images, in the features of a small classifier."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from utils.cifar10.batches import generator_for
from utils.cifar10.classifier import Classifier
from utils.cifar10.config import CLASSES
from utils.cifar10.data import Images
from utils.cifar10.draw import draw
from utils.cifar10.nearest import nearest_report
from utils.metrics import frechet_distance
from utils.tensors import check_positive_int


def evaluate(
    model: nn.Module,
    classifier: Classifier,
    images: Images,
    samples: int,
    step_counts: Sequence[int],
    method: str = "euler",
    guidance: Sequence[float] = (1.0,),
    seed: int = 0,
    precision: str = "fp32",
    batch_size: int = 500,
    nearest: int = 0,
) -> dict[str, Any]:
    """Fréchet distance of samples to the test images, for several step counts and guidance weights.

    It is no FID: that name belongs to the features of one Inception network. The distance depends
    on the number of samples, so the baseline uses as many training images as there are samples:
    it is what a generator would reach that had learned the distribution.

    Args:
        model: the network, compiled or not.
        classifier: gives the features and the votes.
        images: the data.
        samples: number of samples N; classes in turn.
        step_counts: steps of the solver, one distance for each.
        method: of the solver.
        guidance: weights of classifier-free guidance.
        seed: of the noise and of the training images in the baseline.
        precision: ``"fp32"``, ``"bf16"`` or ``"fp16"``.
        batch_size: images at a time.
        nearest: so many of the last row's samples are held against all training images, as
            ``nearest_report`` does; 0 leaves this out.

    Returns:
        ``{"samples", "baseline", "baseline_samples", "rows"}`` and perhaps ``"nearest"``; a row has
        ``guidance``, ``steps``, ``nfe``, ``distance`` and ``agreement``, the share of samples that
        the classifier puts into the class that was asked for.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if a value is out of range.
    """
    check_positive_int("samples", samples)
    if samples < 2:
        raise ValueError(f"samples must be at least 2, got {samples}")
    for steps in step_counts:
        check_positive_int("steps", steps)
    test, _ = classifier.look(images.test_images)
    count = min(samples, len(images.train_images))
    order = torch.randperm(len(images.train_images), generator=generator_for(seed, "baseline", 0))
    train, _ = classifier.look(images.train_images[order[:count]])
    labels = torch.arange(samples) % len(CLASSES)
    rows = []
    for weight in guidance:
        for steps in step_counts:
            drawn, seen = [], []
            parts = draw(model, labels, steps, method, weight, seed, precision, batch_size)
            for part in parts:  # batch by batch: memory stays small
                seen.append(classifier.look(part))
                if sum(map(len, drawn)) < nearest:
                    drawn.append(part)
            features, votes = (torch.cat(part) for part in zip(*seen, strict=True))
            rows.append(
                {
                    "guidance": weight,
                    "steps": steps,
                    "nfe": steps if method == "euler" else 2 * steps,
                    "distance": frechet_distance(features, test),
                    "agreement": (votes == labels).double().mean().item(),
                }
            )
    found = {
        "samples": samples,
        "baseline": frechet_distance(train, test),
        "baseline_samples": count,
        "rows": rows,
    }
    if nearest:
        generated = torch.cat(drawn)[:nearest]
        found["nearest"] = {
            "samples": len(generated),
            **nearest_report(generated, images.test_images, images.train_images, classifier),
        }
    return found
