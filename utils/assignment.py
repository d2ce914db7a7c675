"""The best pairing of two sets of points: the one linear program behind W2 and OT couplings."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from utils.tensors import at_least_float32, check_same_shape, check_samples

# Up to so many pairs SciPy's solver is the faster one; beyond it may lose by a factor of 2 to 8.
_SMALL, _SMALL_WIDE = 128, 256
# In more dimensions than these, a matrix product is the faster way.
_WIDE = 16


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
    for name, points in (("x", x), ("y", y)):
        check_samples(name, points, ndim=2)
        if at_least_float32(points) is not points:
            raise TypeError(f"{name} must be float32 or better, got {points.dtype}")
    check_same_shape("a point of x", x[0], "a point of y", y[0])
    if x.shape[1] <= _WIDE:
        x, y = x.double(), y.double()
        y = y - (y.mean(0) - x.mean(0))
        return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square_()
    x, y = (z - z.double().mean(0).to(z.dtype) for z in (x, y))
    cost = x @ y.T * -2
    if cost.isfinite().all():
        return cost.double()
    return x.double() @ y.double().T * -2  # beyond what float32 can hold


def optimal_assignment(x: Tensor, y: Tensor) -> Tensor:
    r"""Partner of each point: the permutation with the least sum of squared distances.

    .. math:: \min_\tau \textstyle\sum_i \lVert x_i - y_{\tau(i)}\rVert^2

    Small sets go to SciPy, larger ones to the network simplex of POT (Flamary et al. 2021, JMLR
    22(78)), which needs a fraction of the time. Both are exact, at O(n^3).
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
    cost = pairing_cost(x.detach(), y.detach()).cpu().numpy()
    small = _SMALL_WIDE if x.shape[1] > _WIDE else _SMALL
    partner = None if len(cost) <= small else _network_simplex(cost)
    if partner is None:
        _, partner = linear_sum_assignment(cost)
    return torch.as_tensor(partner, dtype=torch.int64, device=x.device)


def _network_simplex(cost: np.ndarray) -> np.ndarray | None:
    try:
        import ot  # here, not above: it takes a second, and small sets do without it
    except ImportError:
        return None
    n = len(cost)
    ones = np.ones(n)
    plan = ot.emd(ones, ones, cost, numItermax=10**9, check_marginals=False)
    partner = plan.argmax(1)
    # A corner of the polytope is a permutation. Should rounding ever leave another plan, ask SciPy.
    whole = plan[np.arange(n), partner].min() > 0.5
    return partner if whole and np.bincount(partner).max() == 1 else None
