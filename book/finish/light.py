"""Make the finished pages light: no script that a style sheet can replace, small pictures, lazy.

The theme brings all icons of Font Awesome twice, as a script of half a megabyte and as a font of
157 KB; a page shows a dozen of them. The script goes, and the font keeps what is used.
"""

import hashlib
import io
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from PIL import Image

from book.finish import code_lines, films, formula_fonts, scripts, styles, words

ICON_CLASS = re.compile(r"\bfa-([a-z][a-z-]*)")
DYNAMIC = {"xmark"}  # icons that the theme's script adds later
LABORATORY = re.compile(
    r'(?<=<div class="flow-lab">)<script type="application/json">(.*?)</script>'
)
SEARCH_BUTTON = re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"')
WIDE = 640  # pixels; a picture that is wider is one of several panels
PICTURE = re.compile(r'<img\b[^>]*\bsrc="(_images/[^"]+)"[^>]*>')


def slim(html: Path, cache: Path) -> None:
    """Rework one language's finished pages in place.

    Args:
        html: folder of the pages, as Sphinx wrote it.
        cache: folder for converted pictures; their names are hashes of what they show.
    """
    pages = {page: page.read_text("utf-8") for page in html.glob("*.html")}
    subset_icons(html, pages.values())
    formula_fonts.subset(html / "_static/katex/fonts", pages.values())
    for file in html.rglob("*.map"):
        file.unlink()  # for the theme's developers
    smaller = {
        f"_images/{png.name}": f"_images/{convert(png, cache).name}"
        for png in (html / "_images").glob("*.png")
    }
    pages = {page: finished(text, html, smaller) for page, text in pages.items()}
    # Last, for they look at what all pages hold.
    pages = styles.bundle(html, scripts.bundle(html, pages))
    for page, text in pages.items():
        page.write_text(LABORATORY.sub(lambda match: apart(match[1], html), text), "utf-8")


def finished(text: str, html: Path, smaller: dict[str, str]) -> str:
    """One page with all that it needs of its own.

    Args:
        text: of the page.
        html: folder of its language's pages.
        smaller: converted pictures, by the names of those that they replace.
    """
    text = films.stop(code_lines.mark(words.translate(text, html.name)), html, html.name)
    for old, new in smaller.items():
        text = text.replace(old, new)
    # What is said of a button must begin with what is seen on it: its own words will do.
    text = SEARCH_BUTTON.sub(r"\1", text)
    # docutils' role for an entry is deprecated, and a list must hold list items.
    text = text.replace('role="doc-biblioentry"', 'role="listitem"')
    return sized(text, html)


def apart(state: str, html: Path) -> str:
    """Put the weights of a laboratory into a file that is fetched when the reader comes near."""
    name = f"_static/lab-{hashlib.sha256(state.encode()).hexdigest()[:8]}.json"
    (html / name).write_text(state.replace("<\\/", "</"), "utf-8")
    return f'<script type="application/json" data-src="{name}"></script>'


def subset_icons(html: Path, pages: Iterable[str]) -> None:
    """Leave only the icons that are used in the theme's style sheet and in its fonts."""
    sheet = html / "_static/styles/pydata-sphinx-theme.css"
    used = set(DYNAMIC)
    for text in pages:
        for classes in re.findall(r'class="([^"]*)"', text):
            used |= set(ICON_CLASS.findall(classes))

    def keep(rule: re.Match) -> str:
        return rule[0] if used & set(ICON_CLASS.findall(rule[1])) else ""

    style = re.sub(
        r"((?:\.fa-[\w-]+::?before,?)+)\{content:\"[^\"]*\"\}", keep, sheet.read_text("utf-8")
    )
    # Escaped, as in \f00d, or as the character itself, as in the icons of admonitions.
    codes = {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", style)}
    codes |= {ord(character) for character in style if 0xE000 <= ord(character) <= 0xF8FF}
    for file in (html / "_static/vendor/fontawesome/webfonts").glob("*.ttf"):
        font = TTFont(file)
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


def convert(png: Path, cache: Path) -> Path:
    """Replace a PNG by a WebP that shows the same; returns the new file."""
    cache.mkdir(parents=True, exist_ok=True)
    kept, webp = cache / f"{png.stem}.webp", png.with_suffix(".webp")
    if not kept.exists():
        picture = Image.open(png)
        if picture.getextrema()[-1] == (255, 255) and picture.mode == "RGBA":
            picture = picture.convert("RGB")  # nothing shines through
        exact, lossy = io.BytesIO(), io.BytesIO()
        picture.save(exact, "WEBP", lossless=True, quality=90, method=4)
        picture.save(lossy, "WEBP", quality=88, method=5)
        # Clouds of points compress badly without loss; lines and text compress well.
        small = lossy.tell() < 0.7 * exact.tell()
        kept.write_bytes((lossy if small else exact).getvalue())
    shutil.copyfile(kept, webp)
    png.unlink()
    return webp


def sized(text: str, html: Path) -> str:
    """Give every picture its size, so that nothing jumps, and load those below the fold late."""
    code = text.find("<pre")  # a picture after code is not on the first screen

    def sizes(match: re.Match) -> str:
        tag, file = match[0], html / match[1]
        extra = ""
        if " width=" not in tag and file.suffix in (".webp", ".png", ".jpg"):
            with Image.open(file) as picture:
                extra += f' width="{picture.width}" height="{picture.height}"'
                if picture.width > WIDE and " class=" not in tag:
                    extra += ' class="wide"'  # course.css keeps it readable on a phone
        if " loading=" not in tag:
            late = 0 <= code < match.start()
            extra += ' loading="lazy" decoding="async"' if late else ' decoding="async"'
        return re.sub(r"\s*/?>$", f"{extra}>", tag)

    return PICTURE.sub(sizes, text)
