"""Films that stand still until they are started, and that paper shows as a strip of frames.

A film here is an animated WebP: a picture that a browser plays for ever. In its place the page
gets its first frame, a link to it (``course.js`` makes a button of the link) and a picture of six
frames, which is loaded and seen only when the page is printed.
"""

import html
import os
import re
from pathlib import Path

from PIL import Image

FILM = re.compile(r'<img\b[^>]*\bsrc="(_images/[^"]+\.webp)"[^>]*>')
WORDS = {"ko": ("▶ 영상 재생", "■ 멈추기"), "en": ("▶ Play the film", "■ Stop")}
FRAMES, COLUMNS = 6, 3


def stop(page: str, folder: Path, language: str) -> str:
    """A page whose films stand still.

    Args:
        page: its text.
        folder: of the pages of one language; the still pictures are written there.
        language: of the buttons.
    """
    return FILM.sub(lambda tag: _still(tag, folder, language), page)


def _still(tag: re.Match, folder: Path, language: str) -> str:
    film = folder / tag[1]
    with Image.open(film) as opened:
        if not getattr(opened, "is_animated", False):
            return tag[0]
        first, strip = _pictures(film, opened)
    play, halt = WORDS[language]
    still = tag[0].replace(tag[1], f"_images/{first.name}")
    classes = re.search(r' class="([^"]*)"', still)
    version = f" {classes[1]}" if classes else ""  # for light pages, or for dark ones
    if classes:
        still = still.replace(classes[0], "", 1)
    still = re.sub(r"^<img\b", f'<img class="film{version}"', still)
    if "on-dark" not in version:  # paper is light
        alt = re.search(r'\balt="([^"]*)"', tag[0])
        described = html.escape(html.unescape(alt[1])) if alt else ""
        address = f"_images/{strip.name}"
        still += f'<img class="film-strip" alt="{described}" src="{address}" loading="lazy">'
    button = f'<a class="film-play{version}" href="{tag[1]}" data-stop="{halt}">{play}</a>'
    return still + button


def _pictures(film: Path, opened: Image.Image) -> tuple[Path, Path]:
    """The first frame of a film, and some of its frames beside and under each other."""
    first, strip = (film.with_name(f"{film.stem}-{kind}.webp") for kind in ("still", "strip"))
    made = film.stat().st_mtime_ns  # a film may be replaced by an older file, too
    if not strip.exists() or strip.stat().st_mtime_ns != made:
        width, height = opened.size
        sheet = Image.new("RGB", (width * COLUMNS, height * -(-FRAMES // COLUMNS)), "white")
        for number in range(FRAMES):
            opened.seek(round(number * (opened.n_frames - 1) / (FRAMES - 1)))
            frame = opened.convert("RGB")
            if number == 0:
                frame.save(first, "WEBP", quality=85)
            sheet.paste(frame, (number % COLUMNS * width, number // COLUMNS * height))
        sheet.save(strip, "WEBP", quality=80)
        os.utime(strip, ns=(made, made))
    return first, strip
