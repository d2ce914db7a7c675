r"""Models of strings: letters are masked, and a model says what each masked letter may be.

A string has D letters out of K, as integers ``0..K-1``; ``K`` stands for the mask. The level kappa
is the share of letters that are known: 0 is noise (all masked), 1 is data.

    Austin et al. (2021), arXiv 2107.03006; Campbell et al. (2024), arXiv 2402.04997;
    Sahoo et al. (2024), arXiv 2406.07524; Shi et al. (2024), arXiv 2406.04329;
    Gat et al. (2024), arXiv 2407.15595.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from utils.tensors import check_positive_int

__all__ = [
    "StringDistribution",
    "StringNet",
    "bound",
    "mask_letters",
    "push",
    "sample_in_turn",
    "sample_unmasking",
    "step_probabilities",
    "total_variation",
    "unmasking_loss",
    "unmasking_probability",
]

Denoiser = Callable[[Tensor], Tensor]


def _check_strings(name: str, x: Tensor, letters: int) -> None:
    if x.dim() != 2 or x.is_floating_point():
        raise ValueError(
            f"{name} must hold integers of shape (B, D), got {x.dtype} {tuple(x.shape)}"
        )
    if x.numel() and not 0 <= int(x.min()) <= int(x.max()) <= letters:
        raise ValueError(f"{name} must lie in 0..{letters}, got {int(x.min())}..{int(x.max())}")


class StringDistribution:
    r"""A known distribution of strings that is small enough to be enumerated.

    .. math:: p(x^i = a \mid x_\kappa) =
              \frac{\sum_{y \sim x_\kappa,\ y^i = a} p(y)}{\sum_{y \sim x_\kappa} p(y)}

    The sums run over all strings y that agree with the known letters of x_kappa. The level does
    not occur: how many letters are masked can be seen.

    Args:
        probabilities: of every string, shape ``(K,) * D``; they are scaled to sum to 1.

    Attributes:
        letters: K.
        length: D.
        probabilities: float64, shape ``(K,) * D``.
        states: all strings with and without masks, shape ``((K + 1)**D, D)``.
        complete: which of them have no mask, shape ``((K + 1)**D,)``.

    Raises:
        ValueError: if the shape is not ``(K,) * D``, a probability is negative or not finite, or
            all are 0.
    """

    def __init__(self, probabilities: Tensor) -> None:
        """Sum up what every string with masks agrees with."""
        p = probabilities.double()
        if p.dim() < 1 or len(set(p.shape)) != 1:
            raise ValueError(f"probabilities must have shape (K,) * D, got {tuple(p.shape)}")
        if not p.isfinite().all() or (p < 0).any() or p.sum() == 0:
            raise ValueError("probabilities must be finite, not negative, and not all 0")
        self.probabilities = p / p.sum()
        self.letters, self.length = p.shape[0], p.dim()
        masses = self.probabilities
        for axis in range(self.length):  # index K of an axis: summed over its letters
            masses = torch.cat([masses, masses.sum(axis, keepdim=True)], axis)
        self._masses = masses.flatten()
        axes = [torch.arange(self.letters + 1)] * self.length
        self.states = torch.cartesian_prod(*axes).reshape(-1, self.length)
        self.complete = (self.states < self.letters).all(1)

    def index(self, x: Tensor) -> Tensor:
        """Rows of ``states`` that hold these strings; ``x`` has shape ``(B, D)``."""
        _check_strings("x", x, self.letters)
        if x.shape[1] != self.length:
            raise ValueError(f"x must have {self.length} letters, got {x.shape[1]}")
        powers = (self.letters + 1) ** torch.arange(self.length - 1, -1, -1)
        return x @ powers

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw strings, shape ``(n, D)``."""
        check_positive_int("n", n)
        drawn = torch.multinomial(self.probabilities.flatten(), n, True, generator=generator)
        return self.states[self.complete][drawn]

    def posterior(self, x: Tensor) -> Tensor:
        """Exact probability of each letter at each place, given the letters that are known.

        Args:
            x: strings with masks, shape ``(B, D)``.

        Returns:
            Shape ``(B, D, K)``, float64. A known letter has probability 1. Where no string agrees
            with the known letters, a masked letter is uniform.
        """
        here = self.index(x)
        answer = []
        for i in range(self.length):
            step = (self.letters + 1) ** (self.length - 1 - i)
            blank = here + (self.letters - x[:, i]) * step  # the same string, place i masked
            others = blank[:, None] - torch.arange(self.letters, 0, -1) * step
            mass, total = self._masses[others], self._masses[blank][:, None]
            guess = torch.where(total > 0, mass / total, 1 / self.letters)
            known = x[:, i, None] < self.letters
            exact = x[:, i, None] == torch.arange(self.letters)
            answer.append(torch.where(known, exact.double(), guess))
        return torch.stack(answer, dim=1)

    def frequencies(self, x: Tensor) -> Tensor:
        """Shares of all states among these strings, shape ``((K + 1)**D,)``."""
        return torch.bincount(self.index(x), minlength=len(self.states)).double() / len(x)

    @property
    def law(self) -> Tensor:
        """Probability of every state: 0 where there is a mask, shape ``((K + 1)**D,)``."""
        law = torch.zeros(len(self.states), dtype=torch.float64)
        law[self.complete] = self.probabilities.flatten()
        return law

    def law_at(self, level: float) -> Tensor:
        r"""Probability of every state when each letter is known with probability ``level``.

        .. math:: p_\kappa(x) = \kappa^{n}(1-\kappa)^{D-n} \sum_{y \sim x} p(y)

        with n known letters in x; shape ``((K + 1)**D,)``.
        """
        known = (self.states < self.letters).sum(1).double()
        return level**known * (1 - level) ** (self.length - known) * self._masses

    @property
    def entropy(self) -> float:
        """In nats: what no model can go below (``bound``)."""
        return -torch.special.xlogy(self.probabilities, self.probabilities).sum().item()


