"""The table of points: replaced as a whole, never executed by a spreadsheet, never losing a mark.

The column ``machine`` holds what the machine gave. Where ``points`` differs, a person has changed
it, and it stays when the folder is graded again. ``measured`` is what projects and the contest have
measured, as JSON; ``handed_in`` the date of the file, with ``LATE`` where a platform says so.
``comment`` is empty: what a person writes there, the student reads beside the hint.
"""

import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from classroom.reading import text_of
from classroom.reasons import REASONS

COLUMNS = (
    *("student", "assignment", "exercise", "points", "max_points", "machine", "hint"),
    *("measured", "handed_in"),
)
COMMENT = "comment"
Row = dict[str, str]


def safe(text: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if text is None else str(text)
    text = "".join(c for c in text if c in "\n\t" or ord(c) >= 32).replace("\ud800", "")
    text = text.encode("utf-8", "replace").decode("utf-8")
    return "'" + text if text[:1] in tuple("=+-@\t\r\n|%") and not _number(text) else text


def plain(text: str) -> str:
    """The cell before ``safe``."""
    return text[1:] if len(text) > 1 and text[0] == "'" and text[1] in "=+-@\t\r\n|%" else text


def _number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def number(text: str) -> float | None:
    """Points as a number, if a cell holds one; some spreadsheets write a comma."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def hint(row: Row) -> str:
    """The hint, without "To be graded by a person." once a person has entered points."""
    text = row.get("hint") or ""
    if number(row["points"]) is not None:
        for said in REASONS["person"]:
            text = text.replace(said, "")
    return text.strip()


def told(row: Row) -> str:
    """What a student reads about a row: the hint, and what a person has written."""
    return " ".join(filter(None, [hint(row), (row.get(COMMENT) or "").strip()]))


def place(row: Row) -> tuple[str, str, str]:
    """What tells a row from others."""
    return row["student"], row["assignment"], row["exercise"]


def read(path: Path) -> tuple[list[Row], list[str]]:
    """Read a table that a spreadsheet may have saved.

    Args:
        path: the table; it may be missing.

    Returns:
        Its rows and its columns.

    Raises:
        ValueError: if it is no such table; what stands in it must not be lost.
    """
    if not path.exists():
        return [], list(COLUMNS)
    text = text_of(path.read_bytes())
    first = text.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    columns = [name for name in reader.fieldnames or [] if name]
    if not {"student", "assignment", "exercise", "points"} <= set(columns):
        raise ValueError(
            f"{path} is no table of points, and would be replaced; move it, or name another "
            "with --out"
        )
    rows = [{name: plain(row.get(name) or "") for name in columns} for row in reader]
    return rows, columns


def keep(new: Row, old: Row | None) -> Row:
    """A row as graded now, with what a person has entered before.

    Args:
        new: the row.
        old: the same row of the table that is replaced.

    Returns:
        The new row, with the person's points and columns.
    """
    if old is None:
        return new
    extra = {name: value for name, value in old.items() if name not in COLUMNS}
    given = old["points"].strip()
    by_hand = entered(old)
    # Tables without the column machine: only what waited for a person can be a person's.
    if "machine" not in old:
        by_hand = given != "" and new["machine"] == ""
    return new | extra | ({"points": given} if by_hand else {})


def entered(row: Row) -> bool:
    """Whether a person has entered points, or changed those of the machine."""
    given = row["points"].strip()
    return given != "" and not _same(given, row.get("machine", ""))


def _same(one: str, other: str) -> bool:
    """Whether two cells hold the same number."""
    try:
        return float(one.replace(",", ".")) == float(other.replace(",", "."))
    except ValueError:
        return one == other


def write(path: Path, rows: Iterable[Row], columns: Iterable[str] = COLUMNS) -> None:
    """Replace the table as a whole; a process that is killed leaves the old one or the new.

    Args:
        path: the table.
        rows: its rows.
        columns: its columns.
    """
    own = [COMMENT, *columns]
    names = [*COLUMNS, *dict.fromkeys(name for name in own if name not in COLUMNS)]
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, names, restval="")
    table.writeheader()
    table.writerows({name: safe(row.get(name, "")) for name in names} for row in rows)
    # With a signature, spreadsheets read the Korean hints right.
    replace(path, text.getvalue().encode("utf-8-sig"))


def replace(path: Path, data: bytes) -> None:
    """Write a file that is whole at every moment.

    Args:
        path: the file.
        data: what it is to hold.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
