"""Fold the solutions of a notebook: a reader who looks for the next exercise does not see them."""

import re

from nbformat import NotebookNode

from book.export.roles import Page

EDGE = re.compile(
    r"^(`{3,}|:{3,})\{solution-(?:start\} *(?P<label>[\w-]+)|end\})\n(?::.*\n)*\1$", re.M
)
WORDS = {"ko": ("풀이", "이어서"), "en": ("Solution", "continued")}
TITLE = "# @title Solution"  # what Colab shows instead of the code; code is English in both books


def fold(cells: list[NotebookNode], page: Page) -> None:
    """Fold what stands between ``solution-start`` and ``solution-end``, in place.

    Text goes into ``<details>``, which JupyterLab, Colab, VS Code and GitHub open on a click. Code
    is hidden by JupyterLab (``source_hidden``) and by Colab (``cellView``).

    Args:
        cells: of a chapter, as MyST.
        page: finds the numbers of the exercises.
    """
    label = None
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source, label = _text(cell.source, label, page)
        elif label:
            cell.source = f"{TITLE}\n{cell.source}"
            cell.metadata.jupyter = {"source_hidden": True}
            cell.metadata.cellView = "form"


def _text(source: str, label: str | None, page: Page) -> tuple[str, str | None]:
    """One Markdown cell; ``label`` is the exercise whose solution is open before and after it."""
    parts, at, first = [], 0, False
    for edge in EDGE.finditer(source):
        parts.append(_box(source[at : edge.start()], label, first, page))
        label, at, first = edge["label"], edge.end(), True
    parts.append(_box(source[at:], label, first, page))
    return "".join(parts), label


def _box(text: str, label: str | None, first: bool, page: Page) -> str:
    """A piece of text, in a box if it belongs to the solution of an exercise."""
    if label is None:
        return text
    solution, continued = WORDS[page.language]
    title = f"{solution}. {page.find(label).text}"
    if not text.strip():
        return f"\n**{title}**\n" if first else ""  # code alone
    more = "" if first else f" ({continued})"
    return f"\n<details>\n<summary>{title}{more}</summary>\n\n{text.strip()}\n\n</details>\n"
