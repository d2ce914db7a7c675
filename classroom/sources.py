"""The sources of the assignments: one MyST file for each chapter or project, and language."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "assignments"
LANGUAGES = ("ko", "en")


def names() -> list[str]:
    """All assignments: those of the chapters, then the projects."""
    return sorted(page.stem for page in (FOLDER / "ko").glob("*.md"))


def projects() -> list[str]:
    """The assignments that belong to no chapter: ``claim``, ``contest``, ``figure``."""
    return [name for name in names() if not name[0].isdigit()]


def title(name: str, language: str) -> str:
    """The heading of an assignment; its name, if this course has none of that name."""
    try:
        text = find(name, language).read_text("utf-8")
    except ValueError:
        return name
    found = re.search(r"^# (.+)$", text, re.M)
    return found[1].strip() if found else name


def find(chapter: str, language: str) -> Path:
    """The source of one assignment.

    Args:
        chapter: ``"3"``, ``"03"`` or the full name ``"03-flow-matching"``; or a project,
            ``"contest"``.
        language: ``"ko"`` or ``"en"``.

    Returns:
        Its path.

    Raises:
        ValueError: if there is no such language or chapter.
    """
    if language not in LANGUAGES:
        raise ValueError(f"the language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    known = names()
    wanted = chapter.zfill(2) if re.fullmatch(r"\d+", chapter) else chapter
    for name in known:
        if wanted in (name, name.split("-")[0]):
            return FOLDER / language / f"{name}.md"
    raise ValueError(f"no assignment for chapter {chapter!r}; there are {', '.join(known)}")
