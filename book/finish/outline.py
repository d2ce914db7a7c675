"""Which slides a chapter has: one picture, formula, table, function or question on each.

A section is read from the top. Whatever can be looked at opens a slide; a question that led up to
it becomes the title; at most three sentences stay on the slide: those that were measured, and the
caption. Everything else that the section says goes into the notes of the one who speaks.
"""

import copy
import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString, Tag

SENTENCES = 3  # on one slide, those of a caption among them
CODE, SHORT = 14, 8  # lines of code on a slide; those of a function that needs no mark
ROWS = 10  # of a table that can be read from afar
ASKED = {"ko": (10, 70), "en": (18, 100)}  # characters of a question that can be a title
HEADINGS = ["h1", "h2", "h3", "h4"]
MARKED = "on-slide"  # the class of what an author has marked: see book/extension/slide_mark.py
FUNCTION = re.compile(r"(?:@.*\n)*(?:def|class) .*(?:\n(?:[ )].*)?)*")
BLOCK = re.compile(r"^(?:@.*\n)*(?:def|class|for|while) .*(?:\n(?:[ )].*)?)*", re.M)
_NEW = BeautifulSoup("", "html.parser").new_tag


@dataclass
class Slide:
    """What a class sees, and what its teacher says.

    Attributes:
        kind: ``"goals"``, ``"figure"``, ``"formula"``, ``"table"``, ``"box"``, ``"code"``,
            ``"quiz"`` or ``"words"``.
        title: a heading, or a paragraph that asks.
        above: the heading under which it stands, if the title is not that heading.
        shown: parts of the chapter, in their order on the slide.
        notes: parts of the chapter that are said.
        place: name of the section in the chapter.
    """

    kind: str
    title: Tag
    above: Tag | None
    shown: list[Tag]
    notes: list[Tag] = field(default_factory=list)
    place: str = ""


@dataclass
class Draft:
    """A slide that is being gathered: what leads up to a part, the part, what is said of it."""

    kind: str
    part: Tag | None
    before: list[Tag]
    after: list[Tag] = field(default_factory=list)

    def has_room(self) -> bool:
        """Whether another measured sentence can stand on it."""
        measured = sum(map(is_measured, [s for part in self.after for s in sentences(part)]))
        return self.kind in ("figure", "formula", "table", "words") and measured == 0


def of_chapter(article: Tag, language: str) -> list[Slide]:
    """All slides of a chapter but its title.

    Args:
        article: the chapter's outermost section, without what no slide shows.
        language: ``"ko"`` or ``"en"``.
    """
    slides = []
    for section in [article, *article.find_all("section")]:
        name = section.get("id", "")
        heading = section.find(HEADINGS, recursive=False)
        if heading is None or name.endswith(("-exercises", "-reading")):
            continue
        outer = section.parent.find(HEADINGS, recursive=False) if heading.name > "h2" else None
        if section is article:
            slides += opening(article, heading)
        elif name.endswith("-recap"):
            parts = section.find_all(["ul", "ol"], recursive=False)
            rest = section.find_all("p", recursive=False)
            slides.append(Slide("goals", heading, None, parts, rest, name))
        else:
            drafts = gathered(section)
            slides += [
                composed(draft, heading, outer, name, language, number == 0)
                for number, draft in enumerate(drafts)
            ]
    return slides


def opening(article: Tag, heading: Tag) -> list[Slide]:
    """The goals, with the words that the chapter begins with for notes."""
    box = article.select_one(":scope > .admonition.tip")
    words = article.find_all("p", recursive=False)
    if box is None:
        return [Slide("words", heading, None, sum(map(sentences, words), [])[:SENTENCES])]
    title = box.find(class_="admonition-title")
    parts = [part for part in box.find_all(recursive=False) if part is not title]
    return [Slide("goals", title or heading, None, parts, words, article.get("id", ""))]


