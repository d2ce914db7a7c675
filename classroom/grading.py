"""Grade a folder of submissions, each by a process and a sandbox of its own, into one table."""

import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from pathlib import Path

from classroom import handed_in, key, platforms, reading, sandbox, scratch, supplies, table
from classroom.handed_in import HandedIn
from classroom.journal import Journal, mark_of
from classroom.key import Open
from classroom.limits import Limits
from classroom.reasons import reason
from classroom.runner.limits import memory

GRACE = 90  # seconds that a judge may take beyond the submission's own


@dataclass
class Run:
    """What all submissions of a run share.

    Attributes:
        limits: on each submission.
        supplies: what a sandbox shows.
        secret: folders that it must not show.
        trusted: whether submissions run without walls.
        context: how processes are started.
        judges: those at work.
        stopped: whether the run ends before its time.
    """

    limits: Limits
    supplies: Path
    secret: list[Path]
    trusted: bool
    context: BaseContext
    judges: set = field(default_factory=set)
    stopped: bool = False


def processes() -> BaseContext:
    """How to start a judge.

    Importing torch takes seconds. Where there is a fork server, it imports it once, and each judge
    is a copy of that process.
    """
    # A fork server listens at a socket in the folder for temporary files, and the name of a socket
    # has 107 bytes at most.
    long = len(os.fsencode(tempfile.gettempdir())) > 60
    if long or not sys.platform.startswith("linux"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["classroom.judge", "nbformat", "jupytext", "utils.checks"])
    return context


def judge(path: str, student: str, out: str, run: dict) -> None:
    """Grade one submission in this process, and write the rows to a file.

    Args:
        path: the notebook.
        student: the name in the table.
        out: the file for the rows.
        run: the fields of a ``Run``, but for its context.
    """
    _end_with_parent()
    os.environ["OMP_NUM_THREADS"] = "1"
    memory(run["limits"].memory + 2**30)  # what a submission sends may be large, too
    from classroom.judge import Judge

    told: dict
    try:
        submission = reading.read(Path(path))
        mine = key.load(submission.name, submission.language)
        with sandbox.Sandbox(
            run["supplies"], run["limits"], run["secret"], run["trusted"], mine.modules
        ) as place:
            rows = Judge(submission, mine, place, run["limits"]).rows()
        told = {"rows": [[submission.name, *row] for row in rows]}
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    Path(out).write_text(json.dumps(told), "utf-8")


