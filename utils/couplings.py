"""Couplings: which noise is paired with which data point."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from utils.tensors import check_same_shape, check_samples


def _check_pair(x_0: Tensor, x_1: Tensor) -> None:
    check_samples("x_0", x_0)
    check_samples("x_1", x_1)
    check_same_shape("x_0", x_0, "x_1", x_1)


def independent_coupling(
    x_0: Tensor, x_1: Tensor, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    r"""Pair at random: :math:`\pi(x_0, x_1) = p(x_0)\,q(x_1)`.

    Args:
        x_0: noise, shape ``(B, ...)``.
        x_1: data, same shape.
        generator: source of randomness.

    Returns:
        ``x_0`` as it is, and ``x_1`` in random order.

    Raises:
        TypeError: if an argument is not a floating-point tensor.
        ValueError: if the batch is empty, not finite, or the shapes differ.
    """
    _check_pair(x_0, x_1)
    order = torch.randperm(len(x_1), generator=generator, device=x_1.device)
    return x_0, x_1[order]


def minibatch_ot_coupling(x_0: Tensor, x_1: Tensor) -> tuple[Tensor, Tensor]:
    r"""Pair by optimal transport within the batch, with *squared* Euclidean cost.

    .. math:: \min_{\tau}\ \textstyle\sum_i \lVert x_{0,i} - x_{1,\tau(i)} \rVert^2

    The cost matrix is square, so scipy's row indices come back as 0..B-1 and only the
    columns matter. Cost of the solver: O(B^3).
    Source: Tong et al. 2024 (arXiv 2302.00482), section 3.2.3; Pooladian et al. 2023
    (arXiv 2304.14772), section 3.2.

    Args:
        x_0: noise, shape ``(B, ...)``.
        x_1: data, same shape.

    Returns:
        ``x_0`` as it is, and ``x_1`` permuted.

    Raises:
        TypeError: if an argument is not a floating-point tensor.
        ValueError: if the batch is empty, not finite, or the shapes differ.
    """
    _check_pair(x_0, x_1)
    flat_0, flat_1 = x_0.flatten(1).double(), x_1.flatten(1).double()
    # donot_use_mm: the matrix-product shortcut loses digits for points close together.
    distance = torch.cdist(flat_0, flat_1, compute_mode="donot_use_mm_for_euclid_dist")
    _, columns = linear_sum_assignment(distance.square().cpu().numpy())
    return x_0, x_1[torch.as_tensor(columns, device=x_1.device)]


def coupling_cost(x_0: Tensor, x_1: Tensor) -> float:
    r"""Mean squared distance of the pairs, :math:`\tfrac1B\sum_i\lVert x_{0,i}-x_{1,i}\rVert^2`.

    Args:
        x_0: one end of each pair, shape ``(B, ...)``.
        x_1: the other end, same shape.

    Returns:
        The cost, in squared units of the data.

    Raises:
        TypeError: if an argument is not a floating-point tensor.
        ValueError: if the batch is empty, not finite, or the shapes differ.
    """
    _check_pair(x_0, x_1)
    return (x_1 - x_0).flatten(1).square().sum(1).mean().item()
