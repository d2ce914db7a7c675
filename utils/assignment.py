"""The best pairing of two sets of points: the one linear program behind W2 and OT couplings."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from utils.tensors import at_least_float32, check_same_shape, check_samples

# Up to so many pairs SciPy's solver is the faster one, whatever the points.
_FEW = 80
# In more dimensions than these, a matrix product is the faster way.
WIDE = 16


def pairing_cost(x: Tensor, y: Tensor) -> Tensor:
    r"""What each pair adds to the sum of squared distances, up to terms that no pairing changes.

    .. math:: \textstyle\sum_i \lVert x_i - y_{\tau(i)}\rVert^2
              = \text{const} - 2 \sum_i (x_i - \bar x)^\top (y_{\tau(i)} - \bar y)

    In few dimensions the squared distances once the means are equal: a common shift, too, is the
    same for all pairings, and costs the solvers up to twice the time. In many one matrix product,
    in the dtype of the points: around the means nothing large cancels.

    Args:
        x: shape ``(N, D)``, float32 or float64.
        y: shape ``(M, D)``, the same dtype.

    Returns:
        Shape ``(N, M)``, float64.

    Raises:
        TypeError: if the points are in 16 bits.
        ValueError: if they do not lie in one space.
    """
    _check_points(x, y)
    return torch.from_numpy(_cost(x.detach(), y.detach())).to(x.device)


def _check_points(x: Tensor, y: Tensor) -> None:
    for name, points in (("x", x), ("y", y)):
        check_samples(name, points, ndim=2)
        if at_least_float32(points) is not points:
            raise TypeError(f"{name} must be float32 or better, got {points.dtype}")
    check_same_shape("a point of x", x[0], "a point of y", y[0])


def _cost(x: Tensor, y: Tensor) -> np.ndarray:
    if x.shape[1] <= WIDE:
        a, b = (z.double().cpu().numpy() for z in (x, y))
        return cdist(a, b - (b.mean(0) - a.mean(0)), "sqeuclidean")
    x, y = (z - z.double().mean(0).to(z.dtype) for z in (x, y))
    cost = x @ y.T * -2
    if not cost.isfinite().all():
        cost = x.double() @ y.double().T * -2  # beyond what float32 can hold
    return cost.double().cpu().numpy()


def optimal_assignment(x: Tensor, y: Tensor) -> Tensor:
    r"""Partner of each point: the permutation with the least sum of squared distances.

    .. math:: \min_\tau \textstyle\sum_i \lVert x_i - y_{\tau(i)}\rVert^2

    Two exact solvers, at O(n^3): SciPy's grows the pairing one point at a time, the network simplex
    of POT (Flamary et al. 2021, JMLR 22(78)) improves a whole plan. SciPy's is the faster one for
    few points and where few points are wanted by many, up to 3 times; else POT's, up to 4 times.
    Source: Bonneel et al. 2011, "Displacement interpolation using Lagrangian mass transport",
    section 4; Crouse 2016, "On implementing 2D rectangular assignment algorithms".

    Args:
        x: shape ``(n, D)``, float32 or float64.
        y: same shape and dtype.

    Returns:
        tau, int64, shape ``(n,)``, on x's device.

    Raises:
        TypeError: if the points are in 16 bits, or of two types.
        ValueError: if the sets do not have the same shape, or are not finite.
    """
    check_same_shape("x", x, "y", y)
    _check_points(x, y)
    return best_pairing(x.detach(), y.detach())


def best_pairing(x: Tensor, y: Tensor) -> Tensor:
    """``optimal_assignment`` for functions that have made sure of finite ``(n, D)`` themselves."""
    check_same_shape("x", x, "y", y)
    cost = _cost(x, y)
    partner = None if _one_by_one(cost, x.shape[1]) else _network_simplex(cost)
    if partner is None:
        _, partner = linear_sum_assignment(cost)
    return torch.as_tensor(partner, dtype=torch.int64, device=x.device)


def _one_by_one(cost: np.ndarray, dim: int) -> bool:
    """Whether SciPy's way is the faster one; the limits are measured, on thirteen kinds of data.

    Where many points are somebody's nearest (three in five of two sets of one law in the plane),
    most get the partner that they want, and a new point moves few others. Where few are (the noise
    in the middle of eight modes wants one in ten), each new point moves many.
    """
    n = len(cost)
    if n <= _FEW:
        return True
    if dim > WIDE:
        return _wanted(cost, 1) > 0.12 or _wanted(cost, 0) > 0.12
    return n <= 600 and _wanted(cost, 1) > (0.35 if n <= 192 else 0.57)


def _wanted(cost: np.ndarray, axis: int) -> float:
    return np.count_nonzero(np.bincount(cost.argmin(axis))) / len(cost)


def _network_simplex(cost: np.ndarray) -> np.ndarray | None:
    try:
        import ot  # here, not above: it takes a second, and small sets do without it
    except ImportError:
        return None
    n = len(cost)
    ones = np.ones(n)
    plan = ot.emd(ones, ones, cost, numItermax=10**9, center_dual=False, check_marginals=False)
    partner = plan.argmax(1)
    # A corner of the polytope is a permutation. Should rounding ever leave another plan, ask SciPy.
    whole = plan[np.arange(n), partner].min() > 0.5
    return partner if whole and np.bincount(partner).max() == 1 else None
