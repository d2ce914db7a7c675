"""Run the tests with another set of packages: ``python -m supply.sets lowest|newest``.

The lowest set has the oldest version of each package that a requirement names (and the newest of
those that they bring), the newest set has the newest of all. The lowest one is for Python 3.11:
for later ones some of its versions are to be had as sources alone. The tests run in a copy of the
project, ``build/lowest`` or ``build/newest``, with its own ``.venv``: neither the site nor the
notebooks that have passed here are touched. What stands behind the name goes to pytest:
``python -m supply.sets lowest tests/utils``.

The environment may name torch's version (``TORCH=2.13.0``), where only that can be had, and the
index of its builds (``TORCH_INDEX``), as for ``make book``.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from supply.lock import ALONE, ROOT, is_torch, requirement, resolve

RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
LEFT_OUT = ("_build", "build", "runs", "node_modules", ".venv", ".git", "__pycache__", "*.egg-info")


def choose(name: str) -> tuple[list[str], str]:
    """The packages of a set and torch, each with its version."""
    torch = os.environ.get("TORCH", "")
    options = ["--resolution", RESOLUTIONS[name], "--python-version", platform.python_version()]
    with_torch = resolve("", *options, torch=torch)
    with_torch += resolve("", *options, "--no-deps", source=ALONE)
    pins = [str(requirement(block)) for block in with_torch if not is_torch(block)]
    (found,) = (r for r in map(requirement, with_torch) if r.name == "torch")
    return pins, str(found)


def copy(folder: Path) -> None:
    """Bring the copy of the project up to date; ``.venv`` stays, and nothing that was built."""
    for old in folder.glob("[!.]*"):
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT), dirs_exist_ok=True)
    tools = ROOT / "audit/node_modules"  # with which pages are tested in a browser
    if tools.is_dir():
        (folder / "audit/node_modules").symlink_to(tools)


def install(folder: Path, pins: list[str], torch: str) -> Path:
    """Install a set into the copy's ``.venv``; its Python."""
    python = folder / ".venv/bin/python"
    if not python.exists():
        venv.create(folder / ".venv", with_pip=True)
    (folder / "set.txt").write_text("\n".join([*pins, torch]) + "\n", "utf-8")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    index = os.environ.get("TORCH_INDEX")
    extra = ["--extra-index-url", index] if index else []
    for what in (
        ["--no-deps", *pins],
        ["--constraint", str(folder / "set.txt"), *extra, torch],
        ["--no-deps", "--no-build-isolation", "--editable", "."],
    ):
        subprocess.run([*pip, *what], cwd=folder, check=True)
    return python


def main() -> int:
    """Choose a set, install it and run the tests."""
    parser = argparse.ArgumentParser(prog="python -m supply.sets", description=__doc__)
    parser.add_argument("name", choices=RESOLUTIONS)
    parser.add_argument("--list", action="store_true", help="only print the set")
    known, words = parser.parse_known_args()
    pins, torch = choose(known.name)
    if known.list:
        print(*pins, torch, sep="\n")
        return 0
    folder = ROOT / "build" / known.name
    folder.mkdir(parents=True, exist_ok=True)
    copy(folder)
    print(f"supply: installing the {known.name} set, {torch} and {len(pins)} more", flush=True)
    python = install(folder, pins, torch)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run([python, "-m", "pytest", *words], cwd=folder, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
