"""KaTeX's fonts, with the characters that the book's formulas use."""

import html as entities
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

OPENING = '<span class="katex-html"'
SPAN = re.compile(r"<(/?)span\b")


def characters(page: str) -> set[str]:
    """What the formulas of a page are written with."""
    return {character for text in formulas(page) for character in text}


def subset(fonts: Path, used: set[str]) -> None:
    """Leave WOFF2 files with the characters of the formulas; the older formats go.

    Args:
        fonts: folder of KaTeX's fonts.
        used: characters of the formulas of all pages.
    """
    codes = {ord(character) for character in used}
    for file in [*fonts.glob("*.woff"), *fonts.glob("*.ttf")]:
        file.unlink()  # every browser that runs the laboratory reads WOFF2
    for file in fonts.glob("*.woff2"):
        font = TTFont(file, recalcTimestamp=False)  # the same bytes whenever it is made
        subsetter = Subsetter(Options(layout_features=[], hinting=False, notdef_outline=True))
        subsetter.populate(unicodes=codes & set(font.getBestCmap()))
        subsetter.subset(font)
        font.flavor = "woff2"
        font.save(file)


def formulas(page: str) -> Iterable[str]:
    """What each formula of a page shows, without the copy for screen readers."""
    start = page.find(OPENING)
    while start >= 0:
        depth, end = 0, len(page)
        for tag in SPAN.finditer(page, start):
            depth += -1 if tag[1] else 1
            if depth == 0:
                end = tag.start()
                break
        yield entities.unescape(re.sub(r"<[^>]*>", "", page[start:end]))
        start = page.find(OPENING, end)
