"""A Python object without its docstrings: what they say, the chapter says around it."""

import ast
import threading

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
