"""Classifier-free guidance: one network, asked with and without the class."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from utils.tensors import check_nonnegative, check_positive_int, whole


def guided(
    model: nn.Module, labels: Tensor, weight: float = 1.0
) -> Callable[[Tensor, Tensor], Tensor]:
    r"""The velocity that leads towards a class, as a field for the samplers.

    .. math:: u_w(x, t) = (1 - w)\,u_\theta(x, t, \varnothing) + w\,u_\theta(x, t, c)

    Weight 1 is the plain conditional field and weight 0 the unconditional one, each with one
    evaluation; any other weight evaluates both sides in one batch of 2B. Beyond 1 it trades variety
    for likeness to the class, and its samples follow no distribution that was trained.
    Source: Ho and Salimans 2022 (arXiv 2207.12598), eq. 6, whose w is this one minus 1;
    Lipman et al. 2024 (arXiv 2412.06264), section 4.10 for flows.

    Args:
        model: network ``(x, t, labels) -> (B, ...)`` with an attribute ``null_label``.
        labels: the class of each sample, shape ``(B,)``, integers.
        weight: w, at least 0.

    Returns:
        A function ``(x, t) -> (B, ...)``; t is ``()`` or ``(B,)``.

    Raises:
        TypeError: if ``labels`` are not integers.
        ValueError: if ``weight`` is negative or not finite, or the model knows no "no class".
    """
    weight = check_nonnegative("weight", weight)
    null_label = getattr(model, "null_label", None)
    if null_label is None:
        raise ValueError("model must take labels (num_classes), got one without null_label")
    labels = whole("labels", labels)
    null = torch.full_like(labels, null_label)
    if weight in (0.0, 1.0):
        asked = labels if weight == 1.0 else null
        return lambda x, t: model(x, t, asked)
    both = torch.cat([null, labels])

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        twice = t if t.ndim == 0 else torch.cat([t, t])
        without, with_class = model(torch.cat([x, x]), twice, both).chunk(2)
        return (1 - weight) * without + weight * with_class

    return velocity


def drop_labels(
    labels: Tensor, null_label: int, p: float = 0.1, generator: torch.Generator | None = None
) -> Tensor:
    """Replace each label by "no class" with probability p, so that training covers both fields.

    Source: Ho and Salimans 2022 (arXiv 2207.12598), algorithm 1.

    Args:
        labels: classes, shape ``(B,)``.
        null_label: the label that means "no class", at least 1.
        p: probability, in [0, 1].
        generator: source of randomness.

    Returns:
        New labels, int64, same shape; ``labels`` is not changed.

    Raises:
        TypeError: if ``labels`` or ``null_label`` are not integers.
        ValueError: if ``p`` lies outside [0, 1].
    """
    if check_nonnegative("p", p) > 1:
        raise ValueError(f"p must lie in [0, 1], got {p}")
    labels, null_label = whole("labels", labels), check_positive_int("null_label", null_label)
    drop = torch.rand(labels.shape, device=labels.device, generator=generator) < p
    return labels.masked_fill(drop, null_label)
