"""Couplings: which noise is paired with which data point."""

import torch
from torch import Tensor

from utils.assignment import best_pairing
from utils.tensors import check_same_shape, check_samples


def _check_pair(x_0: Tensor, x_1: Tensor, *along: Tensor) -> None:
    check_samples("x_0", x_0)
    check_samples("x_1", x_1)
    check_same_shape("x_0", x_0, "x_1", x_1)
    for part in along:
        if not isinstance(part, Tensor):
            raise TypeError(f"along must hold tensors, got {type(part).__name__}")
        if part.shape[:1] != x_1.shape[:1]:
            raise ValueError(f"along must have {len(x_1)} rows, got shape {tuple(part.shape)}")


def independent_coupling(
    x_0: Tensor,
    x_1: Tensor,
    generator: torch.Generator | None = None,
    along: tuple[Tensor, ...] = (),
) -> tuple[Tensor, ...]:
    r"""Pair at random: :math:`\pi(x_0, x_1) = p(x_0)\,q(x_1)`.

    Args:
        x_0: noise, shape ``(B, ...)``.
        x_1: data, same shape.
        generator: source of randomness.
        along: what belongs to the data (labels, conditions), each of shape ``(B, ...)``.

    Returns:
        ``x_0`` as it is, ``x_1`` in random order, and what goes along with it in the same order.
    """
    _check_pair(x_0, x_1, *along)
    order = torch.randperm(len(x_1), generator=generator, device=x_1.device)
    return x_0, *(part[order.to(part.device)] for part in (x_1, *along))


def minibatch_ot_coupling(
    x_0: Tensor, x_1: Tensor, along: tuple[Tensor, ...] = ()
) -> tuple[Tensor, ...]:
    r"""Pair by optimal transport within the batch, with *squared* Euclidean cost.

    .. math:: \min_{\tau}\ \textstyle\sum_i \lVert x_{0,i} - x_{1,\tau(i)} \rVert^2

    Cost of the solver: O(B^3). Gradients flow through the points, not through the
    choice of pairs.
    Source: Tong et al. 2024 (arXiv 2302.00482), section 3.2.3; Pooladian et al. 2023
    (arXiv 2304.14772), section 3.2.

    Args:
        x_0: noise, shape ``(B, ...)``.
        x_1: data, same shape.
        along: what belongs to the data (labels, conditions), each of shape ``(B, ...)``.

    Returns:
        ``x_0`` as it is, ``x_1`` permuted, and what goes along with it in the same order.
    """
    _check_pair(x_0, x_1, *along)
    dtype = torch.promote_types(x_0.dtype, x_1.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    flat_0, flat_1 = (x.detach().flatten(1).to(dtype) for x in (x_0, x_1))
    partner = best_pairing(flat_0, flat_1)
    return x_0, *(part[partner.to(part.device)] for part in (x_1, *along))


def coupling_cost(x_0: Tensor, x_1: Tensor) -> float:
    r"""Mean squared distance of the pairs, :math:`\tfrac1B\sum_i\lVert x_{0,i}-x_{1,i}\rVert^2`.

    Args:
        x_0: one end of each pair, shape ``(B, ...)``.
        x_1: the other end, same shape.

    Returns:
        The cost, in squared units of the data.
    """
    _check_pair(x_0, x_1)
    return (x_1.double() - x_0.double()).flatten(1).square().sum(1).mean().item()
