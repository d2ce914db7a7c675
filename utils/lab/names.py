"""Names in the page: the recorded networks write place names in the reader's browser."""

from collections.abc import Mapping
from functools import cache

import torch

from utils.lab import _one_of, _packed
from utils.lab.source import joined
from utils.lab.widget import PageWidget, anywidget, traitlets
from utils.names import LANGUAGES, RECIPES, held_out, load
from utils.names.shares import ORDERS

PAGE = "names.js"  # what is put together
AT_ONCE = (1, 2, 3, 5, "all")
SEEDS = range(21)


@cache
def module() -> str:
    """The AFM module: ``export default { render }``."""
    return joined(PAGE)


@cache
def _net(language: str, which: str) -> dict:
    """The shapes of a recorded network, and its weights in half precision as base64."""
    parts = load(language, which).state_dict()
    return {
        "shapes": [[name, list(part.shape)] for name, part in parts.items()],
        "weights": _packed(torch.cat([part.flatten() for part in parts.values()]), "<f2"),
    }


def names_state(
    measured: Mapping[tuple, tuple[float, float, float]] | None = None,
    *,
    language: str | None = None,
    which: str = "careful",
    order: str = "random",
    at_once: int | str = 1,
    seed: int = 0,
    begin: str = "",
) -> dict:
    """Everything that the page needs, ready for JSON.

    Args:
        measured: what ``utils.names.shares.shares_of_names`` returns, to stand beside what the
            browser finds: by network, language, order and letters at once.
        language: letters at first, ``"ko"`` or ``"en"``; of the page if not said.
        which: network at first, ``"careful"`` or ``"careless"``.
        order: at first, ``"random"`` or ``"certain"``.
        at_once: letters of one evaluation at first: 1, 2, 3, 5 or ``"all"``.
        seed: at first, 0 to 20.
        begin: what all names begin with at first.

    Raises:
        ValueError: if a setting is not among those.
    """
    if language is not None:
        _one_of("language", language, LANGUAGES)
    _one_of("which", which, RECIPES)
    _one_of("order", order, ORDERS)
    _one_of("at_once", at_once, AT_ONCE)
    if seed not in SEEDS:
        raise ValueError(f"seed must lie in 0..20, got {seed}")
    keys = ("which", "alphabet", "order", "atOnce")
    return {
        "nets": {f"{a}-{b}": _net(a, b) for a in LANGUAGES for b in RECIPES},
        "names": {a: held_out(a)[0] for a in LANGUAGES},
        "measured": [
            dict(zip(keys, setting, strict=True)) | {"shares": list(found)}
            for setting, found in (measured or {}).items()
        ],
        "start": {
            "alphabet": language,
            "which": which,
            "order": order,
            "atOnce": at_once,
            "seed": seed,
            "begin": begin,
        },
    }


class NamesLab(PageWidget):
    """Place names that the recorded networks of ``utils.names`` write, letter by letter.

    In Jupyter and Colab it is a widget (package ``anywidget``); on the pages of the book the same
    JavaScript runs without a kernel. Nothing is computed in Python: the browser gets the weights.
    """

    FILE = "names-lab.js"  # what the site calls its script

    if anywidget:
        _esm = traitlets.Unicode(module()).tag(sync=True)
        lab = traitlets.Dict().tag(sync=True)

    def __init__(
        self, measured: Mapping[tuple, tuple[float, float, float]] | None = None, **start
    ) -> None:
        """Choose what is shown first; see ``names_state``."""
        state = names_state(measured, **start)
        super().__init__(lab=state)

    def __repr__(self) -> str:
        """A short line, the same on every run."""
        return f"NamesLab({len(self.lab['nets'])} networks)"
