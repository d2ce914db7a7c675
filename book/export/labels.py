"""What every label of one language stands for: its page, its anchor, its title or its number.

The site numbers figures, formulas, exercises and theorems through the whole book, in the order of
``_toc.yml``. Notebooks count in the same way, so that "Figure 17" is the same figure in both.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    "ko": {"figure": "그림", "exercise": "연습 문제", "theorem": "정리", "lemma": "보조정리"},
    "en": {"figure": "Figure", "exercise": "Exercise", "theorem": "Theorem", "lemma": "Lemma"},
}
SECTION = re.compile(r"\(([\w-]+)\)=")
EQUATION = re.compile(r"\$\$ *\(([\w:-]+)\)")
OPENING = re.compile(r"[`:]{3,}\{([\w:-]+)\} *(.*)")
OPTION = re.compile(r":(?:label|name): *(\S+)")
KINDS = {
    "figure": "figure",
    "output-figure": "figure",
    "exercise": "exercise",
    "exercise-start": "exercise",
    "prf:theorem": "theorem",
    "prf:lemma": "lemma",
}


@dataclass(frozen=True)
class Label:
    """A place that a reference can lead to."""

    page: str
    anchor: str
    text: str  # what the reference shows if its author wrote nothing


def page_names() -> list[str]:
    """The pages in the order of the book."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    files = [file for chapter in chapters for file in _files(chapter)]
    return [Path(file).stem for file in [toc["root"], *files]]


def _files(entry: dict) -> list[str]:
    """The file of an entry of the contents, and those below it."""
    return [entry["file"], *(file for part in entry.get("sections", ()) for file in _files(part))]


@lru_cache
def labels(language: str) -> dict[str, Label]:
    """All labels of one language; a page has its own name for a label."""
    found: dict[str, Label] = {}
    numbers: Counter[str] = Counter()
    for page in page_names():
        lines = (ROOT / "chapters" / language / f"{page}.md").read_text("utf-8").splitlines()
        title = next(line[2:] for line in lines if line.startswith("# "))
        found[page] = Label(page, "", title)
        for at, line in enumerate(lines):
            if match := SECTION.fullmatch(line.strip()):
                heading = next(text for text in lines[at:] if text.startswith("#"))
                found[match[1]] = Label(page, match[1], heading.lstrip("# "))
            elif match := EQUATION.fullmatch(line.strip()):
                numbers["equation"] += 1
                number = f"({numbers['equation']})"
                found[match[1]] = Label(page, f"equation-{match[1]}", number)
            elif (match := OPENING.fullmatch(line)) and match[1] in KINDS:
                kind = KINDS[match[1]]
                numbers[kind] += 1
                name = match[2] if match[1] == "output-figure" else _name(lines[at + 1 :])
                if name:
                    found[name] = Label(page, name, f"{WORDS[language][kind]} {numbers[kind]}")
    return found


def _name(options: list[str]) -> str:
    """The label among the options of a directive, or nothing."""
    for line in options:
        if not line.startswith(":"):
            break
        if match := OPTION.fullmatch(line.strip()):
            return match[1]
    return ""
