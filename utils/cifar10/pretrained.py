"""The weights that come with the package: pictures on any CPU, without training anything."""

from importlib import resources
from typing import Any

from torch import nn

from utils.cifar10.checkpoint import load_network

RECORDED = ("guide", "base48")


def recorded_file(run: str, name: str) -> Any:
    """A file of a recorded run, as a path.

    Args:
        run: ``"guide"`` or ``"base48"``.
        name: as ``"log.jsonl"``.

    Returns:
        Its path.

    Raises:
        ValueError: if there is no such run.
    """
    if run not in RECORDED:
        raise ValueError(f"run must be one of {RECORDED}, got {run!r}")
    return resources.files("utils.cifar10") / "recorded" / run / name


def load_pretrained(run: str = "guide") -> nn.Module:
    """A network that was trained on CIFAR-10, ready to draw.

    Args:
        run: ``"guide"``: the network of chapter 7 (1.5 million weights, trained on a CPU);
            ``"base48"``: a larger one (5.4 million, trained on a GPU). ``recorded/README.md``
            is their model card.

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
