"""Make the finished pages light: no script that a style sheet can replace, small pictures, lazy.

The theme brings all icons of Font Awesome twice, as a script of half a megabyte and as a font of
157 KB; a page shows a dozen of them. The script goes, and the font keeps what is used.
"""

import hashlib
import io
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image

from book.finish import code_lines, films, formula_fonts, scripts, styles, words

ICON_CLASS = re.compile(r"\bfa-([a-z][a-z-]*)")
DYNAMIC = {"xmark"}  # icons that the theme's script adds later
LABORATORY = re.compile(
    r'(<div class="flow-lab"[^>]*>)<script type="application/json">(.*?)</script>'
)
SEARCH_BUTTON = re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"')
# The theme's script says late whether a page that follows the system is dark: light until then, and
# with figures that nobody will see. Here the page knows it before anything is drawn or fetched.
THEME = 'localStorage.getItem("theme") || "auto";'
KNOWN = (
    'document.documentElement.dataset.mode !== "auto" ? document.documentElement.dataset.mode'
    ' : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";'
)
WIDE = 640  # pixels; a picture that is wider is one of several panels
ADDED = {"wide"}  # classes that are added after the rules for them have been chosen
PNG = re.compile(r"_images/([\w.-]+)\.png")
HASH = re.compile(r"[0-9a-f]{64}")
FILM_CLASS = re.compile(r'class="[^"]*\bfilm')
PICTURE = re.compile(r'<img\b[^>]*\bsrc="(_images/[^"]+)"[^>]*>')


@dataclass(frozen=True)
class Facts:
    """What the files that pages share must hold for a page, or for all of them together."""

    scripts: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    icons: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What every page takes the place of its scripts and style sheets."""

    script: scripts.Bundle
    sheet: str


def facts(text: str) -> Facts:
    """Look through one page."""
    addresses, settings = scripts.asked(text)
    icons = {
        name
        for classes in re.findall(r'class="([^"]*)"', text)
        for name in ICON_CLASS.findall(classes)
    }
    return Facts(
        tuple(dict.fromkeys(addresses)),
        tuple(dict.fromkeys(settings)),
        tuple(dict.fromkeys(styles.linked(text))),
        tuple(sorted(styles.named(text))),
        tuple(sorted(icons)),
        tuple(sorted(formula_fonts.characters(text))),
    )


def together(pages: Iterable[Facts]) -> Facts:
    """What all pages need; scripts and style sheets keep the order in which they were met."""
    pages = list(pages)

    def met(part: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for page in pages for item in getattr(page, part)))

    ordered = [met(part) for part in ("scripts", "settings", "sheets")]
    return Facts(*ordered, *(tuple(sorted(met(part))) for part in ("words", "icons", "characters")))


def share(html: Path, need: Facts) -> Plan:
    """Rework what the pages of one language share, in place.

    Args:
        html: folder of the pages; only its ``_static`` is touched.
        need: of all pages together.
    """
    subset_icons(html, set(need.icons))
    formula_fonts.subset(html / "_static/katex/fonts", set(need.characters))
    for file in (html / "_static").rglob("*.map"):
        file.unlink()  # for the theme's developers
    script = scripts.bundle(html, need.scripts, need.settings)
    return Plan(
        script, styles.bundle(html, need.sheets, set(need.words) | styles.scripted(html) | ADDED)
    )


def prepared(text: str, html: Path, language: str) -> str:
    """One page in the words of its language, with films that stand still and marked code.

    Before anything is asked of the page: these add to what it needs of scripts and style sheets.

    Args:
        text: of the page, as Sphinx wrote it.
        html: folder of the pages; still pictures of films are written beside the films.
        language: of the page.
    """
    return films.stop(code_lines.mark(words.translate(text, language)), html, language)


def page(text: str, html: Path, plan: Plan) -> str:
    """One page, made light. Its pictures lie in ``html`` already, converted."""
    text = styles.applied(scripts.applied(text, plan.script), plan.sheet)
    text = PNG.sub(lambda match: f"_images/{picture_name(match[1])}", text)
    text = text.replace(THEME, KNOWN)
    text = LABORATORY.sub(lambda match: match[1] + apart(match[2], html), text)
    # What is said of a button must begin with what is seen on it: its own words will do.
    text = SEARCH_BUTTON.sub(r"\1", text)
    # docutils' role for an entry is deprecated, and a list must hold list items.
    text = text.replace('role="doc-biblioentry"', 'role="listitem"')
    return sized(text, html)


def picture_name(stem: str) -> str:
    """The file of a converted picture: of a hash, as figures have for a name, 12 digits will do."""
    return f"{stem[:12] if HASH.fullmatch(stem) else stem}.webp"


def apart(state: str, html: Path) -> str:
    """Put the weights of a laboratory into a file that is fetched when the reader comes near."""
    name = f"_static/lab-{hashlib.sha256(state.encode()).hexdigest()[:8]}.json"
    (html / name).write_text(state.replace("<\\/", "</"), "utf-8")
    return f'<script type="application/json" data-src="{name}"></script>'


def subset_icons(html: Path, icons: set[str]) -> None:
    """Leave only the icons that are used in the theme's style sheet and in its fonts."""
    sheet = html / "_static/styles/pydata-sphinx-theme.css"
    used = icons | DYNAMIC

    def keep(rule: re.Match) -> str:
        return rule[0] if used & set(ICON_CLASS.findall(rule[1])) else ""

    style = re.sub(
        r"((?:\.fa-[\w-]+::?before,?)+)\{content:\"[^\"]*\"\}", keep, sheet.read_text("utf-8")
    )
    # Escaped, as in \f00d, or as the character itself, as in the icons of admonitions.
    codes = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", style)}
    codes |= {ord(character) for character in style if 0xE000 <= ord(character) <= 0xF8FF}
    for file in (html / "_static/vendor/fontawesome/webfonts").glob("*.ttf"):
        font = TTFont(file, recalcTimestamp=False)  # the same bytes whenever it is made
        subsetter = Subsetter(Options(layout_features=[], hinting=False, notdef_outline=True))
        subsetter.populate(unicodes=codes & set(font.getBestCmap()))
        subsetter.subset(font)
        font.flavor = "woff"  # zlib inside; WOFF2 would need one more package and save nothing here
        font.save(file.with_suffix(".woff"))
        file.with_suffix(".woff2").unlink()
        file.unlink()
        both = rf'{file.stem}\.woff2\) format\("woff2"\),url\([^)]*\) format\("truetype"\)'
        style = re.sub(both, f'{file.stem}.woff) format("woff")', style)
    sheet.write_text(style, "utf-8")


