"""``python -m classroom CHAPTER`` builds an assignment; ``grade`` grades, ``report`` reports."""

import argparse
import re
import sys
from pathlib import Path

from classroom import sources
from utils.console import print_anything

NO_SANDBOX = """submissions are programs that others wrote, and there is no sandbox to run them in.
{why}.
Install it; or grade in a container (see "Assignments" in CONTRIBUTING.md); or, if you trust every
one of them with all your files, say make grade TRUST=1 (--trust-submissions)."""


def _folder(text: str) -> Path:
    """A path in which ``~`` is the home folder, also where no shell has replaced it."""
    return Path(text).expanduser()


def build(argv: list[str]) -> int:
    """Build the notebooks of one chapter, or of all of them."""
    parser = argparse.ArgumentParser("python -m classroom", description=build.__doc__)
    parser.add_argument("chapter", help="03, or 03-flow-matching, contest, or all")
    parser.add_argument("--lang", default="ko", choices=sources.LANGUAGES)
    parser.add_argument("--out", type=Path, default=Path("build/assignments"))
    options = parser.parse_args(argv)
    wanted = sources.names() if options.chapter == "all" else [options.chapter]
    try:
        found = [sources.find(chapter, options.lang) for chapter in wanted]
    except ValueError as error:
        parser.error(str(error))
    from classroom import course  # takes seconds, which no mistake above should cost

    for source in found:
        folder = course.build(source, options.out)
        print(f"{folder}: student.ipynb, instructor.ipynb (the key), autograder/")
    return 0


def grade(argv: list[str]) -> int:
    """Grade every notebook in a folder or a zip file, and write grades.csv."""
    from classroom import sandbox
    from classroom.limits import Limits

    parser = argparse.ArgumentParser("python -m classroom grade", description=grade.__doc__)
    parser.add_argument("folder", type=_folder, help="STUDENT.ipynb or STUDENT/*.ipynb, or a zip")
    parser.add_argument(
        "--out", type=_folder, help="the table; grades.csv in the folder by default"
    )
    parser.add_argument("--jobs", type=int, default=2, help="submissions graded at a time")
    parser.add_argument("--seconds", type=int, default=20, help="for one cell")
    parser.add_argument("--gigabytes", type=float, default=3.0, help="of memory for one submission")
    parser.add_argument(
        "--trust-submissions",
        action="store_true",
        help="run them without a sandbox, with your rights: they can read and change your files",
    )
    options = parser.parse_args(argv)
    if not options.folder.exists():
        parser.error(f"{options.folder} is no folder; name the one that holds the submissions")
    if not options.trust_submissions and (why := sandbox.missing()):
        parser.error(NO_SANDBOX.format(why=why))
    from classroom import course  # takes seconds, which no mistake above should cost

    course.need_nbgrader()
    from classroom import grading

    limits = Limits(options.seconds, options.gigabytes)
    around = options.folder if options.folder.is_dir() else options.folder.parent
    out = options.out or around / "grades.csv"
    try:
        rows = grading.grade_folder(
            options.folder, limits, max(1, options.jobs), out, options.trust_submissions
        )
    except ValueError as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print(f"\nstopped; what is done stands in {out}, and the same command goes on from there")
        return 130
    if not rows:
        parser.error(f"no notebook in {options.folder}: expected STUDENT.ipynb or STUDENT/*.ipynb")
    print(f"{out}: {len({row['student'] for row in rows})} submissions")
    return 0


def report(argv: list[str]) -> int:
    """Write a page for each student, and one on the whole class, from grades.csv."""
    import tempfile

    from classroom import handed_in, platforms, reports, table
    from classroom.similarity import alike

    parser = argparse.ArgumentParser("python -m classroom report", description=report.__doc__)
    parser.add_argument("folder", type=_folder, help="that holds grades.csv, or the table itself")
    parser.add_argument("--lang", default="ko", choices=sources.LANGUAGES)
    parser.add_argument(
        "--due", default="", help="YYYY-MM-DD HH:MM: what came later has no rank in the contest"
    )
    options = parser.parse_args(argv)
    if options.due and not re.fullmatch(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?", options.due):
        parser.error(f"--due must look like 2026-12-01 23:59, got {options.due!r}")
    path = options.folder / "grades.csv" if options.folder.is_dir() else options.folder
    if not path.exists():
        parser.error(f"{path} is missing; make it first: make grade FOLDER={options.folder}")
    try:
        rows, _ = table.read(path)
    except ValueError as error:
        parser.error(str(error))
    names = {row["assignment"] for row in rows} & set(sources.names())
    found = alike(options.folder, names) if options.folder.is_dir() else None
    folder = reports.write(rows, path.parent / "reports", options.lang, found)
    print(f"{folder}: class.html, and a page for each student")
    if options.folder.is_dir():  # the points that a person has entered since are in them, too
        with tempfile.TemporaryDirectory() as scratch:
            items, _ = handed_in.find(options.folder, Path(scratch))
            for made in platforms.write(rows, items, path):
                print(f"{made}: for import")
    if "contest" in names:
        from classroom import leaderboard

        for made in leaderboard.write(rows, folder, options.lang, options.due):
            print(made)
    return 0


if __name__ == "__main__":
    print_anything()
    arguments = sys.argv[1:]
    doors = {"grade": grade, "report": report}
    door = doors.get(arguments[0]) if arguments else None
    sys.exit(door(arguments[1:]) if door else build(arguments))
