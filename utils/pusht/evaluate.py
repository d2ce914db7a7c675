"""Scores, smoothness and latency of a policy on Push-T."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from utils.pusht.environment import DT, PushT
from utils.pusht.features import features
from utils.pusht.train import CHUNK, OBS_HORIZON
from utils.robots.control import Rollout, latency, mean_squared_jerk, rollout, shifted
from utils.robots.policies import Policy, RobotDiffusionPolicy, RobotFlowPolicy

SEEDS, MAX_STEPS = range(100000, 100050), 300  # not the seeds of any demonstration
REPEATS = 200  # timed plans


class Planner:
    """A policy as the control loop wants it: states in, targets in pixels out.

    Attributes:
        policy: the policy.
        steps: evaluations for a plan.
    """

    def __init__(
        self, policy: Policy, steps: int, eta: float = 0.0, seed: int = 0, warm: float | None = None
    ) -> None:
        """Choose how to sample.

        Args:
            policy: the policy.
            steps: evaluations for a plan.
            eta: share of fresh noise, for a diffusion policy: 0 is DDIM, 1 is DDPM.
            seed: of the noise.
            warm: time at which a flow policy takes up its last plan again, in (0, 1); ``None``
                starts every plan from noise.

        Raises:
            ValueError: if an option does not fit the policy.
        """
        if eta and not isinstance(policy, RobotDiffusionPolicy):
            raise ValueError("eta belongs to a diffusion policy")
        if warm is not None and not (0 < warm < 1 and isinstance(policy, RobotFlowPolicy)):
            raise ValueError(f"warm must lie in (0, 1), for a flow policy, got {warm}")
        self.policy, self.steps, self.eta, self.warm = policy, steps, eta, warm
        self._generator = torch.Generator().manual_seed(seed)
        self._last: Tensor | None = None

    def __call__(self, states: Tensor) -> Tensor:
        """Plan from states ``(B, 2, 5)``: targets ``(B, 16, 2)`` in pixels."""
        options: dict = {"generator": self._generator}
        if isinstance(self.policy, RobotDiffusionPolicy):
            self.policy.eta = self.eta
        if self.warm is not None and self._last is not None:
            options.update(previous=shifted(self._last, CHUNK), t_start=self.warm)
        self._last = self.policy.plan(features(states), self.steps, **options)
        return self._last


def run_episodes(planner: Planner, seeds: Sequence[int] = SEEDS) -> Rollout:
    """One episode of at most 300 steps for each seed, as in Chi et al. 2023."""
    first = OBS_HORIZON - 1  # a plan begins at the oldest state
    return rollout(planner, PushT(), seeds, MAX_STEPS, CHUNK, OBS_HORIZON, first)


def summary(run: Rollout) -> dict[str, float]:
    """Score, success and smoothness, with standard errors.

    Args:
        run: the episodes.

    Returns:
        ``score`` (mean over episodes of the highest coverage / 0.95, at most 1), ``success``
        (share that covered more than 95 %), ``jerk_within`` and ``jerk_across`` (pixels^2/s^6),
        ``clipped``; ``*_se`` are standard errors.
    """
    best, n = run.best.double(), len(run.best)
    success = (best >= 1).double().mean().item()
    within, across = mean_squared_jerk(run, DT)
    return {
        "score": best.mean().item(),
        "score_se": best.std().item() / math.sqrt(n),
        "success": success,
        "success_se": math.sqrt(success * (1 - success) / n),
        "episodes": n,
        "jerk_within": within,
        "jerk_across": across,
        "clipped": run.clipped,
    }


def plan_latency(policy: Policy, steps: int, eta: float = 0.0) -> dict[str, float]:
    """Time of one plan for one robot: median and 99th percentile in milliseconds.

    Measured on one CPU thread, whatever the process uses otherwise.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        planner = Planner(policy, steps, eta)
        state = torch.tensor([[100.0, 100.0, 250.0, 250.0, 1.0]]).expand(1, OBS_HORIZON, 5)
        median, slowest = latency(lambda: planner(state), REPEATS)
    finally:
        torch.set_num_threads(threads)
    return {"latency_ms": median * 1e3, "latency_p99_ms": slowest * 1e3}
