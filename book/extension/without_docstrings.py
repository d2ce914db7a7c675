"""Show a Python object without its docstrings: what they say, the chapter says around it.

For ``literalinclude`` with ``:pyobject:``, on pages and in the exported notebooks alike.
"""

from __future__ import annotations

import ast
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OBJECTS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ONE_AT_A_TIME = threading.Lock()  # notebooks of both languages are exported at the same time


def parsed(text: str) -> ast.Module:
    """A program's tree. Python 3.11 loses count if two threads make one (gh-106905)."""
    with ONE_AT_A_TIME:
        return ast.parse(text)


def without_docstrings(lines: list[str]) -> list[str]:
    """The lines of an object without its docstrings and those of what it holds.

    Args:
        lines: of one function, method or class, indented as it may be; with or without the
            characters that end them.

    Returns:
        The lines that are left. A docstring that is all that an object has stays.
    """
    above = ["if True:"] if lines[0][:1].isspace() else []  # a method is no program by itself
    tree = parsed("\n".join([*above, *(line.rstrip("\r\n") for line in lines)]))
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, OBJECTS) and ast.get_docstring(node, clean=False) is not None:
            docstring, *rest = node.body
            if rest and docstring.lineno > node.lineno and rest[0].lineno > docstring.end_lineno:
                first, after = docstring.lineno - 1 - len(above), docstring.end_lineno - len(above)
                while not lines[after].strip():  # empty lines would stand on top of what follows
                    after += 1
                left_out |= set(range(first, after))
    return [line for number, line in enumerate(lines) if number not in left_out]


def setup(app: Sphinx) -> None:
    """Let Sphinx read objects so."""
    from sphinx.directives import code  # here: the notebooks are exported without Sphinx

    class Reader(code.LiteralIncludeReader):
        """Sphinx's own, but for the docstrings."""

        def pyobject_filter(
            self, lines: list[str], location: tuple[str, int] | None = None
        ) -> list[str]:
            """The object; where a part begins and ends is looked for in what is left of it."""
            found = super().pyobject_filter(lines, location)
            return without_docstrings(found) if "pyobject" in self.options else found

    code.LiteralIncludeReader = Reader
