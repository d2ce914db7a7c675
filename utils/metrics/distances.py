"""How far two sets of samples are from each other."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from utils.assignment import WIDE, best_pairing
from utils.tensors import check_positive_int, check_samples


def _flat_pair(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both sets as float64 ``(N, D)`` and ``(M, D)``."""
    check_samples("x", x)
    check_samples("y", y)
    if x.ndim < 2 or x.shape[1:] != y.shape[1:]:
        raise ValueError(
            "x and y must have shapes (N, ...) and (M, ...) with the same (...), "
            f"got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    return x.detach().flatten(1).double(), y.detach().flatten(1).double()


def _check_same_size(x: Tensor, y: Tensor) -> None:
    if len(x) != len(y):
        raise ValueError(f"x and y must hold equally many samples, got {len(x)} and {len(y)}")


def _distances(x: Tensor, y: Tensor) -> Tensor:
    # Without the matrix-product shortcut, which loses digits for points that nearly coincide.
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def wasserstein2(x: Tensor, y: Tensor) -> float:
    r"""Exact 2-Wasserstein distance of two sets of n points, by optimal assignment.

    .. math:: W_2 = \Big(\min_\tau \tfrac1n \textstyle\sum_i \lVert x_i - y_{\tau(i)}\rVert^2
              \Big)^{1/2}

    Two sets from the same distribution are at a distance greater than 0: compare with
    ``two_sample_baseline``. Cost O(n^3); a tenth of a second for n = 1,000.
    Source: Peyré and Cuturi 2019 (arXiv 1803.00567), proposition 2.1 and eq. 2.3.

    Args:
        x: samples, shape ``(n, ...)``.
        y: samples, same shape.

    Returns:
        The distance, in units of the data.
    """
    a, b = _flat_pair(x, y)
    _check_same_size(a, b)
    single = x.dtype == y.dtype == torch.float32  # then products are formed in float32, too
    wide = single and a.shape[1] > WIDE
    partner = best_pairing(a.float(), b.float()) if wide else best_pairing(a, b)
    return torch.dist(a, b[partner]).item() / math.sqrt(len(a))


def sliced_wasserstein2(
    x: Tensor,
    y: Tensor,
    projections: int = 128,
    generator: torch.Generator | None = None,
) -> float:
    r"""Sliced 2-Wasserstein distance: W2 of one-dimensional shadows, which only need sorting.

    .. math:: SW_2 = \Big(E_{\theta}\, W_2^2(\theta^\top x, \theta^\top y)\Big)^{1/2},
              \qquad \theta \text{ uniform on the sphere}

    It costs O(n log n) and is at most W2; for a shift in D dimensions it is W2 over the root of D.
    Source: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", section 3.

    Args:
        x: samples, shape ``(n, ...)``.
        y: samples, same shape.
        projections: number of random directions.
        generator: source of randomness.

    Returns:
        The distance, in units of the data.

    Raises:
        ValueError: if a set is empty or not finite, shapes or sizes differ, or ``projections`` < 1.
    """
    x, y = _flat_pair(x, y)
    _check_same_size(x, y)
    check_positive_int("projections", projections)
    shape = (x.shape[1], projections)
    theta = torch.randn(shape, dtype=x.dtype, device=x.device, generator=generator)
    theta = theta / theta.norm(dim=0)
    difference = _in_order(x @ theta) - _in_order(y @ theta)
    return difference.square().mean().sqrt().item()


def _in_order(shadows: Tensor) -> Tensor:
    """Every column sorted, as a row: ``(n, P)`` to ``(P, n)``."""
    rows = shadows.T.contiguous()
    if rows.device.type == "cpu":  # NumPy keeps no indices: half the time for 1e5 samples
        return torch.from_numpy(np.sort(rows.numpy(), axis=1))
    return rows.sort(dim=1).values


def mmd(x: Tensor, y: Tensor, bandwidth: float | None = None) -> float:
    r"""Squared maximum mean discrepancy with a Gaussian kernel, unbiased.

    .. math:: \widehat{MMD}^2_u = \frac{1}{m(m-1)}\sum_{i \ne j} k(x_i, x_j)
              + \frac{1}{n(n-1)}\sum_{i \ne j} k(y_i, y_j)
              - \frac{2}{mn}\sum_{i,j} k(x_i, y_j), \qquad
              k(a, b) = e^{-\lVert a - b\rVert^2/(2h^2)}

    Being unbiased, it is about 0 for equal distributions, and may be slightly negative.
    Source: Gretton et al. 2012 (JMLR 13), eq. 3; the median heuristic is its section 8.

    Args:
        x: samples, shape ``(m, ...)``, m at least 2.
        y: samples, shape ``(n, ...)``, n at least 2.
        bandwidth: h, greater than 0; ``None`` takes the median distance within both sets together.

    Returns:
        The estimate of the *squared* discrepancy, between about 0 and 2.

    Raises:
        ValueError: if a set has fewer than 2 points or is not finite, shapes differ, or the
            bandwidth is not greater than 0.
    """
    x, y = _flat_pair(x, y)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"x and y must hold at least 2 samples, got {len(x)} and {len(y)}")
    pooled = torch.cat([x, y])
    distance = _distances(pooled, pooled)
    if bandwidth is None:
        rows, columns = torch.triu_indices(len(pooled), len(pooled), offset=1)
        bandwidth = distance[rows, columns].median().item()
        if bandwidth == 0:
            raise ValueError("bandwidth must be given: the median distance of x and y is 0")
    elif isinstance(bandwidth, bool) or not isinstance(bandwidth, int | float):
        raise TypeError(f"bandwidth must be a number, got {bandwidth!r:.80}")
    elif not 0 < bandwidth < math.inf:
        raise ValueError(f"bandwidth must be greater than 0 and finite, got {bandwidth}")
    kernel = torch.exp(-0.5 * (distance / bandwidth).square())
    m, n = len(x), len(y)
    within_x = (kernel[:m, :m].sum() - m) / (m * (m - 1))  # the diagonal of ones is left out
    within_y = (kernel[m:, m:].sum() - n) / (n * (n - 1))
    return (within_x + within_y - 2 * kernel[:m, m:].mean()).item()


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    r"""Squared 2-Wasserstein distance of the Gaussians with the sets' means and covariances.

    .. math:: d^2 = \lVert \mu_a - \mu_b \rVert^2 + \mathrm{tr}\big(\Sigma_a + \Sigma_b
              - 2\,(\Sigma_a^{1/2} \Sigma_b \Sigma_a^{1/2})^{1/2}\big)

    With the features of one Inception network it is called FID; with others it is not comparable.
    Finite sets of the same distribution are at a distance greater than 0, and the fewer samples,
    the greater: compare sets of equal sizes, and with a baseline of real against real.
    Source: Dowson and Landau 1982, "The Fréchet distance between multivariate normal
    distributions", eq. 4; Heusel et al. 2017 (arXiv 1706.08500), eq. 6.

    Args:
        features_a: features of one set, shape ``(n, D)``, n at least 2.
        features_b: features of the other set, shape ``(m, D)``, m at least 2.

    Returns:
        The squared distance, as FID is given; at least 0.

    Raises:
        ValueError: if a set has fewer than 2 samples or is not finite, or the widths differ.
    """
    check_samples("features_a", features_a, ndim=2)
    check_samples("features_b", features_b, ndim=2)
    if features_a.shape[1] != features_b.shape[1]:
        raise ValueError(
            "features_a and features_b must have the same width, "
            f"got {tuple(features_a.shape)} and {tuple(features_b.shape)}"
        )
    if min(len(features_a), len(features_b)) < 2:
        raise ValueError(
            "features_a and features_b must hold at least 2 samples, "
            f"got {len(features_a)} and {len(features_b)}"
        )
    a, b = features_a.detach().double(), features_b.detach().double()
    # Factors X with X^T X = covariance. The trace of the root is then the nuclear norm of
    # X_a X_b^T, whose singular values keep the digits that a root of the product would lose.
    roots = [_covariance_root(x) for x in (a, b)]
    cross = torch.linalg.svdvals(roots[0] @ roots[1].T).sum()
    spread = sum(root.square().sum() for root in roots)
    distance = (a.mean(0) - b.mean(0)).square().sum() + spread - 2 * cross
    return max(distance.item(), 0.0)  # rounding may carry equal sets a hair below 0


