"""The best pairing of two sets of points: the one linear program behind W2 and OT couplings."""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

# Up to so many pairs SciPy's solver is the faster one; beyond it loses by a factor of 2 to 8.
_SMALL = 64
# In so many dimensions a matrix product is the faster way to all squared distances.
_WIDE = 16


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    r"""All :math:`\lVert x_i - y_j\rVert^2`.

    In many dimensions as :math:`|x|^2 - 2 x^\top y + |y|^2`, around the common mean if that is far
    from 0: exact to rounding of the largest term; never below 0.

    Args:
        x: shape ``(N, D)``, float64.
        y: shape ``(M, D)``, float64.

    Returns:
        Shape ``(N, M)``.
    """
    if x.shape[1] <= _WIDE:
        return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()
    square_x, square_y = (z.square().sum(1) for z in (x, y))
    square = torch.addmm(square_x[:, None] + square_y, x, y.T, alpha=-2)
    if square_x.mean() + square_y.mean() > 100 * square.mean():
        # All points are far from the origin, so large terms cancel: move them there first.
        middle = (x.mean(0) + y.mean(0)) / 2
        return squared_distances(x - middle, y - middle) if middle.any() else square.clamp_(min=0)
    return square.clamp_(min=0)


def optimal_assignment(x: Tensor, y: Tensor) -> Tensor:
    r"""Partner of each point: the permutation with the least sum of squared distances.

    .. math:: \min_\tau \textstyle\sum_i \lVert x_i - y_{\tau(i)}\rVert^2

    Small sets go to SciPy, larger ones to the network simplex of POT (Flamary et al. 2021, JMLR
    22(78)), which needs a fraction of the time. Both are exact, at O(n^3).
    Source: Bonneel et al. 2011, "Displacement interpolation using Lagrangian mass transport",
    section 4; Crouse 2016, "On implementing 2D rectangular assignment algorithms".

    Args:
        x: shape ``(n, D)``, float64.
        y: same shape.

    Returns:
        tau, int64, shape ``(n,)``, on x's device.
    """
    cost = squared_distances(x, y).cpu().numpy()
    partner = None if len(cost) <= _SMALL else _network_simplex(cost)
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
    return partner if len(set(partner.tolist())) == n and plan.max(1).min() > 0.5 else None
