"""A point robot that must pass a round obstacle on either side: two right answers, none between."""

from collections.abc import Sequence

import torch
from torch import Tensor

from utils.tensors import check_positive_int, randn_like

RADIUS = 0.3  # of the obstacle, with the robot's own size
START_X, GOAL_X, SPREAD = -1.2, 1.0, 0.2  # starts and goals lie at these x, |y| <= SPREAD
REACH = 0.1  # how near the goal counts as there
FORK_X = -0.6  # here the demonstrator leaves the middle, to one side or the other
LIMIT = 0.12  # largest step along each axis
MAX_STEPS = 60


class PlanarObstacle:
    r"""Several point robots side by side: :math:`p_{k+1} = p_k + a_k`.

    An observation is [x, y, goal x, goal y]; an action is a step [dx, dy], each at most 0.12. The
    obstacle is a disc at the origin. The score is 1 when the goal has been reached; touching the
    obstacle, also between two positions, ends the episode with 0.

    Attributes:
        low: smallest action, ``(2,)``.
        high: largest action, ``(2,)``.
        collided: which episodes have touched the obstacle, ``(B,)``.
        reached: which have reached the goal, ``(B,)``.
    """

    def __init__(self) -> None:
        """Build an empty plane; ``reset`` puts robots into it."""
        self.low, self.high = torch.full((2,), -LIMIT), torch.full((2,), LIMIT)
        self.collided = self.reached = torch.zeros(0, dtype=torch.bool)
        self._position = self._goal = torch.zeros(0, 2)

    def reset(self, seeds: Sequence[int]) -> Tensor:
        """Start one episode for each seed, each drawn from its own seed alone; ``(B, 4)``."""
        heights = [
            torch.rand(2, generator=torch.Generator().manual_seed(int(seed))) for seed in seeds
        ]
        return self.place(SPREAD * (2 * torch.stack(heights) - 1))

    def place(self, heights: Tensor) -> Tensor:
        """Start one episode for each row [y of the start, y of the goal] of ``(B, 2)``."""
        self._position = torch.stack([torch.full_like(heights[:, 0], START_X), heights[:, 0]], 1)
        self._goal = torch.stack([torch.full_like(heights[:, 1], GOAL_X), heights[:, 1]], 1)
        self.collided = torch.zeros(len(heights), dtype=torch.bool)
        self.reached = self.collided.clone()
        return self._observe()

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Move; returns observations ``(B, 4)``, scores ``(B,)`` and done ``(B,)``.

        Raises:
            ValueError: if the shape is wrong, or a number is not finite or beyond the limits.
        """
        if actions.shape != self._position.shape:
            shape = tuple(self._position.shape)
            raise ValueError(f"actions must have shape {shape}, got {tuple(actions.shape)}")
        # NaN fails this comparison, too.
        if not (actions.abs() <= LIMIT + 1e-6).all():
            raise ValueError(f"actions must lie within ±{LIMIT}, got {actions.abs().max().item()}")
        moving = ~(self.collided | self.reached)
        touch = _distance_to_origin(self._position, actions) < RADIUS
        self.collided = self.collided | (moving & touch)
        self._position = torch.where(moving[:, None], self._position + actions, self._position)
        near = (self._position - self._goal).norm(dim=1) < REACH
        self.reached = self.reached | (moving & near & ~self.collided)
        return self._observe(), self.reached.float(), self.collided | self.reached

    def _observe(self) -> Tensor:
        return torch.cat([self._position, self._goal], dim=1)


def _distance_to_origin(start: Tensor, step: Tensor) -> Tensor:
    """Smallest distance of the segment from ``start`` to ``start + step`` to the origin."""
    share = -(start * step).sum(1) / step.square().sum(1).clamp(min=1e-12)
    return (start + share.clamp(0, 1)[:, None] * step).norm(dim=1)


def expert(
    observations: Tensor, side: Tensor, noise: float = 0.0, generator: torch.Generator | None = None
) -> Tensor:
    """The scripted demonstrator: to the fork, past the obstacle on the given side, to the goal.

    Args:
        observations: ``(B, 4)``.
        side: +1 passes above, -1 below, ``(B,)``.
        noise: standard deviation of each step's error.
        generator: source of the noise.

    Returns:
        Actions within the limits, ``(B, 2)``.
    """
    position, goal = observations[:, :2], observations[:, 2:]
    fork = torch.stack([torch.full_like(side, FORK_X + 0.08), 0 * side], dim=1)
    beside = torch.stack([torch.zeros_like(side), 0.65 * side], dim=1)
    x = position[:, :1]
    target = torch.where(x < FORK_X, fork, torch.where(x < -0.1, beside, goal))
    way = target - position
    distance = way.norm(dim=1, keepdim=True)
    step = way / distance.clamp(min=1e-6) * distance.clamp(max=0.08)
    return (step + noise * randn_like(step, generator)).clamp(-LIMIT, LIMIT)


def demonstrations(
    n: int = 500,
    horizon: int = 10,
    noise: float = 0.006,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Windows of successful demonstrations, each of which is there a second time, mirrored.

    With a coin for each demonstration the mean of a few hundred would lean to one side by chance,
    and what a regression does at the fork would depend on the seed. Mirrored, the mean lies in the
    middle.

    Args:
        n: demonstrations, an even number; the second half mirrors the first.
        horizon: actions in a window, H; beyond its end a demonstration stands still.
        noise: standard deviation of the expert's error in each step.
        generator: source of randomness.

    Returns:
        Observations ``(N, 1, 4)`` and actions ``(N, H, 2)``; the windows of one demonstration
        follow each other.

    Raises:
        TypeError: if a number is not an integer.
        ValueError: if ``n`` or ``horizon`` is below 1, or ``n`` is odd.
    """
    check_positive_int("n", n)
    check_positive_int("horizon", horizon)
    if n % 2:
        raise ValueError(f"n must be even, since every demonstration is mirrored, got {n}")
    plane, drawn = PlanarObstacle(), n // 2
    side = torch.randint(2, (drawn,), generator=generator) * 2.0 - 1
    observations = [plane.place(SPREAD * (2 * torch.rand(drawn, 2, generator=generator) - 1))]
    actions, alive = [], []
    done = torch.zeros(drawn, dtype=torch.bool)
    while not done.all() and len(actions) < MAX_STEPS:
        alive.append(~done)
        action = expert(observations[-1], side, noise, generator)
        actions.append(torch.where(done[:, None], 0.0, action))
        observation, _, done = plane.step(actions[-1])
        observations.append(observation)
    actions += [torch.zeros(drawn, 2)] * (horizon - 1)
    padded, alive = torch.stack(actions, dim=1), torch.stack(alive, dim=1)
    alive &= plane.reached[:, None]  # the clumsy ones are not shown
    windows = padded.unfold(1, horizon, 1).transpose(2, 3)
    seen = torch.stack(observations[:-1], dim=1)
    seen, windows = seen[alive][:, None], windows[alive]
    upside_down = torch.tensor([1.0, -1.0])
    return torch.cat([seen, seen * upside_down.repeat(2)]), torch.cat(
        [windows, windows * upside_down]
    )


def side_passed(observations: Tensor) -> Tensor:
    """On which side each episode passed the obstacle.

    Args:
        observations: of a rollout, ``(T + 1, B, 4)``.

    Returns:
        +1 above, -1 below, 0 if it never came level with the obstacle's middle; ``(B,)``.
    """
    x, y = observations[..., 0], observations[..., 1]
    level = (x[:-1] < 0) & (x[1:] >= 0)
    first = level.float().argmax(dim=0)
    height = y[1:].gather(0, first[None]).squeeze(0)
    return torch.where(level.any(dim=0), height.sign(), 0.0)
