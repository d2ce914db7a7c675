"""The doors of the Makefile, in a folder with an awkward name and with a stand-in for Python."""

import os
import shutil
import subprocess
import sys

import pytest

from book.run.cache import ROOT

PYTHON = '#!/bin/sh\nprintf "%s\\n" "$PYTHONPATH" "$@"\n'
AWKWARD = ["제출 1", "강의 [2026]", "Kim's", 'the "best"', "a;b & $(c) `d` *", "-x"]


@pytest.fixture
def course(tmp_path):
    """A checkout as far as make looks at it."""
    root = tmp_path / "강의 [2026] 1's"
    (root / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "locked.txt"):
        shutil.copy(ROOT / name, root)
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, root)
    python = root / ".venv/bin/python"
    python.write_text(PYTHON, "utf-8")
    python.chmod(0o755)
    (root / ".venv/.ready").touch()  # newer than what it depends on: nothing to install
    return root


def make(root, *words):
    given = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", *words]
    done = subprocess.run(command, cwd=root, env=given, capture_output=True, encoding="utf-8")
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("folder", AWKWARD)
def test_grade_gets_the_folder_as_it_was_given(course, folder):
    wanted = [str(course), "-m", "classroom", "grade", folder]
    # For make itself, and for whoever writes a makefile, $$ is a dollar.
    assert make(course, "grade", f"FOLDER={folder.replace('$', '$$')}")[:2] == (0, wanted)


@pytest.mark.parametrize(
    "door, words",
    [
        (["assignment", "CHAPTER=03 x"], ["classroom", "03 x", "--lang", "ko"]),
        (["assignment", "CHAPTER=03", "LANG=en"], ["classroom", "03", "--lang", "en"]),
        (["grade", "FOLDER=x", "TRUST=1"], ["classroom", "grade", "x", "--trust-submissions"]),
        (["report", "FOLDER=제출 1"], ["classroom", "report", "제출 1", "--lang", "ko"]),
        (["translation"], ["book.translation"]),
        (["translation", "CHAPTER=03"], ["book.translation", "03"]),
        (["book"], ["book.build"]),
    ],
)
def test_other_doors(course, door, words):
    assert make(course, *door)[:2] == (0, [str(course), "-m", *words])


def test_fuzzing_takes_twenty_minutes_or_as_many_as_are_given(course):
    for words, minutes in (([], "20"), (["MINUTES=0.5"], "0.5")):
        wanted = [str(course), "tests/support/fuzz.py", minutes]
        assert make(course, "fuzz", *words)[:2] == (0, wanted)


@pytest.mark.parametrize(
    "door, name", [("grade", "FOLDER"), ("report", "FOLDER"), ("assignment", "CHAPTER")]
)
def test_a_door_says_what_it_lacks(course, door, name):
    code, said, _ = make(course, door)
    assert code and f"{name}=" in said[0]


def test_everything_but_torch_is_installed_by_its_hash(course):
    (course / ".venv/.ready").unlink()
    code, said, _ = make(course, ".venv/.ready", f"PYTHON={sys.executable}", "TORCH_INDEX=")
    assert code == 0 and (course / ".venv/.ready").exists()
    calls = " ".join(said).split(" pip install ")[1:]
    wanted = ["--require-hashes -r locked.txt", "-c constraints.txt torch", "--editable ."]
    assert len(calls) == len(wanted)
    for call, words in zip(calls, wanted, strict=True):
        assert words in call
        # With its build taking nothing from an index either.
        assert (" torch" in call) != ("--no-deps" in call)
    assert "--no-build-isolation" in calls[-1]
    (course / ".venv/.ready").unlink()
    _, said, _ = make(course, ".venv/.ready", f"PYTHON={sys.executable}", "TORCH_INDEX=there x")
    assert said.count("there x") == 1  # for torch, as one word


def test_python_may_stand_in_a_folder_with_a_space(course):
    shutil.rmtree(course / ".venv")
    python = course / "my python"
    python.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    python.chmod(0o755)
    code, said, _ = make(course, "book", f"PYTHON={python}")
    assert code and "3.11 or newer is needed" in said[0]  # it was found and asked
