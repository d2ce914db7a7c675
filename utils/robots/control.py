"""Receding-horizon control: plan a chunk of actions, carry out its beginning, plan again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from utils.tensors import check_nonnegative, check_positive_int

Plan = Callable[[Tensor], Tensor]


class Environment(Protocol):
    """Several episodes of one task side by side; an episode that is done stands still.

    Attributes:
        low: smallest action, shape ``(A,)``.
        high: largest action, shape ``(A,)``.
    """

    low: Tensor
    high: Tensor

    def reset(self, seeds: Sequence[int]) -> Tensor:
        """Start one episode for each seed; returns observations ``(B, O)``."""

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Act ``(B, A)``; returns observations ``(B, O)``, scores ``(B,)`` and done ``(B,)``."""


@dataclass(frozen=True)
class Rollout:
    """What happened in B episodes of at most T steps.

    Attributes:
        observations: shape ``(T + 1, B, O)``; the last one is repeated once an episode is done.
        actions: what was sent, shape ``(T, B, A)``.
        scores: what the environment gave, shape ``(T, B)``; 0 after the end.
        lengths: steps until done, or T, shape ``(B,)``.
        chunk: actions carried out from each plan.
        clipped: share of planned numbers that lay outside the environment's limits.
    """

    observations: Tensor
    actions: Tensor
    scores: Tensor
    lengths: Tensor
    chunk: int
    clipped: float

    @property
    def best(self) -> Tensor:
        """Highest score of each episode, shape ``(B,)``."""
        return self.scores.amax(dim=0)


def check_actions(actions: Tensor, episodes: int, low: Tensor) -> Tensor:
    """Refuse a plan that must not reach a motor.

    Args:
        actions: planned actions, ``(B, H, A)``.
        episodes: B.
        low: the environment's smallest action, ``(A,)``; its length is A.

    Returns:
        ``actions``.

    Raises:
        ValueError: if the shape is wrong.
        FloatingPointError: if a number is NaN or infinite.
    """
    if actions.ndim != 3 or len(actions) != episodes or actions.shape[2] != len(low):
        expected = f"({episodes}, H, {len(low)})"
        shape = tuple(actions.shape)
        raise ValueError(f"plan must return shape {expected}, got {shape}")
    if not torch.isfinite(actions).all():
        sent = "nothing was sent to the robot"
        raise FloatingPointError(f"the plan holds NaN or infinity; {sent}")
    return actions


def rollout(
    plan: Plan,
    environment: Environment,
    seeds: Sequence[int],
    max_steps: int,
    chunk: int = 8,
    obs_horizon: int = 1,
    first: int = 0,
) -> Rollout:
    """Run one episode for each seed in a receding horizon.

    Args:
        plan: observations ``(B, obs_horizon, O)`` to actions ``(B, H, A)``, in the
            environment's units.
        environment: the task.
        seeds: one for each episode.
        max_steps: longest episode.
        chunk: actions carried out before the next plan.
        obs_horizon: observations that the plan sees; the first is repeated at the start.
        first: index of the action to be carried out first. Chi et al. 2023 let a plan begin at
            the oldest observation, so there it is ``obs_horizon - 1``.

    Returns:
        What happened. Actions are limited to the environment's range before they are sent.

    Raises:
        TypeError: if a number is not an integer.
        ValueError: if there is no seed, an observation is not finite (a broken sensor), or the
            plan has the wrong shape or fewer than ``first + chunk`` actions.
        FloatingPointError: if a plan is not finite; it is never sent.
    """
    for name, n in (("max_steps", max_steps), ("chunk", chunk), ("obs_horizon", obs_horizon)):
        check_positive_int(name, n)
    if first != int(check_nonnegative("first", first)):
        raise ValueError(f"first must be a whole number, got {first}")
    if len(seeds) == 0:
        raise ValueError("seeds must hold at least one seed, got none")
    observations = [environment.reset(seeds)]
    actions, scores = [], []
    lengths = torch.full((len(seeds),), max_steps)
    done = torch.zeros(len(seeds), dtype=torch.bool)
    outside = total = 0
    while len(actions) < max_steps and not done.all():
        history = observations[-obs_horizon:]
        history = [history[0]] * (obs_horizon - len(history)) + history
        seen = torch.stack(history, dim=1)
        if not torch.isfinite(seen).all():
            raise ValueError(f"the observation before step {len(actions)} is not finite")
        planned = check_actions(plan(seen), len(seeds), environment.low)
        if planned.shape[1] < first + chunk:
            raise ValueError(f"a plan needs {first + chunk} actions, got {planned.shape[1]}")
        wanted = planned[:, first : first + chunk]
        sent = wanted.clamp(environment.low, environment.high)
        outside, total = outside + (sent != wanted).sum().item(), total + sent.numel()
        for action in sent.unbind(dim=1)[: max_steps - len(actions)]:
            observation, score, now = environment.step(action)
            actions.append(action)
            observations.append(observation)
            scores.append(torch.where(done, 0.0, score))
            lengths[now & ~done] = len(actions)
            done = done | now
            if done.all():
                break
    return Rollout(
        torch.stack(observations),
        torch.stack(actions),
        torch.stack(scores),
        lengths.clamp(max=len(actions)),
        chunk,
        outside / total,
    )


