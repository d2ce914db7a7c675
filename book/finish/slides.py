"""A page of slides for every chapter, taken from its finished page: nothing is written twice.

A slide shows what a class looks at together: a section's question, its formulas and theorems, a
figure with its caption, what was measured, a question with its answers. Code and exercises stay in
the chapter.
"""

import copy
import html
from pathlib import Path

from bs4 import BeautifulSoup, Tag

LONG, ROOM = 5, 2  # items of text on one slide; those that may stand above a figure
WORDS = {
    "ko": {
        "slides": "슬라이드",
        "chapter": "이 장으로",
        "keys": "← → 로 넘깁니다. F는 전체 화면, 인쇄하면 PDF가 됩니다.",
    },
    "en": {
        "slides": "Slides",
        "chapter": "To the chapter",
        "keys": "← → to move, F for full screen; print it to get a PDF.",
    },
}
STYLE = (Path(__file__).parents[1] / "static_slides/slides.css").read_text("utf-8")
SCRIPT = "\n".join(
    (Path(__file__).parents[1] / name).read_text("utf-8")
    for name in ("static_slides/slides.js", "static/claims.js")
)


def deck(text: str, name: str, language: str) -> str:
    """The slides of one finished chapter.

    Args:
        text: its page.
        name: its file, to which links of the slides lead.
        language: ``"ko"`` or ``"en"``.

    Raises:
        ValueError: if the page holds no section from which a slide could be made.
    """
    soup = BeautifulSoup(text, "html.parser")
    article = soup.select_one("article.bd-article > section")
    if article is None:
        raise ValueError(f"{name} has no text to make slides of")
    for unwanted in article.select(".headerlink, .flow-lab, script, .copybtn, .on-dark"):
        unwanted.decompose()
    for link in article.select("a.enlarge"):
        link.unwrap()
    title = article.find("h1").get_text(" ", strip=True)
    goals = article.select_one(":scope > .admonition.tip")
    slides = [[article.find("h1"), *([goals] if goals else [])]]
    for section in [article, *article.find_all("section")]:
        if not section.get("id", "").endswith(("-exercises", "-reading")):
            slides += of_section(section)
    words, notes = WORDS[language], set()
    body = "\n".join(
        f'<section class="slide">{"".join(clean(part, name, notes) for part in parts)}</section>'
        for parts in slides
    )
    style = soup.find("link", rel="stylesheet")
    return (
        f'<!doctype html><html lang="{language}" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        '<link rel="icon" href="_static/favicon.svg">'
        f"<title>{html.escape(title)} · {words['slides']}</title>{style or ''}"
        f"<style>{STYLE}</style></head><body><main>{body}</main>"
        f'<footer><a href="{name}">{words["chapter"]}</a> <span>{words["keys"]}</span></footer>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def of_section(section: Tag) -> list[list[Tag]]:
    """The slides of one section without those of the sections inside it."""
    heading = section.find(["h1", "h2", "h3", "h4"], recursive=False)
    if heading is None:
        return []
    slides, items = [], []

    def turn() -> None:
        if items:
            slides.append([heading, *items])
            items.clear()

    recap = section["id"].endswith("-recap")
    before = None
    for part in section.find_all(recursive=False):
        classes = set(part.get("class", []))
        if part.name == "figure":
            if len(items) > ROOM:
                turn()
            items.append(part)
            turn()
        elif classes & {"proof", "warning", "quiz"}:  # also what a class votes on
            turn()
            slides.append([heading, part])
        elif part is not heading and (recap or is_shown(part, classes)):
            # A formula alone says little: the sentence that leads up to it comes along.
            if "math" in classes and before is not None and before.name == "p":
                if not any(item is before for item in items):
                    items.append(before)
            items.append(part)
            if len(items) >= LONG:
                turn()
        before = part
    turn()
    return slides


def is_shown(part: Tag, classes: set[str]) -> bool:
    """Formulas, tables, questions, and what was measured."""
    if part.name == "table" or classes & {"math", "pst-scrollable-table-container"}:
        return True
    if part.name != "p":
        return False
    return bool(part.select_one(".claim")) or part.get_text().strip().endswith("?")


def clean(part: Tag, name: str, notes: set[str]) -> str:
    """A copy whose links lead to the chapter and whose names are not given twice.

    Args:
        part: of the chapter.
        name: file of the chapter.
        notes: names of the notes at claims on the slides before, which need them to open.
    """
    part = copy.copy(part)
    for tag in [part, *part.find_all(True)]:
        if "claim-note" in tag.get("class", []) and tag["id"] not in notes:
            notes.add(tag["id"])
        elif tag.name != "input":  # those of a quiz are there once, and their labels name them
            tag.attrs.pop("id", None)
        address = tag.get("href", "")
        if tag.name == "a" and address.startswith("#"):
            tag["href"] = name + address
    return str(part)
