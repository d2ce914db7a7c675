"""The workflows of GitHub Actions: pinned, well formed, and with the least permissions."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from book.run.cache import ROOT

FOLDER = ROOT / ".github/workflows"
PINNED = re.compile(r"\s*(- )?uses: [\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){2}")
BAD = """\
name: Bad
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
"""
UNKNOWN = "name: Bad\non: push\npermissions: {}\njobs:\n  one:\n    runs-onn: ubuntu-latest\n"


def zizmor(folder):
    beside = Path(sys.executable).with_name("zizmor")
    command = [beside if beside.exists() else shutil.which("zizmor"), "--offline", "--no-progress"]
    command += ["--strict-collection", "--persona=pedantic", "--min-severity=low", "--no-config"]
    done = subprocess.run([*command, folder], capture_output=True, encoding="utf-8")
    return done.returncode, done.stdout + done.stderr


def test_workflows_are_as_they_should_be():
    code, said = zizmor(ROOT / ".github")
    assert code == 0, said


def test_actions_are_pinned_by_commit_and_say_which_version_it_is():
    for file in FOLDER.glob("*.yml"):
        lines = [line for line in file.read_text("utf-8").splitlines() if "uses:" in line]
        assert lines
        for line in lines:
            assert PINNED.fullmatch(line), f"{file.name}: {line}"


def test_permissions_start_from_none():
    for file in FOLDER.glob("*.yml"):
        assert re.search(r"^permissions: \{\}", file.read_text("utf-8"), re.M), file.name


def test_what_is_wrong_is_found(tmp_path):
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "bad.yml").write_text(BAD, "utf-8")
    code, said = zizmor(tmp_path)
    for name in ("unpinned-uses", "excessive-permissions", "artipacked"):
        assert code and name in said
    (folder / "bad.yml").write_text(UNKNOWN, "utf-8")
    code, said = zizmor(tmp_path)
    assert code and "schema" in said
