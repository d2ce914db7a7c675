"""Grade one submission, in a process that ``classroom.grading`` starts for it.

It runs nbgrader's autograder in a copy of the course folder. A cell that loops for ever, exhausts
memory or kills the kernel gets nothing, and the submission is run again without it, so that its
other exercises count.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import nbformat

from classroom import course, limits, sources
from classroom.limits import Limits
from classroom.notebook import exercise_of
from classroom.reasons import reason


def without(notebook: nbformat.NotebookNode, guilty: dict) -> nbformat.NotebookNode:
    """The notebook without the guilty exercises' code and without guilty cells of the student's.

    Args:
        notebook: the submission.
        guilty: reasons by exercise, or by the position of a cell that the student added.

    Returns:
        The same notebook, changed.
    """
    for position, cell in enumerate(notebook.cells):
        if position in guilty or (_is_answer(cell) and exercise_of(cell) in guilty):
            cell.source = "raise NotImplementedError"
    return notebook


def attempt(submission: Path, template: Path, name: str, guilty: dict, bounds: Limits):
    """Run nbgrader's autograder once.

    Args:
        submission: the notebook that was handed in.
        template: the course folder.
        name: of the assignment.
        guilty: see ``without``.
        bounds: limits; the time of a cell is among them.

    Returns:
        The graded notebook and None, or None and nbgrader's log if the run was abandoned.
    """
    from nbgrader.converters import Autograde

    from classroom.execute import GuardedExecute

    GuardedExecute.forget()
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        root = Path(folder).resolve() / "course"
        shutil.copytree(template, root)
        handed_in = root / "submitted" / "student" / name / f"{name}.ipynb"
        handed_in.parent.mkdir(parents=True)
        nbformat.write(without(nbformat.read(submission, as_version=4), guilty), handed_in)
        api = course.api(root, timeout=bounds.seconds)
        chain = Autograde.autograde_preprocessors.default_args[0]
        api.config.Autograde.autograde_preprocessors = [GuardedExecute, *chain[1:]]
        result = api.autograde(name, "student")
        graded = root / "autograded" / "student" / name / f"{name}.ipynb"
        if not result["success"] or not graded.exists():
            return None, result.get("error") or result.get("log") or ""
        return nbformat.read(graded, as_version=4), None


def points(notebook: nbformat.NotebookNode, key: nbformat.NotebookNode, language: str) -> list:
    """Points and hint of every graded cell of the key.

    Args:
        notebook: the graded notebook.
        key: the instructor's notebook.
        language: of the reasons.

    Returns:
        ``(grade_id, points or None, max_points, hint)`` for each.
    """
    from nbgrader.utils import determine_grade, is_grade

    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }
    failed = {exercise_of(cell): _error(cell) for cell in notebook.cells if _is_answer(cell)}
    rows = []
    for wanted in filter(is_grade, key.cells):
        grade_id, best = wanted.metadata.nbgrader.grade_id, wanted.metadata.nbgrader.points
        cell = cells.get(grade_id)
        if cell is None:
            rows.append((grade_id, 0, best, reason("missing", language)))
            continue
        got, _ = determine_grade(cell)
        text = ""
        if got is None:
            text = reason("person", language)
        elif got == 0 and cell.cell_type == "markdown":
            text = reason("unanswered", language)
        if got == 0 and (error := _error(cell)):
            text = failed.get(exercise_of(cell)) or error
        rows.append((grade_id, got, best, text))
    return rows


def _is_answer(cell: nbformat.NotebookNode) -> bool:
    """Whether a cell is code that a student wrote for an exercise."""
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _error(cell: nbformat.NotebookNode) -> str:
    """What a cell failed with: the text of an assertion is a hint and stands alone."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            if output.ename == "NotImplementedError":  # an answer left open: its check says so
                return ""
            alone = output.ename == "AssertionError" and output.evalue
            return alone or f"{output.ename}: {output.evalue}"
    return ""


def grade(submission: Path, template: Path, name: str, language: str, bounds: Limits) -> list:
    """Grade one submission, as often as it has guilty cells.

    Args:
        submission: the notebook that was handed in.
        template: the course folder of its assignment.
        name: of the assignment.
        language: of the hints.
        bounds: limits.

    Returns:
        See ``points``.

    Raises:
        RuntimeError: if it cannot be graded at all.
    """
    from classroom.execute import GuardedExecute

    key = nbformat.read(template / "source" / name / f"{name}.ipynb", as_version=4)
    guilty: dict = {}
    for _ in range(1 + len(key.cells)):
        graded, log = attempt(submission, template, name, guilty, bounds)
        if graded is not None:
            break
        if GuardedExecute.running is None:
            raise RuntimeError(log.strip().splitlines()[-1] if log.strip() else "no message")
        position, exercise, known = GuardedExecute.running
        culprit = exercise or position
        if culprit in guilty or (exercise is None and known):
            raise RuntimeError(log.strip().splitlines()[-1])
        guilty[culprit] = reason(
            GuardedExecute.why or "kernel",
            language,
            seconds=bounds.seconds,
            gigabytes=bounds.gigabytes,
        )
    rows = []
    for grade_id, got, best, text in points(graded, key, language):
        exercise = grade_id.rsplit("-", 1)[0]
        rows.append((grade_id, got, best, guilty.get(exercise, text)))
    return rows


def work(job: dict) -> None:
    """Grade one submission in this process, and write the rows, or the error, to a file.

    Args:
        job: ``submission``, ``template``, ``name``, ``language``, ``limits`` as in ``grade``, and
            ``scratch``, a folder of its own; ``scratch/rows.json`` is written.
    """
    scratch = Path(job["scratch"])
    with (scratch / "log").open("w") as log:
        for stream in (1, 2):  # what nbgrader and the kernel say is of use only if this fails
            os.dup2(log.fileno(), stream)
    paths = [str(sources.ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ |= {
        "PYTHONPATH": os.pathsep.join(paths),
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(scratch),  # no history file that submissions would share
        "JUPYTER_RUNTIME_DIR": str(scratch),
        "PYTHONWARNINGS": "ignore",  # nbgrader takes anything on stderr for a failure
    }
    bounds = Limits(**job["limits"])
    limits.apply(bounds)
    submission, template = Path(job["submission"]), Path(job["template"])
    try:
        done = {"rows": grade(submission, template, job["name"], job["language"], bounds)}
    except Exception as error:
        done = {"error": f"{type(error).__name__}: {error}"}
    (scratch / "rows.json").write_text(json.dumps(done), "utf-8")
