"""Building and grading in folders with awkward names, on terminals with another encoding."""

import csv
import os
import subprocess
import sys

import pytest

from classroom import course, sources

PLACE = "강의 [2026] 1"


def test_an_assignment_is_built_below_brackets(tmp_path):
    folder = course.build(sources.find("01", "ko"), tmp_path / PLACE)
    assert folder.parent == tmp_path / PLACE
    assert sorted(path.name for path in folder.iterdir()) == [
        "autograder",
        "instructor.ipynb",
        "student.ipynb",
    ]
    assert (folder / "autograder/release/01-generative-models").is_dir()


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "utf-8"])
def test_names_that_the_terminal_cannot_show_stop_nothing(tmp_path, encoding):
    folder = tmp_path / PLACE
    folder.mkdir()
    names = ["José", "김 철수 [2]"]
    for name in names:
        (folder / f"{name}.ipynb").write_text("{}", "utf-8")
    command = [sys.executable, "-m", "classroom", "grade", str(folder)]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(command, cwd=sources.ROOT, env=environment, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    with (folder / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["student"] for row in csv.DictReader(file)] == names
