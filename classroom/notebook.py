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


def metadata(tags: list[str], position: int) -> dict:
    """The metadata of nbgrader for a cell with these tags.

    Args:
        tags: the cell's tags.
        position: the cell's number, which names the cells without an exercise.

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
        "grade_id": f"{name}-{kind}" if kind else f"cell-{position:02d}",
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
    for position, cell in enumerate(notebook.cells):
        tags = cell.metadata.pop("tags", [])
        cell["id"] = f"cell-{position:02d}"  # the same on every build
        cell.metadata["nbgrader"] = NotebookNode(metadata(tags, position))
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        course={"assignment": source.stem, "language": source.parent.name},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def exercise_of(cell: NotebookNode) -> str | None:
    """The exercise that a cell belongs to, such as ``1-velocity``, or None."""
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    match = re.fullmatch(r"(\d+-[\w-]+?)-(?:exercise|check|open)(?:-\d+)?", grade_id)
    return match[1] if match else None
