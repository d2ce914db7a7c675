r"""Tests that can tell a wrong model from a right one, and what is the least that they see.

A measurement that could not have failed says nothing. Each instrument here comes with its chance:
how often a *right* model would look as bad. ``smallest_noticed`` asks the other way round: how
wrong must a model be until the instrument notices nine times in ten?
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from scipy.special import erfc, gammaincc
from torch import Tensor

from utils.metrics.distances import _distances, _flat_pair
from utils.mixtures import GaussianMixture
from utils.schedulers import CondOT
from utils.tensors import check_positive_int, check_samples


class ModeShares(NamedTuple):
    """How samples are spread over the modes of a mixture.

    Attributes:
        shares: of the samples, shape ``(K,)``.
        weights: of the mixture, shape ``(K,)``.
        chance: how often as many samples of the mixture itself would be as far off (p-value).
    """

    shares: Tensor
    weights: Tensor
    chance: float


def _check(x: Tensor, mixture: GaussianMixture) -> None:
    check_samples("x", x)
    if not isinstance(mixture, GaussianMixture):
        raise TypeError(f"mixture must be a GaussianMixture, got {type(mixture).__name__}")


def _modes(x: Tensor, mixture: GaussianMixture) -> Tensor:
    """Number of the mode that each sample most likely belongs to, ``(N,)``."""
    end = torch.ones((), dtype=x.dtype, device=x.device)
    return mixture.responsibilities(x, end, CondOT()).argmax(1)


def mode_shares(x: Tensor, mixture: GaussianMixture) -> ModeShares:
    r"""Share of the samples in each mode, with the chance of Pearson's test.

    .. math:: \chi^2 = \sum_k \frac{(n_k - n w_k)^2}{n w_k},
              \qquad p = P(\chi^2_{K-1} \ge \chi^2)

    A sample belongs to the mode that most likely drew it; the modes shall be well apart. With n
    samples a share w is known to about :math:`\sqrt{w(1-w)/n}`.
    Source: Pearson 1900; Cochran 1952 for its use with :math:`n w_k \ge 5`.

    Args:
        x: samples, shape ``(n, D)``.
        mixture: the K modes with their weights.

    Returns:
        Shares, weights and the chance.

    Raises:
        ValueError: if there are fewer than two modes, one has weight 0, or there are so few samples
            that one with its weight would get less than five.
    """
    _check(x, mixture)
    count, weights = len(x), mixture.weights.double()
    if len(weights) < 2:
        raise ValueError("mixture must have at least two modes, got one")
    if weights.min() == 0:
        raise ValueError(f"mixture must have weights above 0, got {weights.tolist()}")
    if count * weights.min() < 5:
        least = math.ceil(5 / weights.min().item())
        raise ValueError(f"x must hold at least {least} samples for these weights, got {count}")
    found = torch.bincount(_modes(x, mixture), minlength=len(weights)).double()
    square = ((found - count * weights).square() / (count * weights)).sum().item()
    chance = float(gammaincc((len(weights) - 1) / 2, square / 2))
    return ModeShares(found / count, weights, chance)


class ModeWidths(NamedTuple):
    """How wide the samples lie within each mode.

    Attributes:
        ratios: standard deviation of the samples over that of the mode, ``(K,)``; NaN where fewer
            than two samples lie.
        errors: standard error of each ratio for a right model, ``(K,)``.
    """

    ratios: Tensor
    errors: Tensor


def mode_widths(x: Tensor, mixture: GaussianMixture) -> ModeWidths:
    r"""Spread within each mode over the spread that the mode has.

    .. math:: r_k = \frac1{s_k}\sqrt{\frac1{D\,n_k}\sum_{i \in k} \lVert x_i - m_k\rVert^2},
              \qquad \mathrm{se}(r_k) \approx \frac1{\sqrt{2 D n_k}}

    Distances are taken from the mode's true mean, so that a shift counts, too.

    Args:
        x: samples, shape ``(n, D)``.
        mixture: the modes.

    Returns:
        Ratios, and the standard error of each.
    """
    _check(x, mixture)
    mode, dim = _modes(x, mixture), x.flatten(1).shape[1]
    ratios, errors = [], []
    for k in range(len(mixture.stds)):
        inside = (x[mode == k].double() - mixture.means[k].double()).flatten(1)
        values = dim * len(inside)
        root = (inside.square().sum() / values).sqrt() if len(inside) > 1 else math.nan
        ratios.append(float(root) / mixture.stds[k].item())
        errors.append(1 / math.sqrt(2 * values) if values else math.nan)
    return ModeWidths(*(torch.tensor(part, dtype=torch.float64) for part in (ratios, errors)))


class Gap(NamedTuple):
    """A difference of means.

    Attributes:
        gap: the difference, in nats.
        error: its standard error.
        chance: how often a right model would show as large a difference (two-sided p-value).
    """

    gap: float
    error: float
    chance: float


def log_density_gap(x: Tensor, y: Tensor, mixture: GaussianMixture) -> Gap:
    r"""Mean exact log-density of model samples less that of real ones.

    .. math:: \frac1n\sum_i \log p(x_i) - \frac1m\sum_j \log p(y_j)

    Too wide or misplaced samples fall below, samples that huddle in the peaks rise above. It does
    not see modes of equal height that are missing.

    Args:
        x: samples of the model, shape ``(n, D)``.
        y: samples of the mixture, shape ``(m, D)``.
        mixture: whose density is exact.

    Returns:
        The gap, its standard error and its chance.

    Raises:
        ValueError: if a set has fewer than 2 samples or is not finite, or a shape does not fit.
    """
    _check(x, mixture)
    _check(y, mixture)
    if min(len(x), len(y)) < 2:
        raise ValueError(f"x and y must hold at least 2 samples, got {len(x)} and {len(y)}")
    a, b = (mixture.log_density(samples.double()) for samples in (x, y))
    error = math.sqrt(a.var().item() / len(a) + b.var().item() / len(b))
    gap = (a.mean() - b.mean()).item()
    if error == 0:  # all of equal density: any gap is certain
        return Gap(gap, error, float(gap == 0))
    return Gap(gap, error, float(erfc(abs(gap) / error / math.sqrt(2))))


def energy_distance(x: Tensor, y: Tensor) -> float:
    r"""Energy distance of two sets; 0 only for equal distributions.

    .. math:: 2\,E\lVert X - Y\rVert - E\lVert X - X'\rVert - E\lVert Y - Y'\rVert

    Source: Székely and Rizzo 2013, "Energy statistics", eq. 6 (the V-statistic: at least 0).

    Args:
        x: samples, shape ``(n, ...)``.
        y: samples, shape ``(m, ...)``.

    Returns:
        The distance, in units of the data.
    """
    x, y = _flat_pair(x, y)
    between, within_x, within_y = (_distances(*pair).mean() for pair in ((x, y), (x, x), (y, y)))
    return max(0.0, (2 * between - within_x - within_y).item())


def permutation_test(
    x: Tensor, y: Tensor, permutations: int = 199, generator: torch.Generator | None = None
) -> float:
    r"""Chance of as large an energy distance if both sets came from one distribution.

    Labels are shuffled: if they do not matter, the true split is one of many.

    .. math:: p = \frac{1 + \#\{\pi : d(\pi) \ge d\}}{1 + P}

    Exact at any number of samples; the least that it can say is 1/(P + 1).
    Source: Székely and Rizzo 2013, section 4; Phipson and Smyth 2010 for the 1 in the numerator.

    Args:
        x: samples, shape ``(n, ...)``.
        y: samples, shape ``(m, ...)``; memory grows with (n + m)².
        permutations: P.
        generator: source of randomness.

    Returns:
        The p-value, in (0, 1].
    """
    check_positive_int("permutations", permutations)
    a, b = _flat_pair(x, y)
    n, both = len(a), torch.cat([a, b])
    total, distance = len(both), _distances(both, both)
    in_x = torch.zeros(permutations + 1, total, dtype=distance.dtype, device=distance.device)
    in_x[0, :n] = 1  # the true split
    for row in in_x[1:]:
        row[torch.randperm(total, generator=generator, device=distance.device)[:n]] = 1
    in_y, m = 1 - in_x, total - n
    to_x = in_x @ distance
    between = (to_x * in_y).sum(1) / (n * m)
    within_x = (to_x * in_x).sum(1) / n**2
    within_y = ((in_y @ distance) * in_y).sum(1) / m**2
    energies = 2 * between - within_x - within_y
    as_large = (energies[1:] >= energies[0] - 1e-12 * energies[0].abs()).sum().item()
    return (1 + as_large) / (1 + permutations)


class Power(NamedTuple):
    """What a test would have noticed.

    Attributes:
        smallest: the smallest error from which on it notices often enough; infinity if none of
            those tried.
        noticed: share of the repeats in which each error was noticed, in the order given.
        false_alarms: share in which it noticed something although there was no error.
    """

    smallest: float
    noticed: list[float]
    false_alarms: float


def smallest_noticed(
    notices: Callable[[float, torch.Generator], bool],
    errors: Sequence[float],
    repeats: int = 40,
    often: float = 0.9,
    seed: int = 0,
) -> Power:
    """The smallest error that a test would have noticed, nine times in ten.

    Make the claim false on purpose, by more and more, and see when the test fails.

    Args:
        notices: called as ``notices(error, generator)``; it draws from a model that is wrong by
            ``error``, measures, and says whether that would have been taken for wrong. With error
            0 the model is right.
        errors: sizes to try, increasing, above 0.
        repeats: how often each is tried, every time with other randomness.
        often: share of the repeats that counts as noticing.
        seed: of the randomness.

    Returns:
        The smallest error, and the shares behind it.

    Raises:
        ValueError: if the errors do not increase from above 0, or ``often`` lies outside (0, 1].
    """
    check_positive_int("repeats", repeats)
    if not errors or errors[0] <= 0 or any(b <= a for a, b in itertools.pairwise(errors)):
        raise ValueError(f"errors must increase from above 0, got {list(errors)}")
    if not 0 < often <= 1:
        raise ValueError(f"often must lie in (0, 1], got {often}")

    def share(error: float, row: int) -> float:
        seeds = (seed + 1000 * row + repeat for repeat in range(repeats))
        found = [bool(notices(error, torch.Generator().manual_seed(each))) for each in seeds]
        return sum(found) / repeats

    noticed = [share(error, row) for row, error in enumerate(errors, start=1)]
    smallest = math.inf
    for error, part in zip(reversed(errors), reversed(noticed), strict=True):
        if part < often:
            break  # a larger error that went unnoticed counts against all smaller ones
        smallest = error
    return Power(smallest, noticed, share(0.0, 0))
