"""The laboratory's JavaScript as one self-contained module: no bundler, no request."""

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ENGINE = ("base64.js", "kernel.js", "metrics.js", "network.js", "solvers.js", "worker.js")
PAGE = ("base64.js", "words.js", "view.js", "lab.js")


def _joined(names: tuple[str, ...]) -> str:
    """The files one after the other, as one scope: without imports and exports."""
    text = "\n".join((FOLDER / name).read_text("utf-8") for name in names)
    text = re.sub(r'^import .* from "\./.*";\n', "", text, flags=re.M)
    return re.sub(r"^export (?!default)", "", text, flags=re.M)


@cache
def module() -> str:
    """The AFM module: ``export default { render }``.

    What computes stands in it as text, because a worker is started from text.
    """
    return f"const ENGINE = {json.dumps(_joined(ENGINE))};\n{_joined(PAGE)}"
