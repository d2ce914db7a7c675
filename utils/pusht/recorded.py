"""Results of a full run of ``python -m utils.pusht compare``, kept with the course."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent / "recorded"
Episode = tuple[Tensor, int, float]


def recorded_results() -> dict:
    """What ``results.json`` holds: date, commit, hardware, training, and one row for each setting.

    Returns:
        The record. A row has ``sampler``, ``steps`` (evaluations), ``score``, ``success``, their
        standard errors ``*_se``, ``jerk_within`` and ``jerk_across`` (pixels^2/s^6), and
        ``latency_ms`` with ``latency_p99_ms``.
    """
    return json.loads((FOLDER / "results.json").read_text("utf-8"))


def recorded_episodes() -> dict[str, list[Episode]]:
    """The first episodes of the settings that the pictures show.

    Returns:
        Label to episodes: (states ``(301, 5)``, steps until the end, best score), as for
        ``utils.pusht.film.episode_strip``.
    """
    with np.load(FOLDER / "episodes.npz", allow_pickle=False) as arrays:
        labels = arrays["labels"].tolist()
        states, lengths, scores = (
            torch.from_numpy(arrays[name]) for name in ("states", "lengths", "scores")
        )
    return {
        label: [
            (states[i, j], int(lengths[i, j]), float(scores[i, j])) for j in range(states.shape[1])
        ]
        for i, label in enumerate(labels)
    }
