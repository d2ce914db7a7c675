"""Are they copies? The nearest training image of each picture, by two rulers."""

from typing import NamedTuple

import torch
from torch import Tensor

from utils.cifar10.batches import to_float
from utils.cifar10.classifier import Classifier


class Nearest(NamedTuple):
    """For each picture: number of the nearest training image, and how far it is."""

    index: Tensor
    distance: Tensor


def _nearest(queries: Tensor, keys: Tensor, block: int = 5000) -> Nearest:
    r"""Smallest Euclidean distance, from :math:`|a - b|^2 = |a|^2 - 2ab + |b|^2`."""
    best = torch.full((len(queries),), torch.inf, dtype=queries.dtype)
    index = torch.zeros(len(queries), dtype=torch.int64)
    own = queries.square().sum(1)
    for first in range(0, len(keys), block):
        part = keys[first : first + block]
        square = own[:, None] - 2 * queries @ part.T + part.square().sum(1)
        found, where = square.min(1)
        nearer = found < best
        best = torch.where(nearer, found, best)
        index = torch.where(nearer, where + first, index)
    # The subtraction of large numbers leaves rounding errors: measure the winners again.
    return Nearest(index, (queries - keys[index]).norm(dim=1))


def nearest_in_pixels(images: Tensor, train_images: Tensor) -> Nearest:
    """Euclidean distance of pixels in [-1, 1]; a mirrored training image counts as one, too.

    The ruler sees a copy of every pixel at once. It is blind to a copy that was shifted, and it
    takes a blurred picture for a nearer one.

    Args:
        images: uint8, shape ``(N, 3, H, W)``.
        train_images: uint8, shape ``(M, 3, H, W)``.

    Returns:
        Indices ``(N,)`` and distances ``(N,)``, float32.
    """
    keys = to_float(train_images).flatten(1)
    straight = _nearest(to_float(images).flatten(1), keys)
    mirrored = _nearest(to_float(images.flip(-1)).flatten(1), keys)
    turned = mirrored.distance < straight.distance
    pairs = zip(straight, mirrored, strict=True)
    return Nearest(*(torch.where(turned, mirror, plain) for plain, mirror in pairs))


def nearest_in_features(images: Tensor, train_images: Tensor, classifier: Classifier) -> Nearest:
    """Distance of directions in the classifier's features: shifts and brightness matter less.

    Args:
        images: uint8, shape ``(N, 3, H, W)``.
        train_images: uint8, shape ``(M, 3, H, W)``.
        classifier: gives the features.

    Returns:
        Indices ``(N,)`` and distances ``(N,)`` of features of length 1, float64: 0 for a copy, 2
        at most.
    """
    queries, keys = (
        torch.nn.functional.normalize(classifier.look(part)[0], dim=1)
        for part in (images, train_images)
    )
    return _nearest(queries, keys)


def nearest_report(
    generated: Tensor, test_images: Tensor, train_images: Tensor, classifier: Classifier
) -> dict[str, dict[str, dict[str, float]]]:
    """Both rulers, on generated pictures and on as many test images, which cannot be copies.

    Args:
        generated: uint8, shape ``(N, 3, H, W)``.
        test_images: uint8; the first N of a fixed shuffle are taken.
        train_images: uint8.
        classifier: gives the features.

    Returns:
        ``{ruler: {"generated" | "test": {"smallest", "5%", "median"}}}``.
    """
    order = torch.randperm(len(test_images), generator=torch.Generator().manual_seed(0))
    real = test_images[order[: len(generated)]]

    def summary(distance: Tensor) -> dict[str, float]:
        low, five, middle = distance.double().quantile(torch.tensor([0, 0.05, 0.5]).double())
        return {"smallest": low.item(), "5%": five.item(), "median": middle.item()}

    return {
        "pixels": {
            name: summary(nearest_in_pixels(part, train_images).distance)
            for name, part in (("generated", generated), ("test", real))
        },
        "features": {
            name: summary(nearest_in_features(part, train_images, classifier).distance)
            for name, part in (("generated", generated), ("test", real))
        },
    }
