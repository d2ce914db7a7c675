"""A MyST source as an nbgrader notebook: cell tags become nbgrader's metadata.

Tags of a cell, ``NAME`` being the exercise's number and name, such as ``1-velocity``:

``[exercise, NAME]``
    code that the student writes; the solution stands between nbgrader's markers.
``[check, NAME, points-2]``
    a visible check, followed by hidden tests between nbgrader's markers.
``[open, NAME, points-3]``
    a Markdown cell with model answer and rubric, which a person grades.

All other cells are locked: grading puts them back as they were.
"""

import re
from pathlib import Path

import jupytext
from nbformat import NotebookNode

KINDS = ("exercise", "check", "open")


def metadata(tags: list[str], locked: str) -> dict:
    """The metadata of nbgrader for a cell with these tags.

    Args:
        tags: the cell's tags.
        locked: the name of a cell that belongs to no exercise, such as ``1-velocity-text``.

    Returns:
        The value of ``cell.metadata.nbgrader``.

    Raises:
        ValueError: if the tags of an exercise lack its name or its points.
    """
    kind = next((tag for tag in tags if tag in KINDS), None)
    name = next((tag for tag in tags if re.match(r"\d+-", tag)), None)
    points = next((int(tag[7:]) for tag in tags if re.fullmatch(r"points-\d+", tag)), None)
    if kind and (name is None or (kind != "exercise" and points is None)):
        raise ValueError(f"tags {tags} need a name such as 1-velocity, and points-N for a grade")
    made = {
        "schema_version": 3,
        "grade_id": f"{name}-{kind}" if kind else locked,
        "solution": kind in ("exercise", "open"),
        "grade": kind in ("check", "open"),
        "locked": kind not in ("exercise", "open"),
        "task": False,
    }
    return made | ({"points": points} if made["grade"] else {})


def read(source: Path) -> NotebookNode:
    """Read a source with solutions, hidden tests and rubrics: the instructor's version.

    Args:
        source: ``assignments/LANG/NAME.md``.

    Returns:
        The notebook, with nbgrader's metadata on every cell.
    """
    notebook = jupytext.read(source)
    tags = [cell.metadata.pop("tags", []) for cell in notebook.cells]
    for cell, own, locked in zip(notebook.cells, tags, _locked(notebook.cells, tags), strict=True):
        cell.metadata["nbgrader"] = NotebookNode(metadata(own, locked))
        cell["id"] = cell.metadata.nbgrader.grade_id  # the same on every build
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        course={"assignment": source.stem, "language": source.parent.name},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def _locked(cells: list[NotebookNode], tags: list[list[str]]) -> list[str]:
    """Names for the cells that belong to no exercise: by what follows them, never by position.

    A text above an answer is ``1-velocity-text``; what stands above all of it is ``start-text`` and
    ``start-code``. A second of its kind gets a number, counted upwards from the answer, so that a
    cell added above changes no name below.
    """
    names, below, used = [], "end", {}
    ordered = list(zip(cells, tags, strict=True))
    setup = next((i for i, (cell, own) in enumerate(ordered) if cell.cell_type == "code"), -1)
    for place, (cell, own) in reversed(list(enumerate(ordered))):
        below = next((tag for tag in own if re.match(r"\d+-", tag)), below)
        group = "start" if place <= setup else below
        name = f"{group}-{'code' if cell.cell_type == 'code' else 'text'}"
        used[name] = used.get(name, 0) + ("check" not in own and "exercise" not in own)
        names.append(name if used[name] < 2 else f"{name}-{used[name]}")
    return names[::-1]


def exercise_of(cell: NotebookNode) -> str | None:
    """The exercise that a cell belongs to, such as ``1-velocity``, or None."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    match = re.fullmatch(r"(\d+-[\w-]+?)-(?:exercise|check|open)(?:-\d+)?", grade_id)
    return match[1] if match else None
