"""A stand-in for Colab, for tests: an empty folder, with ``google.colab`` and without ``utils``.

What Colab has and a test machine lacks is the module ``google.colab``; what a test machine has and
Colab lacks is this course. The first is put on the path, the second hidden; what the setup cell
installs goes to a folder of its own, so that the environment of the tests stays as it is.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Runs in the kernel before anything else: forgets an editable installation of the course.
HIDE = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path if "__editable__" not in getattr(f, "__module__", "")]
sys.path[:] = [folder for folder in sys.path if folder != {root!r}]
"""
ENOUGH = ("utils", "pyproject.toml", "LICENSE", "README.md")  # what pip needs of the repository


@dataclass(frozen=True)
class StandIn:
    """Where things are while a notebook believes that it is on Colab.

    Attributes:
        work: the empty folder that the kernel starts in.
        packages: where pip installs.
        repository: what the setup cell clones: the present state of this checkout.
        stubs: what the kernel has on its path from the start.
    """

    work: Path
    packages: Path
    repository: Path
    stubs: Path

    def environment(self) -> dict[str, str]:
        """The environment of a kernel."""
        path = os.pathsep.join(map(str, (self.stubs, self.packages)))
        return os.environ | {
            "PYTHONPATH": path,
            "PIP_TARGET": str(self.packages),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INDEX": "1",  # nothing is fetched: what is installed must come from the clone
            "COURSE_REPOSITORY": self.repository.as_uri(),
        }


def stand_in(folder: Path) -> StandIn:
    """Prepare one in an empty folder."""
    made = StandIn(*(folder / name for name in ("work", "packages", "repository", "stubs")))
    for part in (made.work, made.packages, made.repository, made.stubs / "google/colab"):
        part.mkdir(parents=True)
    (made.stubs / "google/colab/__init__.py").touch()  # google itself is a namespace: no file
    (made.stubs / "sitecustomize.py").write_text(HIDE.format(root=str(ROOT)), "utf-8")
    _commit(made.repository)
    return made


def _commit(repository: Path) -> None:
    """The working tree, changes that are not committed included, as a repository of one commit."""
    for name in ENOUGH:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, repository / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, repository / name)
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "course"]):
        subprocess.run(["git", *command], cwd=repository, check=True)


@contextlib.contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Let processes that are started meanwhile have other variables."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