def total_variation(p: Tensor, q: Tensor) -> float:
    r"""Half the sum of absolute differences: the largest difference of any event's probability.

    .. math:: \mathrm{TV}(p, q) = \tfrac12 \sum_x \lvert p(x) - q(x) \rvert

    Raises:
        ValueError: if the shapes differ.
    """
    if p.shape != q.shape:
        raise ValueError(f"p and q must have one shape, got {tuple(p.shape)} and {tuple(q.shape)}")
    return 0.5 * (p - q).abs().sum().item()


def mask_letters(
    x_1: Tensor, level: Tensor | float, mask: int, generator: torch.Generator | None = None
) -> Tensor:
    """Keep each letter with probability ``level`` and mask it otherwise.

    Args:
        x_1: strings, shape ``(B, D)``.
        level: share of letters to keep: a number, or shape ``(B,)``.
        mask: what stands for a mask: the number of letters K.
        generator: source of randomness.
    """
    level = torch.as_tensor(level).reshape(-1, 1)
    if not ((level >= 0) & (level <= 1)).all():
        raise ValueError("level must lie in [0, 1]")
    kept = torch.rand(x_1.shape, generator=generator) < level
    return torch.where(kept, x_1, mask)


def unmasking_probability(now: float, then: float, remask: float = 0.0) -> tuple[float, float]:
    r"""With what probability a letter is unmasked, and masked again, from one level to the next.

    .. math:: \rho = \eta \min\Big(1, \frac{1 - \kappa'}{\kappa}\Big), \qquad
              q = 1 - \frac{1 - \kappa' - \kappa\rho}{1 - \kappa}

    With eta = 0 it is D3PM's reverse step, and what the rate :math:`1/(1-\kappa)` of discrete flow
    matching gives over the step. With eta > 0 known letters are masked again with probability rho,
    and q makes up for them: Wang et al. (2025), arXiv 2503.00307.

    Args:
        now: level before the step.
        then: level after it, above ``now``; at ``now`` itself with ``remask`` > 0, which then only
            draws some letters anew.
        remask: eta, from 0 to 1.

    Returns:
        q and rho.

    Raises:
        ValueError: unless ``0 <= now <= then <= 1``, ``now < 1`` and ``0 <= remask <= 1``.
    """
    if not 0 <= now <= then <= 1 or now == 1:
        raise ValueError(f"levels must rise within [0, 1], got {now} and {then}")
    if not 0 <= remask <= 1:
        raise ValueError(f"remask must lie in [0, 1], got {remask}")
    rho = remask * min(1.0, (1 - then) / now) if now > 0 else 0.0
    return 1 - (1 - then - now * rho) / (1 - now), rho


