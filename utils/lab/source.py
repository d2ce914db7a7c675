"""The laboratory's JavaScript as one self-contained module: no bundler, no request.

The files import each other, as node, browsers and editors expect. Here each is put once, after all
that it imports, into one scope; so names at the top of a file are unique among those put together.
"""

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
ENGINE, PAGE = "worker.js", "lab.js"  # what computes, and what the reader sees
LEARNING = ("learner.js", "learning.js")  # the same of the laboratory that learns
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";\n', re.M)


def ordered(name: str, found: tuple[str, ...] = (), inside: tuple[str, ...] = ()) -> tuple:
    """The names of a file and of all that it imports: what is imported comes first.

    Raises:
        ValueError: if an import cannot be put together with the others this way.
    """
    if name in inside:
        raise ValueError(f"utils/lab: {' -> '.join([*inside, name])} is a circle: cut it")
    text = (FOLDER / name).read_text("utf-8")
    for names, imported in IMPORT.findall(text):
        if " as " in names:
            raise ValueError(f"utils/lab/{name}: import names of {imported} without `as`")
        if imported not in found:
            found = ordered(imported, found, (*inside, name))
    if left := re.search(r"^import\b.*", IMPORT.sub("", text), re.M):
        right = 'import { a } from "./b.js";'
        raise ValueError(f"utils/lab/{name}: write `{right}`, not `{left[0]}`")
    return (*found, name)


def joined(name: str) -> str:
    """A file after all that it imports, as one scope: without imports and exports."""
    text = "\n".join((FOLDER / file).read_text("utf-8") for file in ordered(name))
    return re.sub(r"^export (?!default)", "", IMPORT.sub("", text), flags=re.M)


@cache
def module(engine: str = ENGINE, page: str = PAGE) -> str:
    """The AFM module: ``export default { render }``.

    What computes stands in it as text, because a worker is started from text.
    """
    return f"const ENGINE = {json.dumps(joined(engine))};\n{joined(page)}"
