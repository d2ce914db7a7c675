"""Notebooks that have passed are not run again while nothing changes that they depend on.

A run takes a minute, and its outcome is a function of the cells with their stored outputs, of
``utils``, of the installed packages and of what runs and compares them. A hash of all these names
an empty file in ``_build/passed``, written when the last cell of a notebook has passed. Each
machine keeps its own; a fresh clone has none, and ``pytest --fresh`` looks at none.
"""

import hashlib
import json
import sys
from pathlib import Path

import pytest

from book.run.cache import BUILD, digest, environment_key, under, utils_key

FOLDER = BUILD / "passed"


def judges() -> str:
    """Hash of what runs a notebook and compares its outputs."""
    files = [*under("book/export", "*.py"), *under("book/run", "*.py"), *under("tests/support")]
    root = BUILD.parent
    files += [
        root / "book/extension/claims.py",
        root / "notebooks/conftest.py",
        root / "conftest.py",
    ]
    return digest(file for file in files if file.suffix == ".py")


def mark(notebook: Path) -> Path:
    """The file that says that this notebook has passed as it is."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = [
        (cell["source"], cell["metadata"], cell["outputs"])
        for cell in cells
        if cell["cell_type"] == "code"
    ]
    sources = "\n".join("".join(source) for source, _, _ in code)
    world = (environment_key(), utils_key(sources), judges(), sys.version)
    parts = (*world, json.dumps(code, sort_keys=True))
    name = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    return FOLDER / f"{notebook.parent.name}-{notebook.stem}-{name}"


class Passed:
    """A plugin: a notebook that has passed passes at once, and one that passes is noted."""

    def __init__(self, kind: type[pytest.Item], fresh: bool) -> None:
        """Watch tests of one kind.

        Args:
            kind: the class of a notebook's cells.
            fresh: whether to run all of them.
        """
        self.kind, self.fresh = kind, fresh
        self.failed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Spare a notebook that has passed its kernel."""
        files = {item.path: item.parent for item in items if isinstance(item, self.kind)}
        known = {path for path in files if not self.fresh and mark(path).is_file()}
        for path in known:
            files[path].setup = files[path].teardown = lambda: None
        for item in items:
            if isinstance(item, self.kind) and item.path in known:
                item.setup = item.runtest = lambda: None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what failed."""
        if report.failed:
            self.failed.add(report.nodeid.partition("::")[0])

    def note(self, notebook: Path) -> None:
        """This notebook has run to its end: remember it, if no cell failed."""
        here = f"{notebook.parent.name}/{notebook.name}"
        if not any(name.endswith(here) for name in self.failed):
            FOLDER.mkdir(parents=True, exist_ok=True)
            mark(notebook).touch()
