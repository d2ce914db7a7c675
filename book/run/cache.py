"""What the outputs of a notebook depend on, and where they are kept."""

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "_build"
# One thread for each kernel: sums in a fixed order, so the same numbers on any number of cores.
QUIET = {"OMP_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
ENVIRONMENT = ("requirements.txt", "requirements-dev.txt", "constraints.txt")
PROGRAM = re.compile(r"\A---\n.*?^---$|^(`{3,}|:{3,})\{code-cell\}.*?^\1 *$", re.M | re.S)


def digest(files: Iterable[Path]) -> str:
    """Hash names and contents of files."""
    sha = hashlib.sha256()
    for file in sorted(files):
        sha.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return sha.hexdigest()[:16]


def under(folder: str, pattern: str = "*") -> list[Path]:
    """Every file below a folder of the project that a build could depend on."""
    found = (ROOT / folder).rglob(pattern)
    return [f for f in found if f.is_file() and not {"__pycache__", ".jupyter_cache"} & {*f.parts}]


def environment_key() -> str:
    """What the output of every cell depends on beside ``utils``: the installed set."""
    return digest([*(ROOT / name for name in ENVIRONMENT), ROOT / "book/run/dark_hook.py"])


def utils_key(code: str) -> str:
    """What a program's outputs depend on beside itself: the parts of ``utils`` that it sees."""
    from book.run.depends import files_of

    return digest(files_of(code))


def cache_path() -> Path:
    """Where both languages keep executed notebooks; another environment has another folder."""
    return BUILD / ".jupyter_cache" / environment_key()


def program_key(page: Path) -> str:
    """A page's head and its code cells: a cheap sign that it must be looked at more closely."""
    text = "\0".join(match[0] for match in PROGRAM.finditer(page.read_text("utf-8")))
    return hashlib.sha256(f"{text}\0{utils_key(text)}".encode()).hexdigest()[:16]


def run_notebooks(pages: list[Path]) -> list[str]:
    """Run what has changed, once for both languages; one message for each page that failed."""
    os.environ.update(QUIET, PYTHONPATH=str(ROOT))
    keys = {page: program_key(page) for page in pages}
    known_file = cache_path() / "known.txt"  # programs that this very cache held the last time
    known = known_file.read_text("utf-8").split() if known_file.is_file() else []
    new = [page for page in pages if keys[page] not in known]
    if not new:
        return []
    from book.run import execute  # imports Jupyter, which after a prose edit nobody needs

    failures = execute.fill(cache_path(), pages)
    if not failures:
        known_file.write_text("\n".join(sorted({*keys.values()})) + "\n", "utf-8")
    return failures