def step_probabilities(
    x: Tensor, guess: Tensor, unmask: float | Tensor, remask: float = 0.0
) -> Tensor:
    """What each letter may be after one step, the mask included.

    Args:
        x: strings, shape ``(B, D)``; ``K`` is the mask.
        guess: probabilities of the letters, shape ``(B, D, K)``.
        unmask: probability that a masked letter is filled in: a number, or shape ``(D,)`` or
            ``(B, D)``.
        remask: probability that a known letter is masked.

    Returns:
        Shape ``(B, D, K + 1)``; sums to 1 over the last dimension.
    """
    letters = guess.shape[-1]
    unmask = torch.as_tensor(unmask, dtype=guess.dtype).expand(x.shape)[..., None]
    filled = torch.cat([unmask * guess, 1 - unmask], dim=-1)
    kept = (1 - remask) * F.one_hot(x, letters + 1).to(guess.dtype)
    kept[..., letters] += remask
    return torch.where((x == letters)[..., None], filled, kept)


def push(law: Tensor, rows: Tensor) -> Tensor:
    r"""The law of all states after a step in which every letter moves on its own.

    .. math:: p'(y) = \sum_x p(x) \prod_{i=1}^D r^i(y^i \mid x)

    Args:
        law: probability of every state, shape ``((K + 1)**D,)``.
        rows: ``step_probabilities`` at every state, shape ``((K + 1)**D, D, K + 1)``.
    """
    joint = law[:, None]
    for i in range(rows.shape[1]):
        joint = (joint[:, :, None] * rows[:, i, None, :]).flatten(1)
    return joint.sum(0)


def _draw(probabilities: Tensor, generator: torch.Generator | None) -> Tensor:
    flat = torch.multinomial(probabilities.flatten(0, 1), 1, generator=generator)
    return flat.reshape(probabilities.shape[:2])


@torch.no_grad()
def sample_unmasking(
    denoiser: Denoiser,
    x: Tensor,
    levels: Tensor,
    remask: float = 0.0,
    generator: torch.Generator | None = None,
    return_trajectory: bool = False,
) -> Tensor:
    """Fill in strings from level to level; in one step, letters are drawn independently.

    Args:
        denoiser: probabilities of the letters, ``(B, D)`` to ``(B, D, K)``.
        x: strings at the first level, shape ``(B, D)``; all masks at level 0.
        levels: not falling, shape ``(N + 1,)``: N evaluations.
        remask: eta of ``unmasking_probability``.
        generator: source of randomness.
        return_trajectory: all N + 1 states instead of the last.

    Returns:
        Shape ``(B, D)``, or ``(N + 1, B, D)``.
    """
    way = [x]
    stops = torch.as_tensor(levels).tolist()
    for now, then in zip(stops, stops[1:], strict=False):
        unmask, masked_again = unmasking_probability(now, then, remask)
        x = _draw(step_probabilities(x, denoiser(x), unmask, masked_again), generator)
        way.append(x)
    return torch.stack(way) if return_trajectory else x


@torch.no_grad()
def sample_in_turn(
    denoiser: Denoiser,
    x: Tensor,
    at_once: int = 1,
    generator: torch.Generator | None = None,
    return_trajectory: bool = False,
    certain: bool = False,
) -> Tensor:
    """Fill in ``at_once`` masked letters at a time, in random order, until none is masked.

    With one at a time, this is the jump process itself: the time at which a letter jumps is
    uniform over the levels, so the order of the jumps is random.

    Args:
        denoiser: probabilities of the letters, ``(B, D)`` to ``(B, D, K)``.
        x: strings, shape ``(B, D)``; ``K``, the number of letters, is the mask.
        at_once: letters that are drawn in one evaluation.
        generator: source of randomness.
        return_trajectory: the states after each evaluation instead of the last.
        certain: not in random order, but the places with the most probable letter first, as
            MaskGIT does (Chang et al. 2022, arXiv 2202.04200).

    Returns:
        Shape ``(B, D)``, or ``(N + 1, B, D)`` with N evaluations.
    """
    check_positive_int("at_once", at_once)
    way, place_in_line = [x], torch.rand(x.shape, generator=generator)
    while True:
        guess = denoiser(x)
        masked = x == guess.shape[-1]
        if not masked.any():
            return torch.stack(way) if return_trajectory else x
        first = -guess.max(-1).values if certain else place_in_line
        line = torch.where(masked, first, 2.0).argsort(dim=1, stable=True).argsort(1)
        rows = step_probabilities(x, guess, (line < at_once).to(guess.dtype))
        x = _draw(rows, generator)
        way.append(x)


