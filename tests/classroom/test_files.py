"""What teachers have and keep: downloads of learning platforms, tables, a run that was stopped."""

import contextlib
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import classrooms
import nbformat
import pytest

from classroom import (
    course,
    grading,
    handed_in,
    journal,
    platforms,
    reading,
    sandbox,
    sources,
    table,
)
from classroom.__main__ import report
from classroom.limits import Limits


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", "utf-8")


def found(folder, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    items, passed = handed_in.find(folder, scratch)
    return {item.student: item for item in items}, passed


def test_canvas(tmp_path):
    folder = tmp_path / "submissions"
    put(folder, "kimchulsoo_12345_67890_03.ipynb", "doejane_LATE_222_333_a_b-1.ipynb")
    items, _ = found(folder, tmp_path)
    assert {name: item.number for name, item in items.items()} == {
        "kimchulsoo": "12345",
        "doejane": "222",
    }
    assert items["doejane"].platform == "canvas"


def test_moodle(tmp_path):
    folder = tmp_path / "제출 1"
    put(
        folder,
        "김 철수_12345_assignsubmission_file_/03.ipynb",
        "Jane O'Doe_9_assignsubmission_file/x.ipynb",
    )
    put(folder, "Ann_77_assignsubmission_file_flat.ipynb")
    items, _ = found(folder, tmp_path)
    assert {name: item.number for name, item in items.items()} == {
        "김 철수": "12345",
        "Jane O'Doe": "9",
        "Ann": "77",
    }


def test_google_classroom_and_plain_folders(tmp_path):
    folder = tmp_path / "강의 [2026]"
    put(folder, "Jane Doe - 03.ipynb", "alice/a.ipynb", "bob/1.ipynb", "bob/2.ipynb")
    items, _ = found(folder, tmp_path)
    assert set(items) == {"Jane Doe - 03", "alice", "bob/1", "bob/2"}


def test_two_students_of_one_name_and_a_folder_around_all(tmp_path):
    folder = tmp_path / "download"
    put(folder, "all/Kim_1_assignsubmission_file_/x.ipynb")
    put(folder, "all/Kim_2_assignsubmission_file_/x.ipynb")
    assert set(found(folder, tmp_path)[0]) == {"Kim (1)", "Kim (2)"}


def test_what_is_no_submission_is_passed_over_with_a_word(tmp_path):
    put(tmp_path / "s", "alice.ipynb", ".ipynb_checkpoints/alice-checkpoint.ipynb")
    put(tmp_path / "s", "__MACOSX/alice.ipynb", "._alice.ipynb", "bob/.ipynb_checkpoints/b.ipynb")
    items, passed = found(tmp_path / "s", tmp_path)
    assert set(items) == {"alice"} and len(passed) == 4
    assert any("checkpoint" in text for text in passed)


def test_zip_files(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr("work/03.ipynb", "{}")
    with zipfile.ZipFile(folder / "download.zip", "w") as file:
        file.writestr("김철수_5_assignsubmission_file_/03.ipynb", "{}")
        file.writestr("../../evil.ipynb", "{}")
        file.writestr("__MACOSX/._03.ipynb", "{}")
        file.writestr("doe_11_22_work.zip", inner.getvalue())
    (folder / "broken.zip").write_bytes(b"no zip")
    items, passed = found(folder / "download.zip", tmp_path)
    assert {"김철수", "evil"} <= set(items) and not (tmp_path.parent / "evil.ipynb").exists()
    assert any(item.number == "11" for item in items.values())
    items, passed = found(folder, tmp_path)
    assert any("broken.zip" in text for text in passed)


def test_names_in_any_encoding(tmp_path):
    (tmp_path / "s").mkdir()
    raw = os.fsencode(tmp_path / "s") + b"/" + "김철수".encode("cp949") + b".ipynb"
    try:
        with open(raw, "w") as file:
            file.write("{}")
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    put(tmp_path / "s", "이영희.ipynb")  # as macOS writes it: taken apart
    assert set(found(tmp_path / "s", tmp_path)[0]) == {"김철수", "이영희"}


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "|x"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(tmp_path, text):
    row = dict.fromkeys(table.COLUMNS, text) | {"points": "2", "max_points": "2", "machine": "2"}
    table.write(tmp_path / "grades.csv", [row])
    data = (tmp_path / "grades.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert all(cell[:1] not in tuple("=+-@\t|") for line in rows for cell in line)
    assert table.read(tmp_path / "grades.csv")[0][0]["hint"].strip() == text.strip()


def line(student, exercise, points, **rest):
    got = {"student": student, "assignment": "03", "exercise": exercise, "points": points}
    return got | {"max_points": "3", "machine": points, "hint": ""} | rest


def test_what_a_person_has_entered_is_kept():
    fresh = line("a", "3-open", "")
    assert table.keep(fresh, line("a", "3-open", "2.5", machine=""))["points"] == "2.5"
    assert table.keep(line("a", "1", "0"), line("a", "1", "1", machine="0"))["points"] == "1"
    assert table.keep(line("a", "1", "2"), line("a", "1", "0", machine="0"))["points"] == "2"
    assert table.keep(fresh, line("a", "3-open", "", remark="late"))["remark"] == "late"
    old = line("a", "3-open", "1")
    del old["machine"]  # a table of before
    assert table.keep(fresh, old)["points"] == "1"


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_that_a_spreadsheet_has_saved(tmp_path, mark):
    path = tmp_path / "grades.csv"
    rows = ["student,assignment,exercise,points,max_points,machine,hint", "김,03,3-open,2,3,,안녕"]
    path.write_bytes("\r\n".join(rows).replace(",", mark).encode("cp949"))
    assert table.read(path)[0][0]["points"] == "2"


def test_points_of_a_person_stay_when_the_file_cannot_be_read_any_more(tmp_path):
    item, out = handed_in.HandedIn("a", tmp_path / "a.ipynb"), tmp_path / "grades.csv"
    table.write(out, [line("a", "1", "2"), line("a", "3-open", "2.5", machine="")])
    unreadable = grading.row(item, "", "", 0, "", "the notebook cannot be read")
    rows = grading._save(out, [item], {"a": [unreadable]}, print)
    assert [(row["exercise"], row["points"]) for row in rows] == [("", "0"), ("3-open", "2.5")]
    assert len(table.read(out)[0]) == 2


def test_a_comment_is_kept_and_reaches_the_student(tmp_path):
    out = tmp_path / "grades.csv"
    table.write(out, [line("lee", "3-open", "", hint="To be graded by a person.")])
    (row,), columns = table.read(out)
    assert columns[-1] == "comment" and row["comment"] == ""
    row |= {"points": "2", "comment": "=Which baseline?"}
    table.write(out, [row], columns)
    (row,), _ = table.read(out)
    fresh = line("lee", "3-open", "", hint="To be graded by a person.")
    assert table.told(table.keep(fresh, row)) == "=Which baseline?"


def test_a_report_brings_the_tables_for_import_up_to_date(tmp_path):
    put(tmp_path / "s", "Lee_34_assignsubmission_file_/x.ipynb")
    out = tmp_path / "s" / "grades.csv"
    entered = [line("Lee", "1", "2"), line("Lee", "3-open", "1", machine="")]
    table.write(out, entered)
    assert report([str(tmp_path / "s"), "--lang", "en"]) == 0
    text = (tmp_path / "s" / "grades.moodle.csv").read_text("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1][:4] == ["Participant 34", "Lee", "3", "6"]


def test_a_file_that_is_no_table_is_not_replaced(tmp_path):
    (tmp_path / "grades.csv").write_text("my own notes\n", "utf-8")
    with pytest.raises(ValueError, match="no table of points"):
        table.read(tmp_path / "grades.csv")


def test_tables_for_canvas_and_moodle(tmp_path):
    items = [
        handed_in.HandedIn("=kim", tmp_path / "x", "canvas", "12"),
        handed_in.HandedIn("lee", tmp_path / "x", "moodle", "34"),
        handed_in.HandedIn("han", tmp_path / "x", "moodle", "35"),
    ]
    rows = [line("=kim", "1", "2"), line("=kim", "2", "1.5"), line("lee", "1", "3")]
    rows += [line("han", "1", "2"), line("han", "3-open", "")]
    platforms.write(rows, items, tmp_path / "grades.csv")

    def cells(name):
        text = (tmp_path / name).read_text("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))

    head, kim = cells("grades.canvas.csv")
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert kim[:2] == ["'=kim", "12"] and kim[-1] == "3.5"
    _, lee, han = cells("grades.moodle.csv")
    assert lee[0] == "Participant 34" and lee[2:4] == ["3", "3"]
    assert han[2] == ""  # the open question still waits for a person


def test_a_journal_survives_half_a_line(tmp_path):
    path = tmp_path / ".journal"
    one = journal.Journal(path)
    one.add("a", [1])
    one.file.write('{"mark": "b", "ro')
    one.file.close()
    two = journal.Journal(path)
    assert two.known == {"a": [1]}
    two.add("c", [2])
    two.file.close()
    assert journal.Journal(path).known == {"a": [1], "c": [2]}


def test_building_again_keeps_what_stands_there(tmp_path):
    pytest.importorskip("nbgrader", reason="pip install -r requirements-grading.txt")
    folder = course.build(sources.find("01", "en"), tmp_path)
    name = "01-generative-models"
    work = folder / "autograder" / "submitted" / "alice" / name / f"{name}.ipynb"
    put(work.parent, work.name)
    put(folder, "my notes.txt", "autograder/roster.csv")
    (folder / "student.ipynb").write_text("old", "utf-8")
    assert course.build(sources.find("01", "en"), tmp_path) == folder
    assert work.read_text("utf-8") == "{}"
    assert (folder / "my notes.txt").exists() and (folder / "autograder/roster.csv").exists()
    assert nbformat.read(folder / "student.ipynb", as_version=4).cells
    assert not [path for path in folder.rglob(".*") if path.suffix in (".new", ".old")]


def test_the_database_is_the_one_that_nbgrader_makes(tmp_path, monkeypatch):
    pytest.importorskip("nbgrader", reason="pip install -r requirements-grading.txt")
    from nbgrader.api import Gradebook

    beside = str(Path(sys.executable).parent)  # where the program alembic is
    monkeypatch.setenv("PATH", f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
    Gradebook(f"sqlite:///{tmp_path}/theirs.db").close()
    course._database(tmp_path / "ours.db")
    ours, theirs = (dump(tmp_path / f"{name}.db") for name in ("ours", "theirs"))
    assert any("alembic_version" in line for line in ours) and ours == theirs


def dump(path):
    """The tables of a database, but for the course that opening it adds."""
    with contextlib.closing(sqlite3.connect(path)) as base:
        return sorted(line for line in base.iterdump() if 'INTO "course"' not in line)


def grade(folder, *options, **environment):
    command = [sys.executable, "-m", "classroom", "grade", str(folder), *options]
    return subprocess.run(
        command,
        cwd=sources.ROOT,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


def test_without_a_sandbox_it_says_what_to_do(tmp_path, monkeypatch):
    put(tmp_path, "a.ipynb")
    done = grade(tmp_path, PATH="/nowhere")
    assert done.returncode == 2
    assert "bubblewrap" in done.stderr and "--trust-submissions" in done.stderr
    done = grade(tmp_path, "--trust-submissions", PATH="/nowhere")
    assert done.returncode == 0, done.stderr


def test_without_walls_the_comparison_is_still_elsewhere(tmp_path):
    room = classrooms.Room(tmp_path, trusted=True)
    patch = "import torch\ntorch.allclose = lambda *a, **k: True"
    try:
        got, hints = room.grade(classrooms.answered(classrooms.WRONG, patch))
        assert set(got.values()) == {0}
        got, hints = room.grade(classrooms.answered(classrooms.RIGHT, "import os\nos._exit(1)"))
        assert got["1-velocity"] == 2, hints
        scratch = room.place.scratch
    finally:
        room.close()
    assert not os.path.exists(scratch)


def test_where_processes_cannot_be_copied(tmp_path):
    """As on macOS and Windows: a process for each run, and a connection that proves itself."""
    room = classrooms.Room(tmp_path, trusted=True)
    room.place.forks = False
    try:
        got, hints = room.grade(classrooms.answered(classrooms.RIGHT))
        assert (got["1-velocity"], got["1-loss"], got["2-floor"]) == (2, 2, 3), hints
    finally:
        room.close()


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_that_is_killed_goes_on_where_it_stopped(tmp_path):
    """Killed while the second submission runs; nothing is lost, nothing stays behind."""
    classrooms.need_sandbox()
    scratch = tmp_path / "tmp"
    folder = tmp_path / "제출 [1]"
    for path in (scratch, folder):
        path.mkdir()
    base = classrooms.released()
    nbformat.write(classrooms.answered(classrooms.RIGHT, base=base), folder / "=a.ipynb")
    slow = classrooms.answered(classrooms.RIGHT, "import time\ntime.sleep(30)", base)
    nbformat.write(slow, folder / "b.ipynb")
    command = [sys.executable, "-m", "classroom", "grade", str(folder), "--jobs", "1"]
    environment = os.environ | {"TMPDIR": str(scratch)}
    process = subprocess.Popen(
        [*command, "--seconds", "40"], cwd=sources.ROOT, env=environment, stdout=subprocess.PIPE
    )
    try:
        assert b"=a: 7 points" in process.stdout.readline()
        deadline = time.monotonic() + 300  # on a busy machine
        while not (walls := started_by(process.pid)) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        process.kill()
        process.communicate()
    assert walls
    assert [row["student"] for row in rows_of(folder / "grades.csv")] == ["'=a"] * 4
    deadline = time.monotonic() + 120
    while any(map(alive, walls)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(alive, walls))
    # A person enters points before the run goes on; a faster b is handed in.
    rows = rows_of(folder / "grades.csv")
    rows[3]["points"] = "2.5"
    table.write(folder / "grades.csv", rows)
    nbformat.write(classrooms.answered(classrooms.WRONG, base=base), folder / "b.ipynb")
    known = journal.Journal(folder / ".grades.csv.journal")
    known.file.close()
    assert len(known.known) == 1
    done = subprocess.run(
        [*command, "--seconds", "40"],
        cwd=sources.ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    points = [(row["student"], row["points"]) for row in rows_of(folder / "grades.csv")]
    assert points[:4] == [("'=a", "2"), ("'=a", "2"), ("'=a", "3"), ("'=a", "2.5")]
    assert points[4:] == [("b", "0")] * 4
    assert not list(scratch.glob("grading-*"))  # also not that of the run that was killed
    assert sorted(path.name for path in folder.iterdir()) == ["=a.ipynb", "b.ipynb", "grades.csv"]


def started_by(process):
    """The sandboxes below a process."""
    names = {}
    for each in sandbox._tree(process):
        try:
            with open(f"/proc/{each}/comm") as file:
                names[each] = file.read().strip()
        except OSError:
            continue
    return [each for each, name in names.items() if name == "bwrap"]


def alive(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().split(") ")[1][0] != "Z"
    except OSError:
        return False


def test_a_mark_changes_with_the_submission(tmp_path):
    put(tmp_path, "a.ipynb")
    one = journal.mark_of("a", tmp_path / "a.ipynb", Limits())
    assert one == journal.mark_of("a", tmp_path / "a.ipynb", Limits())
    assert one != journal.mark_of("a", tmp_path / "a.ipynb", Limits(seconds=1))
    (tmp_path / "a.ipynb").write_text("[]", "utf-8")
    assert one != journal.mark_of("a", tmp_path / "a.ipynb", Limits())


@pytest.mark.parametrize("content", ["[]", "{}", "", "null", '{"cells": 3}', "[" * 100_000])
def test_what_is_no_notebook_is_no_error(tmp_path, content):
    (tmp_path / "a.ipynb").write_text(content, "utf-8")
    with pytest.raises(ValueError, match="no assignment of this course"):
        reading.read(tmp_path / "a.ipynb")


def test_cells_that_lack_everything(tmp_path):
    cells = [{}, {"cell_type": "code", "source": ["a", "b"]}, {"metadata": None}, {"source": None}]
    whole = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"course": {"assignment": "03-flow-matching"}},
        "cells": cells,
    }
    (tmp_path / "a.ipynb").write_text(json.dumps(whole), "utf-8")
    try:
        assert reading.read(tmp_path / "a.ipynb").cells[1].source == "ab"
    except ValueError as error:
        assert "cannot be read" in str(error)