def convert(png: Path, webp: Path, cache: Path) -> None:
    """Write a WebP that shows what a PNG shows.

    Args:
        png: the picture.
        webp: what is written.
        cache: folder for converted pictures; their names are hashes of what they show.
    """
    cache.mkdir(parents=True, exist_ok=True)
    kept = cache / f"{png.stem}.webp"
    if not kept.exists():
        picture = Image.open(png)
        if picture.getextrema()[-1] == (255, 255) and picture.mode == "RGBA":
            picture = picture.convert("RGB")  # nothing shines through
        exact, lossy = io.BytesIO(), io.BytesIO()
        picture.save(exact, "WEBP", lossless=True, quality=90, method=4)
        picture.save(lossy, "WEBP", quality=88, method=5)
        # Clouds of points compress badly without loss; lines and text compress well.
        small = lossy.tell() < 0.7 * exact.tell()
        made = kept.with_suffix(f".{os.getpid()}")  # both languages may convert the same picture
        made.write_bytes((lossy if small else exact).getvalue())
        made.replace(kept)
    shutil.copyfile(kept, webp)


def _classed(tag: str, name: str) -> str:
    """A tag with one more class."""
    if " class=" in tag:
        return re.sub(r' class="', f' class="{name} ', tag, count=1)
    return re.sub(r"^<img", f'<img class="{name}"', tag)


def sized(text: str, html: Path) -> str:
    """Give every picture its size, so that nothing jumps, and load those below the fold late."""
    code = text.find("<pre")  # a picture after code is not on the first screen

    def sizes(match: re.Match) -> str:
        tag, file = match[0], html / match[1]
        extra = ""
        if " width=" not in tag and file.suffix in (".webp", ".png", ".jpg"):
            with Image.open(file) as picture:
                extra += f' width="{picture.width}" height="{picture.height}"'
                if picture.width > WIDE and not FILM_CLASS.search(tag):
                    tag = _classed(tag, "wide")  # course.css keeps it readable on a phone
        if " loading=" not in tag and 0 <= code < match.start():
            extra += ' loading="lazy"'
        if " decoding=" not in tag:
            extra += ' decoding="async"'
        return re.sub(r"\s*/?>$", f"{extra}>", tag)

    return PICTURE.sub(sizes, text)
