"""How long a first-time reader needs for a chapter, so that its box cannot promise less.

The rule: 200 words or 15 lines of code a minute, half a minute for a displayed formula. Code that
is folded or left out counts nothing, and neither do exercises and their solutions.
"""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import jupytext

from book.export.markdown import included

WORDS, LINES, FORMULA = 200, 15, 0.5  # a minute, a minute, minutes
UNSEEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
EXERCISE = re.compile(
    r"^`{3}\{exercise-start\}.*?^`{3}\{solution-end\}\n`{3}$|^(`{3,}|:{3,})\{(?:exercise|solution)\}"
    r".*?^\1$",
    re.M | re.S,
)
INCLUDED = re.compile(r"^(`{3,})\{literalinclude\} *(\S+)\n(.*?)^\1$", re.M | re.S)
DISPLAYED = re.compile(r"\$\$.*?\$\$(?: *\([\w:-]+\))?", re.S)
MARKUP = (
    (r"\{claim\}`[^`]*`", ""),
    (r"\{[\w:]+\}`([^`<]*?)(?: *<[^`>]*>)?`", r"\1"),  # what a role shows
    (r"^(?:`{3,}|:{3,})(?:\{[\w:-]+\})?", ""),  # titles of directives are read
    (r"^:[\w-]+:.*$|^\([\w-]+\)=$|^%.*$", ""),  # options, labels, comments
    (r"\$[^$\n]+\$", "m"),  # an inline formula is one word
    (r"[|#*>`]|^ *[-:|]+ *$|^ *[-+] (?:\[[ x]\] )?|^  : ", " "),
)


class Time(NamedTuple):
    """What there is to read on a page.

    Attributes:
        words: of the prose, captions and questions included.
        lines: of the code that is shown.
        formulas: displayed ones.
    """

    words: int
    lines: int
    formulas: int

    @property
    def minutes(self) -> float:
        """Minutes that it takes."""
        return self.words / WORDS + self.lines / LINES + FORMULA * self.formulas


def _lines(code: str) -> int:
    """Lines that are not empty, docstrings left out."""
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a part of a function, or a command of the shell
        return sum(bool(line.strip()) for line in code.splitlines())
    doc = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                doc |= set(range(node.lineno, node.end_lineno + 1))
    lines = enumerate(code.splitlines(), start=1)
    return sum(bool(line.strip()) and number not in doc for number, line in lines)


def read(page: Path) -> Time:
    """Count what a reader of one page has before them."""
    text = re.sub(r"\A---\n.*?^---$", "", page.read_text("utf-8"), flags=re.M | re.S)
    text = EXERCISE.sub("", text)
    lines = 0
    for _, file, body in INCLUDED.findall(text):
        options = dict(re.findall(r"^:([\w-]+): *(.*)$", body, re.M))
        lines += _lines(included(page, file, options))
    prose = ""
    for cell in jupytext.reads(INCLUDED.sub("", text), fmt="md:myst").cells:
        if cell.cell_type != "code":
            prose += cell.source + "\n"
        elif not UNSEEN & set(cell.metadata.get("tags", [])):
            lines += _lines(cell.source)
    formulas = len(DISPLAYED.findall(prose))
    prose = DISPLAYED.sub("", prose)
    for pattern, shown in MARKUP:
        prose = re.sub(pattern, shown, prose, flags=re.M)
    words = [word for word in prose.split() if re.search(r"\w", word)]
    return Time(len(words), lines, formulas)
