"""What search engines, link previews and lost readers need, made when the site is published.

Where the site has no address, nothing that needs one is written.
"""

import html
import re
import shutil
from pathlib import Path

from book.repository import address

ROOT = Path(__file__).resolve().parents[2]
LOCALES = {"ko": "ko_KR", "en": "en_US"}
APART = {"search", "genindex"}  # pages that nobody should land on
NOT_FOUND = (
    ("ko", "찾는 페이지가 없습니다", "한국어판 첫 페이지로"),
    ("en", "This page does not exist", "To the English front page"),
)


def finish(site: Path, languages: tuple[str, ...]) -> None:
    """Add previews, canonical addresses, site map and 404 page to a site, in place.

    Args:
        site: folder with one folder of pages for each language.
        languages: their names.
    """
    names = {code: {page.name for page in (site / code).glob("*.html")} for code in languages}
    for language in languages:
        card(site / language, language)
        for name in names[language]:
            file = site / language / name
            file.write_text(headed(file.read_text("utf-8"), language, name, names), "utf-8")
    around(site, names)


def card(html: Path, language: str) -> None:
    """Put the picture of link previews among the files of a language."""
    shutil.copyfile(ROOT / f"book/cards/{language}.png", html / "_static/card.png")


def headed(text: str, language: str, name: str, names: dict[str, set[str]]) -> str:
    """One page with what search engines and previews read in its head.

    Args:
        text: the page.
        language: its language.
        name: its file.
        names: the files of the pages of every language.
    """
    base = address()
    added = preview(text, language, name, base)
    if base:
        added += counterparts(name, base, names)
    return text.replace("</head>", added + "</head>", 1)


def around(site: Path, names: dict[str, set[str]]) -> None:
    """Write what belongs to the site as a whole: 404 page, site map, note for robots."""
    base = address()
    (site / "404.html").write_text(not_found(base), "utf-8")
    if base:
        entries = [
            (language, name)
            for language, pages in names.items()
            for name in sorted(pages)
            if Path(name).stem not in APART and not name.startswith("slides-")
        ]
        (site / "sitemap.xml").write_text(site_map(base, entries, tuple(names)), "utf-8")
        (site / "robots.txt").write_text(f"User-agent: *\nSitemap: {base}sitemap.xml\n", "utf-8")


def preview(text: str, language: str, name: str, base: str) -> str:
    """Open Graph tags of one page, and its canonical address."""
    title = re.search(r"<title>(.*?)</title>", text, re.S)
    about = re.search(
        r'<meta content="([^"]*)"[^>]*name="description"|'
        r'<meta name="description"[^>]*content="([^"]*)"',
        text,
    )
    words = html.unescape(" ".join(title[1].split())) if title else ""
    described = html.unescape(next(filter(None, about.groups()), "")) if about else ""
    image = f"{base}{language}/_static/card.png" if base else "_static/card.png"
    tags = {
        "og:type": "article",
        "og:locale": LOCALES[language],
        "og:title": words,
        "og:description": described,
        "og:image": image,
        "og:image:width": "1200",
        "og:image:height": "630",
    }
    if base:
        tags["og:url"] = f"{base}{language}/{name}"
    lines = [
        f'<meta property="{key}" content="{html.escape(value)}">'
        for key, value in tags.items()
        if value
    ]
    lines.append('<meta name="twitter:card" content="summary_large_image">')
    if base:
        lines.append(f'<link rel="canonical" href="{base}{language}/{name}">')
    return "\n".join(lines) + "\n"


def counterparts(name: str, base: str, names: dict[str, set[str]]) -> str:
    """The same page in every language. Search engines take nothing but whole addresses here."""
    pages = [
        (language, f"{base}{language}/{name}") for language, there in names.items() if name in there
    ]
    pages.append(("x-default", base))
    return "".join(
        f'<link rel="alternate" hreflang="{language}" href="{href}">\n' for language, href in pages
    )


def site_map(base: str, entries: list[tuple[str, str]], languages: tuple[str, ...]) -> str:
    """Every page, with its counterparts in the other languages."""
    rows = []
    for language, name in entries:
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{other}" href="{base}{other}/{name}"/>'
            for other in languages
            if (other, name) in entries
        )
        rows.append(f"<url><loc>{base}{language}/{name}</loc>{others}</url>")
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {spaces}>\n'
        + "\n".join(rows)
        + "\n</urlset>\n"
    )


def not_found(base: str) -> str:
    """One page for both languages: nobody knows which one the lost reader wanted."""
    root = re.sub(r"^https?://[^/]+", "", base) if base else "/"
    parts = "".join(
        f'<h1 lang="{code}">{words}</h1><p lang="{code}"><a href="{root}{code}/index.html">{link}'
        "</a></p>"
        for code, words, link in NOT_FOUND
    )
    return (
        '<!doctype html><html lang="ko"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f'<link rel="icon" href="{root}ko/_static/favicon.svg">'
        "<title>404 · 플로 매칭과 디퓨전 · "
        "Flow Matching vs Diffusion</title><style>:root{color-scheme:light dark}"
        "body{font-family:system-ui,sans-serif;max-width:34rem;margin:15vh auto 0;padding:0 1.2rem}"
        f"h1{{font-size:1.4rem}}a{{color:inherit}}</style></head><body><main>{parts}</main></body></html>\n"
    )
