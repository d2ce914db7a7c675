"""Small data sets: planar toys drawn fresh on demand, real 8x8 handwritten digits, a photograph.

Every planar set is drawn independently, point by point, from ``generator``; all are float32.
"""

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from utils.mixtures import GaussianMixture
from utils.tensors import check_nonnegative, check_positive_int

__all__ = ["checkerboard", "digits", "eight_gaussians", "photograph", "ring", "two_moons"]

DIGIT_SPLITS = ("train", "test", "all")
DIGIT_TEST_SHARE = 0.2
DIGIT_SPLIT_SEED = 0


def _check_positive(name: str, value: float) -> float:
    if check_nonnegative(name, value) == 0:
        raise ValueError(f"{name} must be greater than 0, got {value}")
    return float(value)


def ring(
    n: int,
    radius: float = 1.0,
    noise: float = 0.1,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Points around a circle, with Gaussian noise in the radius.

    .. math:: x = (r + s\,\epsilon)\,(\cos\theta, \sin\theta), \qquad
              \theta \sim U[0, 2\pi),\ \epsilon \sim N(0, 1)

    Args:
        n: number of points, at least 1.
        radius: radius r, greater than 0.
        noise: standard deviation s of the radius, at least 0.
        generator: source of randomness.

    Returns:
        Points, shape ``(n, 2)``.

    Raises:
        ValueError: if ``n`` < 1, ``radius`` <= 0 or ``noise`` < 0.
    """
    check_positive_int("n", n)
    _check_positive("radius", radius)
    check_nonnegative("noise", noise)
    angle = 2 * math.pi * torch.rand(n, generator=generator)
    circle = torch.stack([angle.cos(), angle.sin()], dim=1)
    return (radius + noise * torch.randn(n, 1, generator=generator)) * circle


def checkerboard(
    n: int,
    cells: int = 4,
    half_width: float = 4.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Uniform points on every other square of a board.

    .. math:: p(x) = \frac{2}{(2w)^2} \quad\text{on the chosen squares of } [-w, w]^2

    With the defaults the squares have side 2 and the density is 1/32. The square in the lower left
    corner is one of those chosen.

    Args:
        n: number of points, at least 1.
        cells: squares per side, even, so that exactly half of the board is covered.
        half_width: half the width w of the board, greater than 0.
        generator: source of randomness.

    Returns:
        Points, shape ``(n, 2)``.

    Raises:
        ValueError: if ``n`` < 1, ``cells`` is odd or < 1, or ``half_width`` <= 0.
    """
    check_positive_int("n", n)
    if check_positive_int("cells", cells) % 2:
        raise ValueError(f"cells must be even, got {cells}")
    _check_positive("half_width", half_width)
    column = torch.randint(cells, (n,), generator=generator)
    row = 2 * torch.randint(cells // 2, (n,), generator=generator) + column % 2
    corner = torch.stack([column, row], dim=1)
    inside = torch.rand(n, 2, generator=generator)
    return (corner + inside) * (2 * half_width / cells) - half_width


def two_moons(n: int, noise: float = 0.05, generator: torch.Generator | None = None) -> Tensor:
    r"""Two interleaving half circles of radius 1, each chosen with probability one half.

    .. math:: x = (\cos\theta, \sin\theta) \ \text{or}\ (1 - \cos\theta, \tfrac12 - \sin\theta),
              \quad\text{plus } s\,\epsilon, \qquad \theta \sim U[0, \pi)

    Args:
        n: number of points, at least 1.
        noise: standard deviation s per coordinate, at least 0.
        generator: source of randomness.

    Returns:
        Points, shape ``(n, 2)``.

    Raises:
        ValueError: if ``n`` < 1 or ``noise`` < 0.
    """
    check_positive_int("n", n)
    check_nonnegative("noise", noise)
    angle = math.pi * torch.rand(n, generator=generator)
    upper = torch.stack([angle.cos(), angle.sin()], dim=1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    which = torch.randint(2, (n, 1), generator=generator).bool()
    return torch.where(which, lower, upper) + noise * torch.randn(n, 2, generator=generator)


def eight_gaussians(
    n: int,
    radius: float = 4.0,
    std: float = 0.3,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Eight equal Gaussians on a circle: ``GaussianMixture.eight_gaussians(...).sample(n)``.

    .. math:: p(x) = \tfrac18 \textstyle\sum_k N(x;\ r(\cos\tfrac{k\pi}4, \sin\tfrac{k\pi}4), s^2 I)

    Args:
        n: number of points, at least 1.
        radius: radius r, greater than 0.
        std: standard deviation s of each Gaussian, greater than 0.
        generator: source of randomness.

    Returns:
        Points, shape ``(n, 2)``.

    Raises:
        ValueError: if ``n`` < 1, ``radius`` <= 0 or ``std`` <= 0.
    """
    return GaussianMixture.eight_gaussians(radius, std).sample(n, generator)


def digits(split: str = "train") -> tuple[Tensor, Tensor]:
    r"""Real handwritten digits, 8x8 pixels, with a fixed stratified split.

    .. math:: x = \text{pixel} / 8 - 1 \in [-1, 1], \qquad \text{pixel} \in \{0, \dots, 16\}

    The 1,797 images ship with scikit-learn: nothing is downloaded. A fifth of each class is held
    out, always the same images. Source: E. Alpaydin and
    C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998.

    Args:
        split: ``"train"``, ``"test"`` or ``"all"``.

    Returns:
        Images, shape ``(N, 1, 8, 8)``, float32, and labels 0..9, shape ``(N,)``, int64.

    Raises:
        ImportError: if scikit-learn is not installed.
        ValueError: if ``split`` is unknown.
    """
    if split not in DIGIT_SPLITS:
        raise ValueError(f"split must be one of {DIGIT_SPLITS}, got {split!r}")
    images, labels, held_out = _load_digits()
    chosen = {"train": ~held_out, "test": held_out, "all": torch.ones_like(held_out)}[split]
    return images[chosen], labels[chosen]  # a mask copies: callers cannot change the cache


@lru_cache(maxsize=1)
def _load_digits() -> tuple[Tensor, Tensor, Tensor]:
    """Images, labels and the mask of held-out images."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "digits() reads the images that ship with scikit-learn, which is not installed: "
            "run `pip install scikit-learn`"
        ) from error
    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1) / 8 - 1
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    # NumPy has frozen the stream of RandomState (NEP 19), so that the split hangs on the version of
    # no package: neither torch nor scikit-learn promises that of theirs.
    random = np.random.RandomState(DIGIT_SPLIT_SEED)
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        members = (labels == label).nonzero().flatten()
        order = torch.as_tensor(random.permutation(len(members)))
        held_out[members[order[: round(DIGIT_TEST_SHARE * len(members))]]] = True
    return images, labels, held_out


def photograph() -> Tensor:
    r"""A photograph of a flower, 96x96 pixels in colour.

    .. math:: x = \text{pixel} / 127.5 - 1 \in [-1, 1], \qquad \text{pixel} \in [0, 255]

    It ships with scikit-learn: nothing is downloaded. A square is cut out and every 4x4 pixels are
    averaged. Source: vultilion, https://www.flickr.com/photos/vultilion/6056698931, CC BY 2.0.

    Returns:
        The picture, shape ``(3, 96, 96)``, float32.

    Raises:
        ImportError: if scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_sample_image
    except ImportError as error:
        raise ImportError(
            "photograph() reads a picture that ships with scikit-learn, which is not installed: "
            "run `pip install scikit-learn`"
        ) from error
    square = torch.tensor(load_sample_image("flower.jpg")[20:404, 120:504].copy())
    pixels = square.permute(2, 0, 1).float() / 127.5 - 1
    return torch.nn.functional.avg_pool2d(pixels, 4)
