"""Push-T from gym-pusht, several episodes side by side."""

import os
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from utils.pusht.data import SIZE

DT = 0.1  # seconds between actions: 10 Hz
GOAL = (256.0, 256.0, np.pi / 4)


class PushT:
    """``gym_pusht/PushT-v0`` with states as observations, one copy for each episode.

    The score is the reward: coverage of the target divided by 0.95, at most 1. An episode is done
    when more than 95 % are covered.
    Source: Chi et al. 2023 (arXiv 2303.04137), section 5.1; gym-pusht.

    Attributes:
        low: smallest action, ``(2,)``.
        high: largest action, ``(2,)``.
    """

    def __init__(self) -> None:
        """Look for gym-pusht.

        Raises:
            ImportError: if it is missing; the message names the command that installs it.
        """
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # no window, so no screen is needed
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import gym_pusht  # noqa: F401  (registers the environment)
            import gymnasium
        except ImportError as error:
            raise ImportError("Push-T needs gym-pusht: pip install '.[pusht]'") from error
        self._make = lambda: (
            gymnasium.make(
                "gym_pusht/PushT-v0", obs_type="state", disable_env_checker=True
            ).unwrapped
        )
        self._copies: list = []
        self._seen: list[np.ndarray] = []
        self._done: list[bool] = []
        self.low, self.high = torch.zeros(2), torch.full((2,), SIZE)

    def reset(self, seeds: Sequence[int]) -> Tensor:
        """Start one episode for each seed; returns states ``(B, 5)``."""
        self._copies += [self._make() for _ in range(len(seeds) - len(self._copies))]
        self._seen = [
            copy.reset(seed=int(seed))[0] for copy, seed in zip(self._copies, seeds, strict=False)
        ]
        self._done = [False] * len(seeds)
        return self._states()

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Send targets ``(B, 2)`` in pixels; returns states, scores and done.

        Raises:
            ValueError: if the shape is wrong, or a number is not finite or off the table.
        """
        if actions.shape != (len(self._done), 2):
            raise ValueError(
                f"actions must have shape ({len(self._done)}, 2), got {tuple(actions.shape)}"
            )
        # NaN fails this comparison, too: the simulator would carry it on silently.
        if not ((actions >= 0) & (actions <= SIZE)).all():
            raise ValueError(f"actions must lie in 0..{SIZE:.0f}, got {actions.tolist()}")
        scores = torch.zeros(len(self._done))
        for i, action in enumerate(actions.double().numpy()):
            if not self._done[i]:
                step = self._copies[i].step(action)
                self._seen[i], scores[i], self._done[i] = step[0], float(step[1]), bool(step[2])
        return self._states(), scores, torch.tensor(self._done)

    def _states(self) -> Tensor:
        return torch.from_numpy(np.stack(self._seen)).float()
