"""What a chapter says of itself in its first box: goals, what it needs, minutes.

What only specialists need of chapter 2 stands on a page of its own, ``02-deeper``. It comes after
the chapter, has its own notebook, and is no chapter: the main path passes it by.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

BOX = re.compile(r"^:::\{admonition\}[^\n]*\n:class: tip\n(.*?)^:::", re.M | re.S)
TITLE = re.compile(r"^# (?:\d+\. )?(.+)$", re.M)
MINUTES = re.compile(r"(\d+)\s*(?:분|minutes)")
NEEDED = re.compile(r"\{doc\}`[^`<]*<(\d\d-[\w-]+)>`")
DEEPER = re.compile(r"\d\d-deeper")


@dataclass(frozen=True)
class Chapter:
    """One chapter, as its own first lines describe it."""

    name: str
    title: str
    minutes: int
    needs: tuple[str, ...]
    goals: tuple[str, ...]

    @property
    def number(self) -> int:
        """The number in the file's name."""
        return int(self.name[:2])


def read(page: Path) -> Chapter:
    """Read one chapter.

    Raises:
        ValueError: if it lacks the box, a goal or the minutes.
    """
    text = page.read_text("utf-8")
    box = BOX.search(text)
    minutes = MINUTES.findall(box[1]) if box else []
    goals = re.findall(r"^- (.+)$", box[1], re.M) if box else []
    if not (box and minutes and goals):
        raise ValueError(f"{page}: the first box must name the goals and the minutes")
    needs = tuple(dict.fromkeys(NEEDED.findall(box[1])))
    return Chapter(page.stem, TITLE.search(text)[1], int(minutes[-1]), needs, tuple(goals))


@dataclass(frozen=True)
class Deeper:
    """A page behind a chapter; its first box may be missing, and with it the minutes."""

    name: str
    title: str
    minutes: int | None


def is_deeper(page: str) -> bool:
    """Whether a page, such as ``02-deeper``, stands behind a chapter."""
    return bool(DEEPER.fullmatch(page))


def place(page: str) -> tuple[str, bool, str]:
    """What pages are sorted by: a deeper page after its chapter, whatever the alphabet says."""
    return page[:2] if page[:2].isdigit() else page, is_deeper(page), page


def all_of(folder: Path) -> list[Chapter]:
    """The numbered chapters of one language, in order."""
    pages = sorted(folder.glob("[0-9][0-9]-*.md"))
    found = [read(page) for page in pages if not is_deeper(page.stem)]
    # Whoever needs what is behind a chapter needs the chapter.
    home = {f"{chapter.name[:2]}-deeper": chapter.name for chapter in found}
    return [
        replace(chapter, needs=tuple(dict.fromkeys(home.get(name, name) for name in chapter.needs)))
        for chapter in found
    ]


def deeper_of(folder: Path) -> list[Deeper]:
    """The pages behind the chapters of one language, in order."""
    found = []
    for page in filter(lambda page: is_deeper(page.stem), sorted(folder.glob("*.md"))):
        text = page.read_text("utf-8")
        box = BOX.search(text)
        minutes = MINUTES.findall(box[1]) if box else []
        found.append(
            Deeper(page.stem, TITLE.search(text)[1], int(minutes[-1]) if minutes else None)
        )
    return found
