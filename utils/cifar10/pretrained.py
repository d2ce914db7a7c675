"""The weights that come with the package: pictures on any CPU, without training anything."""

import json
from importlib import resources
from typing import Any, NamedTuple

from torch import nn

from utils.cifar10.checkpoint import load_network

RECORDED = ("guide", "base48")


def recorded_file(run: str, name: str) -> Any:
    """A file of a recorded run, as a path.

    Args:
        run: one of ``RECORDED``.
        name: as ``"log.jsonl"``.

    Returns:
        Its path.

    Raises:
        ValueError: if there is no such run.
    """
    if run not in RECORDED:
        raise ValueError(f"run must be one of {RECORDED}, got {run!r}")
    return resources.files("utils.cifar10") / "recorded" / run / name


class Record(NamedTuple):
    """What is kept of a run besides its weights.

    Attributes:
        about: network, machine, date, commit, data; ``recorded/README.md`` lists the keys.
        log: a row for each line of ``log.jsonl``.
        evaluation: as ``evaluate`` wrote it.
    """

    about: dict[str, Any]
    log: list[dict[str, float]]
    evaluation: dict[str, Any]


def recorded_runs() -> dict[str, Record]:
    """The runs whose record is in the package, by name."""
    return {run: _record(run) for run in RECORDED if recorded_file(run, "about.json").is_file()}


def _record(run: str) -> Record:
    about, log, evaluation = (
        recorded_file(run, name).read_text("utf-8")
        for name in ("about.json", "log.jsonl", "evaluation.json")
    )
    rows = [json.loads(line) for line in log.splitlines()]
    return Record(json.loads(about), rows, json.loads(evaluation))


def load_pretrained(run: str = "guide") -> nn.Module:
    """A network that was trained on CIFAR-10, ready to draw.

    Args:
        run: ``"guide"``: the network of chapter 7, 1.5 million weights; ``"base48"``: 5.4 million,
            with attention. ``recorded/README.md`` is the model card.

    Returns:
        The averaged network, in evaluation mode, without gradients; a velocity field
        ``(x, t, labels) -> (B, 3, 32, 32)`` with an attribute ``null_label``.

    Raises:
        ValueError: if there is no such run.
        ImportError: if safetensors is missing.
    """
    with resources.as_file(recorded_file(run, "weights.safetensors")) as path:
        network, _ = load_network(path)
    return network
