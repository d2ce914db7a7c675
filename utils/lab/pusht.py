"""Push-T in the page: a recorded flow policy plans in the reader's browser, and the block moves."""

import json
from functools import cache
from pathlib import Path

import torch

from utils.lab import _packed
from utils.lab.source import joined
from utils.lab.widget import PageWidget, anywidget, traitlets
from utils.plotting import COLORS
from utils.pusht.train import load_policy
from utils.robots.policies import RobotFlowPolicy

PAGE = "pusht.js"  # what is put together
FOLDER = Path(__file__).parents[1] / "pusht/recorded/page"
EVALUATIONS = (1, 2, 4, 8, 16)


@cache
def module() -> str:
    """The AFM module: ``export default { render }``."""
    return joined(PAGE)


def recorded_policy() -> tuple[RobotFlowPolicy, dict]:
    """The policy of the page and what is known of it.

    Returns:
        The policy, and what ``about.json`` holds: how it was trained, the 50 initial states
        (``starts``), and ``rows`` of scores, as ``utils.pusht.recorded.recorded_results`` has them.
    """
    about = json.loads((FOLDER / "about.json").read_text("utf-8"))
    return load_policy(FOLDER / "weights.safetensors")[0], about


def push_state(evaluations: int = 8, chunk: int = 8) -> dict:
    """Everything that the page needs, ready for JSON: weights in half precision as base64.

    Args:
        evaluations: of the network for a plan, at first; 1, 2, 4, 8 or 16.
        chunk: actions that are carried out of a plan, at first; 1 to 8.

    Raises:
        ValueError: if a number is not among those.
    """
    if evaluations not in EVALUATIONS:
        raise ValueError(f"evaluations must be one of {EVALUATIONS}, got {evaluations}")
    if chunk not in range(1, 9):
        raise ValueError(f"chunk must lie in 1..8, got {chunk}")
    policy, about = recorded_policy()
    parts = policy.state_dict()
    weights = torch.cat([part.flatten() for part in parts.values()])
    return {
        "policy": {
            "shapes": [[name, list(part.shape)] for name, part in parts.items()],
            "weights": _packed(weights, "<f2"),
            "horizon": policy.action_shape[0],
            "depth": policy.net.depth,
        },
        "starts": about["starts"],
        "colors": COLORS,
        "start": {
            "evaluations": evaluations,
            "chunk": chunk,
            "start": 0,
            "noise": 1,
            "fast": False,
        },
    }


class PushTLab(PageWidget):
    """Push-T with a flow policy that plans in the browser, or with the reader at the stick.

    The table is Chipmunk in WebAssembly, the library that gym-pusht's pymunk wraps: see
    ``utils/lab/pusht.c``. In Jupyter and Colab it is a widget (package ``anywidget``); on the pages
    of the book the same JavaScript runs without a kernel.
    """

    FILE = "pusht-lab.js"  # what the site calls its script

    if anywidget:
        _esm = traitlets.Unicode(module()).tag(sync=True)
        lab = traitlets.Dict().tag(sync=True)

    def __init__(self, evaluations: int = 8, chunk: int = 8) -> None:
        """Choose the first settings; see ``push_state``."""
        state = push_state(evaluations, chunk)
        super().__init__(lab=state)

    def __repr__(self) -> str:
        """A short line, the same on every run."""
        start = self.lab["start"]
        return f"PushTLab({start['evaluations']} evaluations, {start['chunk']} actions of a plan)"
