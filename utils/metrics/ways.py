"""How straight the way was, and what crossed on it."""

import torch
from torch import Tensor

from utils.tensors import check_positive_int, check_same_shape, check_samples

# Pairs handled in one go: larger sets are cut into pieces.
_BLOCK = 2**20


def _check_trajectory(trajectory: Tensor) -> Tensor:
    """Refuse fewer than two states; return the trajectory as float64 ``(S + 1, B, D)``."""
    check_samples("trajectory", trajectory)
    if trajectory.ndim < 2 or len(trajectory) < 2:
        raise ValueError(
            "trajectory must have shape (S + 1, B, ...) with at least two states, "
            f"got {tuple(trajectory.shape)}"
        )
    return trajectory.detach().double().reshape(*trajectory.shape[:2], -1)


def path_length_ratio(trajectory: Tensor, reduce: str = "mean") -> Tensor | float:
    r"""Length of the way over the distance covered: 1 is straight, more is not.

    .. math:: \frac{\sum_s \lVert x_{s+1} - x_s \rVert}{\lVert x_S - x_0 \rVert}

    It does not depend on the speed along the way, so schedulers that trace the same curve agree. A
    sample that never moves counts as 1; one that comes back to its start gives infinity. A few
    samples with a short displacement can carry the mean: look at the median, too.

    Args:
        trajectory: states, shape ``(S + 1, B, ...)``.
        reduce: ``"mean"``, ``"median"`` or ``"none"``.

    Returns:
        A number, or with ``"none"`` one float64 value for each sample, shape ``(B,)``.

    Raises:
        ValueError: if it has fewer than two states, or ``reduce`` is unknown.
    """
    if reduce not in ("mean", "median", "none"):
        raise ValueError(f"reduce must be 'mean', 'median' or 'none', got {reduce!r}")
    states = _check_trajectory(trajectory)
    length = states.diff(dim=0).norm(dim=-1).sum(0)
    ratio = length / (states[-1] - states[0]).norm(dim=-1)
    ratio = torch.where(length == 0, torch.ones_like(ratio), ratio)
    if reduce == "none":
        return ratio
    return (ratio.mean() if reduce == "mean" else ratio.quantile(0.5)).item()


def path_energy(trajectory: Tensor, times: Tensor | None = None) -> float:
    r"""Mean kinetic energy of the way, at least the squared distance covered in unit time.

    .. math:: \frac1B \sum_b \sum_s \frac{\lVert x_{s+1} - x_s \rVert^2}{t_{s+1} - t_s}
              \;\approx\; E \int_0^1 \lVert \dot x_t \rVert^2\, dt

    Unlike ``path_length_ratio`` it depends on the speed; the minimum over all flows is
    :math:`W_2^2`.
    Source: Benamou and Brenier 2000; Peyré and Cuturi 2019 (arXiv 1803.00567), eq. 7.2.

    Args:
        trajectory: states, shape ``(S + 1, B, ...)``.
        times: their times, increasing, shape ``(S + 1,)``; ``None`` is equal steps from 0 to 1.

    Returns:
        The energy, in squared units of the data.

    Raises:
        ValueError: if there are fewer than two states or times do not fit or do not increase.
    """
    states = _check_trajectory(trajectory)
    if times is None:
        times = torch.linspace(0, 1, len(states), dtype=states.dtype)
    check_samples("times", times, ndim=1)
    if len(times) != len(states):
        raise ValueError(f"times must have shape ({len(states)},), got {tuple(times.shape)}")
    h = times.to(states).diff()
    if (h <= 0).any():
        raise ValueError(f"times must increase, got a step of {h.min().item()}")
    return (states.diff(dim=0).square().sum(-1) / h[:, None]).sum(0).mean().item()


def count_crossings(
    starts: Tensor,
    ends: Tensor,
    max_pairs: int | None = None,
    generator: torch.Generator | None = None,
) -> float:
    r"""Share of the pairs of straight segments in the plane that cross.

    Segments ab and cd cross if c and d lie on different sides of ab, and a and b of cd:

    .. math:: [abc]\,[abd] < 0 \ \text{and}\ [cda]\,[cdb] < 0, \qquad
              [abc] = (b - a) \times (c - a)

    Only proper crossings count: touching, or a shared end, does not.
    Source: O'Rourke, "Computational Geometry in C", section 1.5.

    Args:
        starts: one end of each segment, shape ``(n, 2)``, n at least 2.
        ends: the other end, same shape.
        max_pairs: draw this many pairs at random instead of looking at all n(n-1)/2.
        generator: source of randomness for ``max_pairs``.

    Returns:
        Share in [0, 1].

    Raises:
        ValueError: if a shape is wrong, there are fewer than 2 segments, or ``max_pairs`` < 1.
    """
    check_samples("starts", starts, ndim=2)
    check_samples("ends", ends, ndim=2)
    check_same_shape("starts", starts, "ends", ends)
    n = len(starts)
    if starts.shape[1] != 2 or n < 2:
        raise ValueError(f"starts must have shape (n, 2) with n >= 2, got {tuple(starts.shape)}")
    starts, ends = starts.detach().double(), ends.detach().double()
    if max_pairs is not None and check_positive_int("max_pairs", max_pairs) < n * (n - 1) // 2:
        i = torch.randint(n, (max_pairs,), generator=generator)
        j = (i + 1 + torch.randint(n - 1, (max_pairs,), generator=generator)) % n  # never i
        return _cross(starts[i], ends[i], starts[j], ends[j]).double().mean().item()
    rows = max(1, _BLOCK // n)
    crossing = 0
    for first in range(0, n, rows):
        a, b = starts[first : first + rows, None], ends[first : first + rows, None]
        crossing += int(_cross(a, b, starts[None], ends[None]).sum())
    return crossing / (n * (n - 1))  # each pair was met twice, and none crosses itself


def _cross(a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    """Whether segments ab and cd cross; all ``(..., 2)`` and broadcast."""

    def side(p: Tensor, q: Tensor, r: Tensor) -> Tensor:
        u, v = q - p, r - p
        return torch.sign(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])

    return (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)


def order_violations(trajectory: Tensor) -> float:
    r"""Share of the pairs on a line that change their order on the way.

    .. math:: \frac{2}{B(B-1)} \,\#\{i < j : \exists s,\ (x_s^i - x_s^j)(x_0^i - x_0^j) < 0\}

    Trajectories of one ODE never meet, so on a line they keep their order; conditional paths do
    not.

    Args:
        trajectory: states, shape ``(S + 1, B)`` or ``(S + 1, B, 1)``, B at least 2.

    Returns:
        Share in [0, 1].

    Raises:
        ValueError: if it is not one-dimensional, or has fewer than two states or samples.
    """
    states = _check_trajectory(trajectory)
    if states.shape[2] != 1 or states.shape[1] < 2:
        raise ValueError(
            "trajectory must have shape (S + 1, B) or (S + 1, B, 1) with B >= 2, "
            f"got {tuple(trajectory.shape)}"
        )
    states = states[..., 0]
    states = states[:, states[0].argsort(stable=True)]  # then a later x_i > x_j, i < j, is a flip
    n = states.shape[1]
    rows, flips = max(1, _BLOCK // n), 0
    for first in range(0, n, rows):
        piece = slice(first, first + rows)
        apart = states[0, None, :] > states[0, piece, None]
        flipped = torch.zeros_like(apart)
        for state in states[1:]:
            flipped |= state[None, :] < state[piece, None]
        flips += int((flipped & apart).sum())
    return flips / (n * (n - 1) / 2)
