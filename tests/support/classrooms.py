"""Submissions for tests, and a place to grade many of them with one import of torch."""

import atexit
import functools
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from classroom import key, notebook, reading, sandbox, sources, supplies
from classroom.judge import Judge
from classroom.limits import Limits

RIGHT = {
    "1-velocity": """
def velocity(x, t, x_1, sigma_min):
    t = t.reshape(-1, *[1] * (x.ndim - 1))
    return (x_1 - (1 - sigma_min) * x) / (1 - (1 - sigma_min) * t)
""",
    "1-loss": """
def loss(u, x_0, x_1, t):
    time = t.reshape(-1, *[1] * (x_0.ndim - 1))
    return (u(time * x_1 + (1 - time) * x_0, t) - (x_1 - x_0)).square().mean()
""",
    "2-floor": "floor = 3.14",
}
WRONG = {
    "1-velocity": "def velocity(x, t, x_1, sigma_min):\n    return x * 0",
    "1-loss": "def loss(u, x_0, x_1, t):\n    return torch.tensor(0.5)",
    "2-floor": "floor = 2.0",
}
LIMITS = Limits(seconds=5, gigabytes=1.5, processes=60, disk=64 * 2**20, runs=5)


def need_sandbox():
    """Skip where there is no bubblewrap, unless it was promised."""
    why = sandbox.missing()
    if why and os.environ.get("COURSE_NEEDS_SANDBOX") == "1":
        pytest.fail(f"COURSE_NEEDS_SANDBOX=1, but {why}")
    if why:
        pytest.skip(why)


def released(name="03-flow-matching", language="en"):
    """The student's notebook, as nbgrader makes it, without the time that nbgrader takes."""
    pytest.importorskip("nbgrader", reason="pip install -r requirements-grading.txt")
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
    from traitlets.config import Config

    from classroom import course

    code = f"{course.CODE[language]}\nraise NotImplementedError"
    config = Config()
    config.ClearSolutions.code_stub = {"python": code}
    config.ClearSolutions.text_stub = course.STUBS[language]
    made = notebook.read(sources.find(name, language))
    for step in (ClearSolutions(config=config), ClearHiddenTests()):
        made, _ = step.preprocess(made, {})
    return made


def answered(answers, first="", base=None):
    """A submission to assignment 3: answers by exercise, and a cell above everything."""
    made = nbformat.from_dict(base or released())
    for cell in made.cells:
        exercise = notebook.exercise_of(cell)
        if cell.metadata.nbgrader.solution and cell.cell_type == "code" and exercise in answers:
            cell.source = answers[exercise]
    if first:
        made.cells.insert(0, nbformat.v4.new_code_cell(first))
    return made


@functools.cache
def laid_out():
    """What a sandbox shows, copied and compiled once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="supplies-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    return supplies.lay_out(folder)


class Room:
    """Grades submissions to assignment 3 one after another in a sandbox that is kept warm.

    ``make grade`` takes a new one for each submission.
    """

    def __init__(self, folder, trusted=False, limits=LIMITS):
        self.folder, self.limits = folder, limits
        modules = (*key.load("03-flow-matching", "en").modules, "IPython.core.completer")
        hidden = sandbox.secrets_of(folder)
        self.place = sandbox.Sandbox(laid_out(), limits, hidden, trusted, modules)

    def judge(self, made, **limits):
        path = self.folder / "submission.ipynb"
        text = made if isinstance(made, bytes) else json.dumps(made).encode()
        path.write_bytes(text)
        submission = reading.read(path)
        mine = key.load(submission.name, submission.language)
        return Judge(submission, mine, self.place, replace(self.limits, **limits))

    def grade(self, made, **limits):
        """Points by exercise, and hints."""
        rows = self.judge(made, **limits).rows()
        return {name: points for name, points, *_ in rows}, {row[0]: row[3] for row in rows}

    def close(self):
        self.place.close()