def _end_with_parent() -> None:
    """End when the process ends that asked for this one; its sandbox ends with it."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    if parent is not None:
        threading.Thread(target=wait, daemon=True).start()


def grade_one(item: HandedIn, run: Run, place: Path) -> tuple[list[table.Row], bool]:
    """The rows of one submission; whatever is wrong with it becomes a hint, not an error.

    Args:
        item: the submission.
        run: see ``Run``.
        place: a folder for the rows.

    Returns:
        Rows of the table, and whether they are the submission's doing, not the machine's.
    """
    try:
        reading.read(item.path)
    except ValueError as error:
        return [row(item, "", "", 0, "", str(error))], True
    handle, out = tempfile.mkstemp(dir=place, suffix=".json")
    os.close(handle)
    shared = {name: getattr(run, name) for name in ("limits", "supplies", "secret", "trusted")}
    process = run.context.Process(target=judge, args=(str(item.path), item.student, out, shared))
    process.start()
    run.judges.add(process)
    process.join(run.limits.wall + GRACE)
    late = process.is_alive()
    if late:
        process.kill()
        process.join()
    run.judges.discard(process)
    try:
        told = json.loads(Path(out).read_text("utf-8"))
    except ValueError:
        told = {"error": f"the judge ended with exit status {process.exitcode}"}
    if late:
        told = {"error": "TimeoutError"}
    if "rows" in told:
        return [row(item, *values) for values in told["rows"]], True
    return _nothing(item, "wall" if late else "failed", told["error"], run.limits), False


def _nothing(item: HandedIn, why: str, error: str, limits: Limits) -> list[table.Row]:
    """No points for any graded cell, for one reason."""
    try:
        submission = reading.read(item.path)
        mine = key.load(submission.name, submission.language)
    except Exception as unreadable:
        return [row(item, "", "", 0, "", f"{error} {unreadable}")]
    text = reason(why, mine.language, error=error, wall=limits.wall)
    rows = []
    for graded in mine.graded:
        points = None if isinstance(graded, Open) else 0
        rows.append(row(item, mine.name, graded.name, points, graded.points, text))
    return rows


def row(
    item: HandedIn,
    assignment: str,
    exercise: str,
    points: float | None,
    best: object,
    hint: str,
    measured: str = "",
) -> table.Row:
    """One line of the table."""
    got = "" if points is None else f"{points:g}"
    worth = best if isinstance(best, str) else f"{best:g}"
    values = (item.student, assignment, exercise, got, worth, got, hint, measured, item.when)
    return dict(zip(table.COLUMNS, values, strict=True))


def grade_folder(
    folder: Path,
    limits: Limits,
    jobs: int,
    out: Path,
    trusted: bool = False,
    say: Callable[[str], None] = lambda text: print(text, flush=True),
) -> list[table.Row]:
    """Grade every submission in a folder; none can stop the others.

    Args:
        folder: see ``classroom.handed_in``.
        limits: on each submission.
        jobs: how many are graded at a time.
        out: the table to write.
        trusted: run submissions without walls.
        say: where remarks go.

    Returns:
        The rows of the table.
    """
    table.read(out)  # refuses what is no table, before any work is done
    scratch.sweep()
    place = scratch.make()
    place.chmod(0o755)
    for part in ("zips", "supplies", "rows"):
        (place / part).mkdir()
    try:
        items, passed = handed_in.find(folder, place / "zips")
        for text in passed:
            say(f"passed over: {text}")
        if not items:
            return []
        around = folder if folder.is_dir() else folder.parent
        run = Run(
            limits=limits,
            supplies=supplies.lay_out(place / "supplies"),
            secret=sandbox.secrets_of(around, out.parent, place / "rows", place / "zips"),
            trusted=trusted,
            context=processes(),
        )
        return _grade_all(items, run, jobs, out, place / "rows", say)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _grade_all(
    items: list[HandedIn], run: Run, jobs: int, out: Path, place: Path, say: Callable
) -> list[table.Row]:
    """Grade what was handed in, and write the tables."""
    journal = Journal(out.with_name(f".{out.name}.journal"))
    done: dict[str, list[table.Row]] = {}
    lock = threading.Lock()

    def one(item: HandedIn) -> None:
        mark = mark_of(item.student, item.path, (run.limits, run.trusted))
        rows, sure = journal.known.get(mark), False
        if rows is None:
            rows, sure = grade_one(item, run, place)
        with lock:
            if run.stopped:  # and this judge with it
                return
            if sure:
                journal.add(mark, rows)
            done[item.student] = rows
            _save(out, items, done, say)
            total = sum(float(line["machine"] or 0) for line in rows)
            say(f"{item.student}: {total:g} points from the machine")

    pool = ThreadPoolExecutor(jobs)
    try:
        list(pool.map(one, items))
    except BaseException:
        run.stopped = True
        for process in list(run.judges):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    rows = _save(out, items, done, say)
    for path in platforms.write(rows, items, out):
        say(f"{path}: for import")
    journal.finish()
    return rows


def _save(
    out: Path, items: list[HandedIn], done: dict[str, list[table.Row]], say: Callable
) -> list[table.Row]:
    """Write the table; what a person has entered in the meantime stays.

    What is not graded yet, or no longer there, stays as it was.
    """
    before, columns = table.read(out)
    old = {table.place(line): line for line in before}
    rows = []
    for item in items:
        for line in done.get(item.student, []):
            rows.append(table.keep(line, old.get(table.place(line))))
    graded, there = {line["student"] for line in rows}, set(map(table.place, rows))
    for where, line in old.items():  # also if what was graded then cannot be read any more
        if line["student"] not in graded or (where not in there and table.entered(line)):
            rows.append(line)
    try:
        table.write(out, rows, columns)
    except PermissionError:  # a spreadsheet holds it (Windows)
        beside = out.with_name(f"{out.stem}.new{out.suffix}")
        table.write(beside, rows, columns)
        say(f"{out} is held by another program; see {beside}")
    return rows