def unmasking_loss(
    net: Callable[[Tensor], Tensor], x_1: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    r"""Cross entropy of the masked letters, weighted: a bound on :math:`-\log p(x_1)`, in nats.

    .. math:: \mathbb E\Big[\frac{D}{m} \sum_{i\ \mathrm{masked}} -\log \hat p(x_1^i \mid x)\Big]

    The number of masks m is uniform in 1..D, and so are the places. It has the same mean as
    :math:`\int_0^1 \frac{d\kappa}{1-\kappa}\, \mathbb E \sum_{i\ \mathrm{masked}} -\log\hat p` and
    varies less.

    Args:
        net: logits, ``(B, D)`` to ``(B, D, K)``.
        x_1: strings, shape ``(B, D)``.
        generator: source of randomness.
    """
    count, length = x_1.shape
    m = torch.randint(1, length + 1, (count, 1), generator=generator)
    order = torch.rand(x_1.shape, generator=generator).argsort(1).argsort(1)
    masked = order < m
    logits = net(torch.where(masked, net.letters, x_1))
    entropy = F.cross_entropy(logits.flatten(0, 1), x_1.flatten(), reduction="none")
    return (entropy.reshape(x_1.shape) * masked * (length / m)).sum(1).mean()


def bound(distribution: StringDistribution, denoiser: Denoiser) -> float:
    r"""The mean of ``unmasking_loss`` over a known distribution, by enumeration.

    .. math:: \sum_{x} \frac{1}{m\binom{D}{m}}\, P(x)
              \sum_{i\ \mathrm{masked}} \mathrm{CE}\big(p(\cdot \mid x), \hat p(\cdot \mid x)\big)

    over all states x with m > 0 masks; P is the probability that a string agrees with the known
    letters of x. It is the entropy for the exact posterior, and more for every other model.
    """
    states = distribution.states
    masked = states == distribution.letters
    m = masked.sum(1)
    guess = denoiser(states).double()
    exact = distribution.posterior(states)
    cross = -torch.special.xlogy(exact, guess).sum(-1)  # 0 log 0 is 0
    ways = torch.tensor([math.comb(distribution.length, int(k)) for k in m])
    weight = torch.where(m > 0, distribution._masses / (m.clamp(min=1) * ways), 0.0)
    return (weight * torch.where(masked, cross, 0.0).sum(1)).sum().item()


class StringNet(nn.Module):
    """A small network that reads a string with masks and guesses every letter.

    Each letter becomes a vector; the vectors side by side go through ``depth`` hidden layers; what
    comes out for a place is compared with the vectors of all letters. It gets no level: it sees
    how many letters are masked.

    Args:
        letters: K; ``K`` is the mask.
        length: D.
        hidden: width of the hidden layers.
        depth: number of hidden layers.
        width: of a letter's vector.
        dropout: share of hidden values that are set to 0 in training.

    Raises:
        ValueError: if a number is less than 1, or ``dropout`` is not in [0, 1).
    """

    def __init__(
        self,
        letters: int,
        length: int,
        hidden: int = 64,
        depth: int = 2,
        width: int = 16,
        dropout: float = 0.0,
    ) -> None:
        """Choose the sizes."""
        super().__init__()
        numbers = {"letters": letters, "length": length, "hidden": hidden, "depth": depth}
        for name, value in (numbers | {"width": width}).items():
            check_positive_int(name, value)
        self.letters, self.length = letters, length
        self.vectors = nn.Embedding(letters + 1, width)
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {dropout}")
        layers = []
        for i in range(depth):
            before = hidden if i else length * width
            layers += [nn.Linear(before, hidden), nn.SiLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(hidden, length * width))
        self.bias = nn.Parameter(torch.zeros(length, letters))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every letter at every place: ``(B, D)`` to ``(B, D, K)``."""
        _check_strings("x", x, self.letters)
        if x.shape[1] != self.length:
            raise ValueError(f"x must have {self.length} letters, got {x.shape[1]}")
        wanted = self.layers(self.vectors(x).flatten(1)).unflatten(1, (self.length, -1))
        return wanted @ self.vectors.weight[:-1].T + self.bias

    @torch.no_grad()
    def posterior(self, x: Tensor) -> Tensor:
        """Probabilities in place of logits, as ``StringDistribution.posterior``."""
        was_training = self.training
        answer = self.eval()(x).softmax(-1)
        self.train(was_training)
        return answer