def shifted(plan: Tensor, by: int) -> Tensor:
    """What is left of a plan after its first actions, its last one repeated: ``(B, H, A)``.

    Args:
        plan: shape ``(B, H, A)``.
        by: how many actions have been carried out, 0..H.

    Returns:
        Same shape.

    Raises:
        ValueError: if ``by`` is not a whole number in 0..H.
    """
    if by not in range(plan.shape[1] + 1):
        raise ValueError(f"by must lie in 0..{plan.shape[1]}, got {by}")
    return torch.cat([plan[:, by:], plan[:, -1:].expand(-1, by, -1)], dim=1)


def mean_squared_jerk(run: Rollout, dt: float) -> tuple[float, float]:
    r"""How rough the sent actions are, within plans and where one plan gives way to the next.

    .. math:: J = \operatorname{mean}\ \lVert\Delta^3 a\rVert^2 / \Delta t^6

    The third difference takes four actions: it counts as within if one plan made all four, and as
    across if two plans did.

    Args:
        run: what happened.
        dt: seconds between actions.

    Returns:
        (within, across), in units of the action squared over s^6; NaN where there is none.

    Raises:
        ValueError: if ``dt`` is not positive.
    """
    if check_nonnegative("dt", dt) == 0:
        raise ValueError(f"dt must be positive, got {dt}")
    jerk = (run.actions.diff(n=3, dim=0) / dt**3).square().sum(dim=-1)
    start = torch.arange(len(jerk))
    alive = start[:, None] + 4 <= run.lengths
    within = (start % run.chunk + 3 < run.chunk)[:, None].expand_as(alive)
    return jerk[alive & within].mean().item(), jerk[alive & ~within].mean().item()


def latency(
    call: Callable[[], object], repeats: int = 200, warm_up: int = 20
) -> tuple[float, float]:
    """Wall time of one call: median and 99th percentile.

    Args:
        call: what to time; it must wait for its device by itself.
        repeats: timed calls.
        warm_up: calls before, not timed.

    Returns:
        (median, 99th percentile) in seconds.

    Raises:
        TypeError: if a number is not an integer.
        ValueError: if ``repeats`` is below 1.
    """
    check_positive_int("repeats", repeats)
    for _ in range(warm_up):
        call()
    seconds = torch.empty(repeats, dtype=torch.float64)
    for i in range(repeats):
        start = time.perf_counter()
        call()
        seconds[i] = time.perf_counter() - start
    return seconds.median().item(), seconds.quantile(0.99).item()
