"""The key of an assignment: what is run, what is asked of an answer, what it is worth."""

import ast
import builtins
import functools
import re
from dataclasses import dataclass, field

from classroom import notebook, sources

HIDDEN = re.compile(r"^ *### (?:BEGIN|END) HIDDEN TESTS *\n?", re.M)


@dataclass
class Exercise:
    """What a machine grades.

    Attributes:
        name: such as ``1-velocity``.
        points: that it is worth.
        check: the code that fails unless the answer is right, hidden tests included.
        shown: the part of it that students see.
        names: what the check takes from the answer, such as ``velocity``.
    """

    name: str
    points: float
    check: str
    shown: str
    names: list[str] = field(default_factory=list)


@dataclass
class Open:
    """What a person grades.

    Attributes:
        name: such as ``3-straight``.
        points: that it is worth.
    """

    name: str
    points: float


@dataclass
class Key:
    """An assignment.

    Attributes:
        name: such as ``03-flow-matching``.
        language: of its hints.
        setup: the code that stands before the first exercise.
        graded: exercises and open questions, in order.
        locked: texts of all cells that students do not answer, to tell them from answers.
    """

    name: str
    language: str
    setup: str
    graded: list
    locked: set[str]

    @property
    def exercises(self) -> dict[str, Exercise]:
        """What a machine grades, by name."""
        return {item.name: item for item in self.graded if isinstance(item, Exercise)}

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that its setup imports."""
        found = ["torch"]
        for node in ast.walk(ast.parse(self.setup)):
            if isinstance(node, ast.Import):
                found += [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append(node.module)
        return tuple(dict.fromkeys(found))


def bound(code: str) -> set[str]:
    """The names that a piece of the key gives values to."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.arg):
            names.add(node.arg)
    return names


def free(code: str) -> set[str]:
    """The names that a piece of the key takes from elsewhere."""
    loads = {
        node.id
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return loads - bound(code) - set(dir(builtins))


@functools.cache
def load(name: str, language: str) -> Key:
    """Read the key of an assignment.

    Args:
        name: of the assignment.
        language: of its hints.

    Returns:
        The key.
    """
    cells = notebook.read(sources.find(name, language)).cells
    setup, graded, locked, started = [], [], set(), False
    for cell in cells:
        meta = cell.metadata.nbgrader
        kind = meta.grade_id.rsplit("-", 1)[-1] if notebook.exercise_of(cell) else ""
        if kind != "exercise" and kind != "open":
            locked.add(plain(visible(cell.source)))
        if kind == "open":
            graded.append(Open(notebook.exercise_of(cell), meta.points))
        elif kind == "check":
            code = HIDDEN.sub("", cell.source)
            shown = visible(cell.source)
            graded.append(Exercise(notebook.exercise_of(cell), meta.points, code, shown))
        elif kind == "" and cell.cell_type == "code" and not started:
            setup.append(cell.source)
        started |= kind == "exercise"
    key = Key(name, language, "\n".join(setup), graded, locked)
    given = bound(key.setup)
    for exercise in key.exercises.values():
        exercise.names = sorted(free(exercise.check) - given)
    return key


def visible(source: str) -> str:
    """The part of a check that students see."""
    return re.sub(r"^ *### BEGIN HIDDEN.*?### END HIDDEN TESTS *\n?", "", source, flags=re.M | re.S)


def plain(source: str) -> str:
    """A text without its spaces, so that an editor's changes do not matter."""
    return re.sub(r"\s+", "", source)