def gathered(section: Tag) -> list[Draft]:
    """What stands in one section, taken apart where a new slide begins."""
    drafts: list[Draft] = []
    before: list[Tag] = []
    open_ = False  # whether what is said next is still about the last slide

    def show(kind: str, part: Tag | None) -> None:
        nonlocal before, open_
        said = drafts[-1].after if drafts and part is None else []
        if said and said[-1].name == "p" and is_measured(sentences(before[0])[0]):
            before = [said.pop(), *before]  # a sentence alone does not say what was measured
        drafts.append(Draft(kind, part, before))
        before, open_ = [], part is None or kind != "quiz"

    def settle() -> None:
        """Words that wait for a picture which does not come."""
        nonlocal before
        if any(needs_slide(part) for part in before) and not (drafts and drafts[-1].has_room()):
            show("words", None)
        elif drafts and before:
            drafts[-1].after += before
            before = []

    for part in section.find_all(recursive=False):
        kind = kind_of(part, section)
        if kind is None:
            continue
        if kind == "folded":
            for figure in part.select("figure"):
                show("figure", figure)
            drafts[-1].after += part.select("summary ~ * > p")
            continue
        if kind == "cell":
            if not is_folded(part) and any(map(is_measured, before)):
                settle()
            open_ = False
        elif kind != "words":
            if kind == "quiz" or kind != "figure" and any(map(is_measured, before)):
                settle()
            show(kind, part)
        elif open_ and not asks(part) and not is_marked(part):
            drafts[-1].after.append(part)
        else:
            before, open_ = [*before, part], False
    settle()
    if before:
        show("words", None)
    return drafts


def kind_of(part: Tag, section: Tag) -> str | None:
    """What a part of a section is for the slides; None for headings and inner sections."""
    classes = set(part.get("class", []))
    if part.name == "section" or part.name in HEADINGS:
        return None
    if part.name == "figure":
        return "figure"
    if "quiz" in classes:
        return "quiz"
    if part.name == "table" or "pst-scrollable-table-container" in classes:
        return "table" if len(part.find_all("tr")) <= ROWS or is_marked(part) else "cell"
    if "proof" in classes and "proof-text" not in classes:
        return "box"
    if "admonition" in classes and MARKED in classes:
        return "box"
    if part.name == "details" and part.select_one("figure"):
        return "folded"
    if "math" in classes:
        return "formula" if part.get("id") or is_marked(part) or alone(section) else "words"
    if "cell" in classes or any(name.startswith("highlight-") for name in classes):
        return "code" if is_idea(part) else "cell"
    return "words"


def alone(section: Tag) -> bool:
    """Whether a section has nothing but formulas without a number to look at."""
    return not section.select(":scope > figure, :scope > div.math[id], :scope > .claim")


def is_idea(cell: Tag) -> bool:
    """Whether code is the idea itself: what an author marked, wrote into the text, or one function.

    Longer code, and functions that only draw, stay in the chapter.
    """
    code = cell.find("pre")
    if code is None or is_folded(cell):
        return False
    text = code.get_text().strip()
    if is_marked(cell):
        return True
    if len(text.splitlines()) > CODE or "highlight-bash" in cell.get("class", []):
        return False
    if "cell" not in cell.get("class", []):
        return True
    drawn = re.search(r"\bax(es)?\b|claim\(", text)
    return len(text.splitlines()) <= SHORT and bool(FUNCTION.fullmatch(text)) and not drawn


def is_folded(part: Tag) -> bool:
    """Whether a cell is not seen until it is opened."""
    return any("hide" in name or "remove" in name for name in part.get("class", []))


def is_marked(part: Tag) -> bool:
    """Whether the author has said that it belongs on a slide."""
    return MARKED in part.get("class", [])


def is_measured(part: Tag) -> bool:
    """Whether something was measured for it."""
    return part.select_one(".claim") is not None


def needs_slide(part: Tag) -> bool:
    """Whether words must not get lost in the notes."""
    return is_marked(part) or is_measured(part)


def plain(part: Tag) -> str:
    """The words of a part; a formula counts once."""
    part = copy.copy(part)
    for twice in part.select(".katex-html, annotation, .claim"):
        twice.decompose()
    return " ".join(part.get_text().split())


def asks(part: Tag) -> bool:
    """Whether a paragraph ends in a question."""
    return part.name == "p" and plain(part).endswith("?")


def says_what(sentence: Tag) -> bool:
    """Whether a sentence behind a formula may say what one of its letters stands for."""
    return sentence.name == "p" and bool(sentence.select(".katex")) and not asks(sentence)


def sentences(part: Tag) -> list[Tag]:
    """The sentences of a paragraph, or of a list with measured ones.

    In the sources each has a line of its own.
    """
    if part.name in ("ul", "ol") and is_measured(part):
        return [s for inner in part.select("li > p") for s in sentences(inner)]
    if part.name != "p":
        return [part]
    found = [[]]
    for child in part.children:
        if type(child) is NavigableString:
            first, *more = child.split("\n")
            found[-1].append(first)
            found += [[line] for line in more]
        else:
            found[-1].append(copy.copy(child))
    made = [paragraph(pieces, part) for pieces in found if any(str(p).strip() for p in pieces)]
    return made