def _covariance_root(x: Tensor) -> Tensor:
    """A matrix R with at most D rows and R^T R the covariance of ``x: (n, D)``."""
    centred = (x - x.mean(0)) / math.sqrt(len(x) - 1)
    return centred if len(x) <= x.shape[1] else torch.linalg.qr(centred, mode="r").R


def two_sample_baseline(
    sampler: Callable[..., Tensor],
    n: int,
    repeats: int = 5,
    generator: torch.Generator | None = None,
    metric: Callable[[Tensor, Tensor], float] = wasserstein2,
) -> float:
    r"""Mean distance of two *fresh* sets of n samples: the best that a generator can hope for.

    .. math:: \tfrac1R \textstyle\sum_{r=1}^R d(X^{(r)}, Y^{(r)}), \qquad X, Y \sim p

    Args:
        sampler: called as ``sampler(n, generator=generator)``, returns samples ``(n, ...)``.
        n: samples in each set.
        repeats: number R of pairs of sets.
        generator: source of randomness.
        metric: distance d of two sets.

    Returns:
        The mean distance.

    Raises:
        ValueError: if ``n`` or ``repeats`` < 1.
    """
    if not callable(sampler):
        raise TypeError(f"sampler must be callable, got {type(sampler).__name__}")
    check_positive_int("n", n)
    check_positive_int("repeats", repeats)
    values = [
        metric(sampler(n, generator=generator), sampler(n, generator=generator))
        for _ in range(repeats)
    ]
    return sum(values) / repeats
