"""The human demonstrations of Push-T, and the windows that a policy learns from."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SIZE = 512.0  # side of the table, pixels
STATE, ACTION = 5, 2  # [agent x, agent y, block x, block y, block angle]; [target x, target y]


@dataclass(frozen=True)
class Demonstrations:
    """Episodes one after the other.

    Attributes:
        state: [agent x, agent y, block x, block y, block angle], pixels and radians, ``(N, 5)``.
        action: where the agent was told to go, pixels, ``(N, 2)``.
        ends: index after the last step of each episode, increasing, int64.
    """

    state: Tensor
    action: Tensor
    ends: Tensor

    def __post_init__(self) -> None:
        """Refuse what cannot be demonstrations of Push-T.

        Raises:
            ValueError: if there are none, shapes or lengths do not fit, or a value is not finite
                or lies off the table.
        """
        n = len(self.state)
        if n == 0 or len(self.ends) == 0:
            raise ValueError("the file holds no demonstrations")
        for name, x, width in (("state", self.state, STATE), ("action", self.action, ACTION)):
            if x.shape != (n, width):
                raise ValueError(f"{name} must have shape ({n}, {width}), got {tuple(x.shape)}")
            if not torch.isfinite(x).all():
                raise ValueError(f"{name} holds NaN or infinity")
        for name, x in (("state", self.state[:, :4]), ("action", self.action)):
            if x.min() < 0 or x.max() > SIZE:
                raise ValueError(
                    f"{name} must lie on the table, 0..{SIZE:.0f} pixels, "
                    f"got {x.min():.1f}..{x.max():.1f}: is this another data set?"
                )
        if self.ends.diff(prepend=self.ends.new_zeros(1)).min() < 1 or self.ends[-1] != n:
            raise ValueError(f"episode ends must increase to {n}, got {self.ends.tolist()[:3]}...")


def load_demonstrations(path: str | os.PathLike) -> Demonstrations:
    """Read demonstrations: an ``.npz`` file, or a folder with LeRobot's data set.

    Args:
        path: a file with the arrays ``state``, ``action`` and ``episode_ends``, or the folder of
            ``lerobot/pusht_keypoints``, whose Parquet files lie under ``data``.

    Returns:
        The demonstrations.

    Raises:
        FileNotFoundError: if there is no such file or folder.
        ValueError: if it is damaged, or holds something else.
        ImportError: if a Parquet file is to be read and pyarrow is missing.
    """
    path = Path(path)
    if path.is_dir():
        from utils.pusht.lerobot import read_folder

        return Demonstrations(*read_folder(path))
    if not path.is_file():
        raise FileNotFoundError(
            f"no demonstrations at {path}: give --data FILE.npz, or leave it out to download them"
        )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            wanted = [arrays[name] for name in ("state", "action", "episode_ends")]
    except KeyError as error:
        raise ValueError(f"{path} holds no Push-T demonstrations: {error.args[0]}") from error
    except Exception as error:  # numpy and zipfile raise many kinds for a damaged file
        raise ValueError(f"{path} is not a readable .npz file: {error}") from error
    state, action, ends = (torch.from_numpy(np.asarray(a)) for a in wanted)
    return Demonstrations(state.float(), action.float(), ends.long())


def windows(
    demonstrations: Demonstrations, obs_horizon: int = 2, horizon: int = 16, chunk: int = 8
) -> tuple[Tensor, Tensor]:
    """Cut episodes into what the policy sees and what it shall plan.

    A window for the present step k holds the states k - obs_horizon + 1 .. k and the actions from
    the oldest of these states on. Beyond its ends an episode repeats its first and its last row,
    as in Chi et al. 2023.

    Args:
        demonstrations: the episodes.
        obs_horizon: states in a window, To.
        horizon: actions in a window, H.
        chunk: actions that are carried out; a window may pass the end by one less than that.

    Returns:
        States ``(N, To, 5)`` and actions ``(N, H, 2)``.

    Raises:
        ValueError: if a window would not hold the actions that are carried out.
    """
    if horizon < obs_horizon - 1 + chunk:
        raise ValueError(f"horizon must be at least {obs_horizon - 1 + chunk}, got {horizon}")
    states, actions, begin = [], [], 0
    for end in demonstrations.ends.tolist():
        first = torch.arange(begin - (obs_horizon - 1), end - horizon + chunk)
        rows = first[:, None] + torch.arange(horizon)
        rows = rows.clamp(begin, end - 1)
        states.append(demonstrations.state[rows[:, :obs_horizon]])
        actions.append(demonstrations.action[rows])
        begin = end
    return torch.cat(states), torch.cat(actions)