def paragraph(pieces: list, like: Tag) -> Tag:
    """A paragraph of pieces, with the mark of another one."""
    made = _NEW("p")
    if is_marked(like):
        made["class"] = [MARKED]
    for piece in pieces:
        made.append(piece)
    return made


def joined(words: list[Tag]) -> list[Tag]:
    """Sentences that follow one another, as paragraphs; other parts as they are."""
    found = []
    for part in words:
        if part.name == "p" and found and found[-1].name == "p" and "joined" in found[-1].attrs:
            found[-1].append(" ")
            for child in list(part.children):
                found[-1].append(child)
        elif part.name == "p":
            found.append(paragraph(list(part.children), part))
            found[-1]["joined"] = ""
        else:
            found.append(part)
    return found


def shortened(figure: Tag, room: int) -> tuple[Tag, list[Tag], int]:
    """A figure with the beginning of its caption; the rest of it; sentences that were kept."""
    figure = copy.copy(figure)
    text = figure.select_one("figcaption .caption-text")
    if text is None:
        return figure, [], 0
    inner = _NEW("p")
    for child in list(text.children):
        inner.append(child)
    said = sentences(inner)
    kept, rest = said[:room], said[room:]
    for number, part in enumerate(kept):
        if number:
            text.append(" ")
        for child in list(part.children):
            text.append(child)
    return figure, rest, len(kept)


def excerpt(cell: Tag) -> Tag:
    """The first function or loop of a cell, or its first lines, without what it printed."""
    code = copy.copy(cell.select_one('div[class*="highlight-"]') or cell)
    pre = code.find("pre")
    text, lines = pre.get_text().rstrip(), pre.decode_contents().rstrip().split("\n")
    start, stop = 0, len(lines)
    if stop > SHORT and (block := BLOCK.search(text)):
        start = text[: block.start()].count("\n")
        stop = start + len(block[0].rstrip().split("\n"))
    shown = lines[start : min(stop, start + CODE)]
    more = ["…"] if stop > start + CODE else []
    made = "\n".join([*shown, *more])
    pre.replace_with(BeautifulSoup(f"<pre>{made}</pre>", "html.parser"))  # keeps its spaces
    return code


def composed(
    draft: Draft, heading: Tag, outer: Tag | None, place: str, language: str, first: bool
) -> Slide:
    """The slide of a draft: its title, what is shown, and what is said."""
    before = [s for part in draft.before for s in sentences(part)]
    after = [s for part in draft.after for s in sentences(part)]
    low, high = ASKED[language]
    questions = [
        s for s in before if s.name == "p" and asks(s) and low <= len(plain(s)) <= high
    ]  # fmt: skip
    title, above = heading, outer
    if questions and not (first and plain(heading).endswith("?")):
        title, above = questions[0], heading
        before = [s for s in before if s is not title]
    lead = before[-1] if before and before[-1].name == "p" else None
    measured = [s for s in (*before, *after) if is_marked(s)]
    measured += [s for s in (*before, *after) if is_measured(s) and not is_marked(s)]
    rest, kept = [], []
    if draft.kind == "figure":
        figure, rest, count = shortened(draft.part, SENTENCES - bool(measured))
        kept = measured[: SENTENCES - count]
        shown = [figure, *kept]
    elif draft.kind in ("formula", "code"):
        part = excerpt(draft.part) if draft.kind == "code" else draft.part
        lead = [lead] if lead is not None and lead not in measured else []
        more = measured or [s for s in after if says_what(s)][:1]
        kept = [*lead, *more[: SENTENCES - len(lead)]]
        shown = [*lead, part, *kept[len(lead) :]]
    elif draft.kind == "table":
        kept = measured[: SENTENCES - 1]
        shown = [draft.part, *kept]
    elif draft.part is not None:  # a theorem, or a question with its answers
        shown = [draft.part]
    else:
        words = [s for s in (*before, *after) if s.name == "p"] or [*before, *after]
        kept = (measured or words)[:SENTENCES]
        start = next((n for n, s in enumerate(words) if s is kept[0]), 0)
        if start and len(kept) < SENTENCES:  # what it is that was measured
            kept.insert(0, words[start - 1])
        shown = kept
    there = {id(part) for part in kept}
    notes = [s for s in before if id(s) not in there]
    notes += [*rest, *(s for s in after if id(s) not in there)]
    return Slide(draft.kind, title, above, shown, joined(notes), place)
