"""Tables that Canvas and Moodle import, made from the table of points."""

import csv
import io
from pathlib import Path

from classroom import table
from classroom.handed_in import HandedIn


def totals(rows: list[table.Row]) -> dict[tuple[str, str], tuple[str, str]]:
    """The points of each student and assignment.

    Args:
        rows: of the table.

    Returns:
        Sum and comment, by student and assignment; the sum is empty while points are missing.
    """
    groups: dict[tuple[str, str], list[table.Row]] = {}
    for row in rows:
        groups.setdefault((row["student"], row["assignment"]), []).append(row)
    found = {}
    for place, members in groups.items():
        try:
            total = f"{sum(float(row['points'].replace(',', '.')) for row in members):g}"
        except ValueError:
            total = ""  # a person has not entered all points yet
        hints = [f"{row['exercise']}: {text}" for row in members if (text := table.told(row))]
        found[place] = total, "\n".join(hints)
    return found


def write(rows: list[table.Row], items: list[HandedIn], out: Path) -> list[Path]:
    """Write a table for each platform that submissions came from.

    Args:
        rows: of the table of points.
        items: what was handed in.
        out: the table of points; the new ones lie beside it.

    Returns:
        What was written: ``grades.canvas.csv``, ``grades.moodle.csv``.
    """
    written = []
    for name, make in (("canvas", _canvas), ("moodle", _moodle)):
        known = {item.student: item.number for item in items if item.platform == name}
        mine = [row for row in rows if row["student"] in known and row["assignment"]]
        if mine:
            path = out.with_suffix(f".{name}.csv")
            header, lines = make(mine, known)
            text = io.StringIO(newline="")
            csv.writer(text).writerows([header, *([table.safe(x) for x in line] for line in lines)])
            table.replace(path, text.getvalue().encode("utf-8-sig"))
            written.append(path)
    return written


def _canvas(rows: list[table.Row], known: dict[str, str]) -> tuple[list, list]:
    """Canvas asks for these five columns, finds students by ID, and makes new assignments."""
    assignments = sorted({row["assignment"] for row in rows})
    sums = totals(rows)
    lines = []
    for student in dict.fromkeys(row["student"] for row in rows):
        points = [sums.get((student, name), ("", ""))[0] for name in assignments]
        lines.append([student, known[student], "", "", "", *points])
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *assignments]
    return header, lines


def _moodle(rows: list[table.Row], known: dict[str, str]) -> tuple[list, list]:
    """Moodle's offline grading worksheet finds students by "Participant 123"."""
    best: dict[tuple[str, str], float] = {}
    for row in rows:
        place = row["student"], row["assignment"]
        best[place] = best.get(place, 0) + float(row["max_points"] or 0)
    lines = []
    for (student, name), (total, comment) in totals(rows).items():
        whole = f"{best[student, name]:g}"
        lines.append([f"Participant {known[student]}", student, total, whole, comment])
    header = ["Identifier", "Full name", "Grade", "Maximum grade", "Feedback comments"]
    return header, lines
