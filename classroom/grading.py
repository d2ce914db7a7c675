"""Grade a folder of submissions, each in a process of its own, into one table."""

import csv
import json
import multiprocessing
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from multiprocessing.context import BaseContext
from pathlib import Path

from classroom import course, notebook, sources, worker
from classroom.limits import Limits
from classroom.reasons import reason

COLUMNS = ("student", "assignment", "exercise", "points", "max_points", "hint")


def submissions(folder: Path) -> list[tuple[str, Path]]:
    """The notebooks in a folder with the students' names.

    Args:
        folder: holds ``STUDENT.ipynb`` files, or a folder for each student.

    Returns:
        Pairs of a name and a path, sorted. A student's several notebooks are told apart by
        ``STUDENT/FILE``.
    """
    found = [(path.stem, path) for path in folder.glob("*.ipynb")]
    for path in folder.glob("*/*.ipynb"):
        alone = len(list(path.parent.glob("*.ipynb"))) == 1
        student = path.parent.name
        found.append((student if alone else f"{student}/{path.stem}", path))
    return sorted(found)


def processes() -> BaseContext:
    """How to start a process for a submission.

    Importing nbgrader takes seconds. Where there is a fork server, it imports it once, and each
    submission gets a copy of that process.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["classroom.worker", "classroom.execute", "nbgrader.apps"])
    return context


def run(job: dict, bounds: Limits, context: BaseContext) -> list:
    """Grade one submission in a process of its own.

    Args:
        job: what ``classroom.worker.work`` takes, without limits and scratch folder.
        bounds: limits.
        context: see ``processes``.

    Returns:
        The rows that it wrote.

    Raises:
        TimeoutError: if it took too long.
        RuntimeError: if it failed.
    """
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as scratch:
        job = job | {"scratch": scratch, "limits": asdict(bounds)}
        process = context.Process(target=worker.work, args=(job,))
        process.start()
        process.join(bounds.wall)
        if process.is_alive():
            process.kill()
            process.join()
            raise TimeoutError
        out = Path(scratch) / "rows.json"
        if not out.exists():
            raise RuntimeError(f"the grader ended with exit status {process.exitcode}")
        done = json.loads(out.read_text("utf-8"))
        if "error" in done:
            raise RuntimeError(done["error"])
        return done["rows"]


def grade_one(
    item: tuple[str, Path], templates: dict, bounds: Limits, context: BaseContext
) -> list[dict]:
    """The rows of one submission; whatever is wrong with it becomes a hint, not an error.

    Args:
        item: the student and the notebook.
        templates: course folders by ``(name, language)``.
        bounds: limits.
        context: see ``processes``.

    Returns:
        One row for each graded cell, with the columns of ``COLUMNS``.
    """
    student, path = item
    try:
        name, language = course.built_for(path)
    except Exception as error:
        return [_row(student, "", "", 0, "", str(error))]
    template = templates[name, language]
    job = {"submission": str(path.resolve()), "template": str(template)}
    try:
        rows = run(job | {"name": name, "language": language}, bounds, context)
    except TimeoutError:
        rows = _nothing(name, language, reason("wall", language, wall=bounds.wall))
    except Exception as error:
        rows = _nothing(name, language, reason("failed", language, error=error))
    return [_row(student, name, *row) for row in rows]


def _nothing(name: str, language: str, text: str) -> list:
    """No points for any graded cell, for one reason."""
    cells = notebook.read(sources.find(name, language)).cells
    graded = [cell.metadata.nbgrader for cell in cells if cell.metadata.nbgrader.grade]
    return [(meta.grade_id, 0, meta.points, text) for meta in graded]


def _row(student, name, grade_id, got, best, text) -> dict:
    """One line of the table."""
    exercise = grade_id.rsplit("-", 1)[0]
    points = "" if got is None else got
    return dict(zip(COLUMNS, (student, name, exercise, points, best, text), strict=True))


def grade_folder(folder: Path, bounds: Limits, jobs: int, out: Path) -> list[dict]:
    """Grade every submission in a folder; none can stop the others.

    Args:
        folder: see ``submissions``.
        bounds: limits on each submission.
        jobs: how many are graded at a time.
        out: the table to write.

    Returns:
        The rows of the table.
    """
    course.need_nbgrader()
    items = submissions(folder)
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch:
        wanted = set()
        for _, path in items:
            try:
                wanted.add(course.built_for(path))
            except Exception:
                continue  # grade_one says what is wrong with it
        templates = {
            key: course.build(sources.find(*key), Path(scratch)) / "autograder"
            for key in sorted(wanted)
        }
        with ThreadPoolExecutor(jobs) as pool:
            one = partial(grade_one, templates=templates, bounds=bounds, context=processes())
            rows = []
            for graded in pool.map(one, items):
                rows += graded
                total = sum(float(row["points"] or 0) for row in graded)
                print(f"{graded[0]['student']}: {total:g} points from the machine", flush=True)
    # With a signature, spreadsheets read the Korean hints right.
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(rows)
    return rows
