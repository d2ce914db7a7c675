"""The environment of the kernels that nbval starts: this checkout first, one thread."""

import json
import os
from pathlib import Path

import pytest
from order import arrange

from book.run.garbage import collect_rarely

ROOT = str(Path(__file__).parent)
os.environ["PYTHONPATH"] = os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])
os.environ["OMP_NUM_THREADS"] = "1"  # sums in a fixed order


collect_rarely()  # tests hold the trees of all pages


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add options to run notebooks that need not run."""
    parser.addoption(
        "--both-languages",
        action="store_true",
        help="run notebooks/en too where its code equals ko",
    )
    parser.addoption(
        "--fresh",
        action="store_true",
        help="run notebooks that have passed and look at pages that were found sound, too, though "
        "nothing that they depend on has changed since",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes long first."""
    arrange(items)


def program(notebook: Path) -> list[tuple]:
    """What nbval would run and compare: code, stored outputs and those tags that matter to it.

    Not the setup cell: its comment and its message are in the notebook's language, and
    ``tests/book/test_colab.py`` runs both.
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    code = [cell for cell in code if "colab-setup" not in cell["metadata"].get("tags", [])]
    return [(cell["source"], telling(cell["metadata"]), cell["outputs"]) for cell in code]


def telling(metadata: dict) -> list[str]:
    """Tags of a cell but those of display, in which the languages may differ."""
    tags = metadata.get("tags", [])
    return sorted(tag for tag in tags if not tag.startswith(("hide-", "remove-")))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Run a program once: leave the English notebook out if its cells are the Korean ones."""
    if collection_path.suffix != ".ipynb" or collection_path.parent.name != "en":
        return None
    twin = collection_path.parents[1] / "ko" / collection_path.name
    if config.getoption("--both-languages") or not twin.exists():
        return None
    return True if program(twin) == program(collection_path) else None
