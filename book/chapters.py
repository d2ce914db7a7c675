"""What a chapter says of itself in its first box: goals, what it needs, minutes."""

import re
from dataclasses import dataclass
from pathlib import Path

BOX = re.compile(r"^:::\{admonition\}[^\n]*\n:class: tip\n(.*?)^:::", re.M | re.S)
TITLE = re.compile(r"^# (?:\d+\. )?(.+)$", re.M)
MINUTES = re.compile(r"(\d+)\s*(?:분|minutes)")
NEEDED = re.compile(r"\{doc\}`[^`<]*<(\d\d-[\w-]+)>`")


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


def all_of(folder: Path) -> list[Chapter]:
    """The numbered chapters of one language, in order."""
    return [read(page) for page in sorted(folder.glob("[0-9][0-9]-*.md"))]
