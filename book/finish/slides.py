"""A page of slides for every chapter, taken from its finished page: nothing is written twice.

A slide shows one thing: a figure with its caption, a formula, a theorem, a table, a short function,
a question with its answers, what was measured. The words around it are notes for the one who
speaks, which nobody sees until they are asked for. See ``book.finish.outline``.
"""

import copy
import html
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from book.finish import outline

UNSHOWN = ".headerlink, .flow-lab, script, .copybtn, .on-dark, .exercise, .solution"
WORDS = {
    "ko": {
        "slides": "슬라이드",
        "chapter": "이 장으로",
        "notes": "발표자 노트",
        "section": "본문에서 읽기",
        "laboratory": "실험실 열기",
        "keys": "← → 로 넘기고, 문제에서는 →(또는 A)가 먼저 정답을 보입니다. S는 발표자 노트, "
        "P는 영상, F는 전체 화면입니다. 두 창에 열면 함께 넘어가고, 인쇄하면 PDF가 됩니다.",
    },
    "en": {
        "slides": "Slides",
        "chapter": "To the chapter",
        "notes": "Speaker’s notes",
        "section": "Read it in the chapter",
        "laboratory": "Open the laboratory",
        "keys": "← → to move; at a question, → (or A) shows the answer first. S for the speaker’s "
        "notes, P for a film, F for full screen. Two windows move together; print for a PDF.",
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
    for unwanted in article.select(UNSHOWN):
        unwanted.decompose()
    for link in article.select("a.enlarge"):
        link.unwrap()
    words, notes = WORDS[language], set()
    heading = article.find("h1")
    title = heading.get_text(" ", strip=True)
    body = [
        f'<section class="slide of-start"><div class="show">{clean(heading, name, notes)}'
        f'<p class="keys">{words["keys"]}</p></div></section>'
    ]
    for slide in outline.of_chapter(article, language):
        body.append(written(slide, name, notes, words))
    slides, style = "\n".join(body), soup.find("link", rel="stylesheet")
    return (
        f'<!doctype html><html lang="{language}" data-theme="light"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        '<link rel="icon" href="_static/favicon.svg">'
        f"<title>{html.escape(title)} · {words['slides']}</title>{style or ''}"
        f"<style>{STYLE}</style></head><body><main>{slides}</main>"
        f'<footer><a href="{name}">{words["chapter"]}</a></footer>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def written(slide: outline.Slide, name: str, notes: set[str], words: dict[str, str]) -> str:
    """A slide as a piece of the page.

    Args:
        slide: what it shows.
        name: file of the chapter.
        notes: names of the notes at claims that are there already.
        words: of the page's language.
    """
    above = ""
    if slide.above is not None:
        above = f'<p class="above">{inside(slide.above, name, notes)}</p>'
    shown = "".join(clean(part, name, notes) for part in slide.shown)
    if any("with-lab" in part.get("class", []) for part in slide.shown):
        place = next(part["id"] for part in slide.shown if part.name == "figure")
        shown += f'<p class="open"><a href="{name}#{place}">{words["laboratory"]}</a></p>'
    said = "".join(spoken(part, name) for part in slide.notes)
    speaker = ""
    if said:
        said += f'<p><a href="{name}#{slide.place}">{words["section"]}</a></p>'
        summary = f"<summary>{words['notes']}</summary>"
        speaker = f'<details class="speaker">{summary}<div>{said}</div></details>'
    return (
        f'<section class="slide of-{slide.kind}"><div class="show">{above}'
        f"<h2>{inside(slide.title, name, notes)}</h2>{shown}</div>{speaker}</section>"
    )


def inside(part: Tag, name: str, notes: set[str]) -> str:
    """What stands in a heading or in a question."""
    made = BeautifulSoup(clean(part, name, notes), "html.parser")
    return made.find(True).decode_contents()


def spoken(part: Tag, name: str) -> str:
    """A part for the notes: the figures of its claims in the text, its formulas as MathML alone.

    The screen has room for marks that open; who speaks needs to see the figures. MathML is a tenth
    of what a formula weighs on the page.
    """
    part = copy.copy(part)
    for claim in part.select(".claim"):
        claim.replace_with(f" [{claim['data-figure']}]")
    for formula in part.select(".katex"):
        for heavy in formula.select(".katex-html, annotation"):
            heavy.decompose()
    part.attrs.pop("joined", None)
    return clean(part, name, set())


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
