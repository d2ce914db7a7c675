"""What a page weighs, and what link previews and search engines read in it."""

import gzip
import re
import xml.etree.ElementTree as ElementTree

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image
from test_site import SITE, soups  # noqa: F401  (a fixture)

from book.finish import findable, light
from book.repository import address

PAGE, SCRIPT = 1_000_000, 200_000  # bytes of a first visit, compressed as a server would
COMPRESSED = {".js", ".css", ".svg", ".html"}


def weight(path):
    data = path.read_bytes()
    return len(gzip.compress(data)) if path.suffix in COMPRESSED else len(data)


def loaded(file, soup):
    """Files that the page asks for by itself."""
    found = {file}
    for tag in soup.find_all(["script", "img", "link"]):
        if tag.name == "link" and not {"stylesheet", "icon", "preload"} & set(tag.get("rel", [])):
            continue
        if tag.get("loading") == "lazy" and tag.find_parent("details", open=False):
            continue  # a film that loads when the reader opens its box
        if "on-dark" in tag.get("class", []):
            continue  # of the two versions of a figure one is fetched
        address = (tag.get("src") or tag.get("href") or "").split("?")[0]
        if address and not address.startswith("data:"):
            found.add((file.parent / address).resolve())
    for sheet in [f for f in found if f.suffix == ".css"]:
        fonts = re.findall(r'url\("([^"]+\.woff2?)"\)', sheet.read_text("utf-8"))
        # Of KaTeX's fonts a page loads a few; all are counted, so the page is lighter than this.
        assert fonts
        found |= {(sheet.parent / font).resolve() for font in fonts}
    return found


def test_pages_are_light(soups):  # noqa: F811
    for file, soup in soups.items():
        files = loaded(file, soup)
        scripts = sum(weight(f) for f in files if f.suffix == ".js")
        assert scripts < SCRIPT, f"{file}: {scripts} bytes of script"
        total = sum(map(weight, files))
        assert total < PAGE, f"{file}: {total} bytes"


def test_every_figure_has_a_version_for_dark_pages(soups):  # noqa: F811
    for file, soup in soups.items():
        for figure in soup.select("article figure:has(img)"):
            classes = [set(picture.get("class", [])) for picture in figure.find_all("img")]
            light, dark = (
                sum(name in found for found in classes) for name in ("on-light", "on-dark")
            )
            # Grids of photographs that a record keeps stand on a white card.
            kept = figure.get("id", "").startswith(("fig-lib-colour", "fig-index-pictures"))
            assert light == dark and (light or kept), f"{file}: {figure.get('id')}"
            for one, other in zip(
                figure.select("a.on-light"), figure.select("a.on-dark"), strict=True
            ):
                sizes = [(int(link.img["width"]), int(link.img["height"]))
                         for link in (one, other) if link.img]  # fmt: skip
                if sizes:
                    assert max(abs(a - b) for a, b in zip(*sizes, strict=True)) <= 2, figure["id"]


def test_pictures_have_a_size_and_come_late(soups):  # noqa: F811
    for file, soup in soups.items():
        pictures = [i for i in soup.find_all("img") if i["src"].startswith("_images/")]
        for picture in pictures:
            with Image.open(file.parent / picture["src"]) as opened:
                size = str(opened.width), str(opened.height)
            assert (picture["width"], picture["height"]) == size, f"{file}: {picture}"
            # Code fills the first screen of a page, and the title that of the slides.
            below = picture.find_previous("pre") is not None or file.stem.startswith("slides-")
            below |= bool(
                {"on-light", "on-dark", "film-strip"} & set(picture.get("class", []))
            )  # one is not seen
            assert (picture.get("loading") == "lazy") == below, f"{file}: {picture}"


def test_icons_are_there_without_the_script(soups):  # noqa: F811
    for language in ("ko", "en"):
        static = SITE / language / "_static"
        assert not (static / "scripts/fontawesome.js").exists()
        style = next(static.glob("book.*.css")).read_text("utf-8")
        font = TTFont(static / "vendor/fontawesome/webfonts/fa-solid-900.woff").getBestCmap()
        for file, soup in soups.items():
            if file.is_relative_to(SITE / language):
                for icon in soup.select("i.fa-solid, i.fas"):
                    names = [c for c in icon["class"] if c.startswith("fa-")]
                    rule = r"\.{}::?before[^{{]*{{content:\"([^\"])\""
                    found = [re.search(rule.format(name), style) for name in names]
                    codes = [ord(match[1]) for match in found if match]
                    assert codes and codes[0] in font, f"{file}: {icon}"


def test_previews(soups):  # noqa: F811
    for file, soup in soups.items():
        language = file.relative_to(SITE).parts[0]
        if language not in findable.LOCALES:
            continue
        tags = {tag["property"]: tag["content"] for tag in soup.select("meta[property^=og]")}
        assert tags["og:title"] and tags["og:locale"] == findable.LOCALES[language]
        assert (SITE / language / "_static/card.png").stat().st_size < 100_000
        if file.name[:2].isdigit():
            assert len(tags["og:description"]) > 20, file


def test_an_address_makes_canonical_links_and_a_site_map(tmp_path, monkeypatch):
    for language in ("ko", "en"):
        (tmp_path / language / "_static").mkdir(parents=True)
        for name in ("index.html", "search.html"):
            page = "<html><head><title>A &amp; B</title></head><body></body></html>"
            (tmp_path / language / name).write_text(page)
    monkeypatch.setenv("SITE_URL", "https://example.org/course")
    findable.finish(tmp_path, ("ko", "en"))
    soup = BeautifulSoup((tmp_path / "ko/index.html").read_text(), "html.parser")
    canonical = soup.find("link", rel="canonical")["href"]
    assert canonical == "https://example.org/course/ko/index.html"
    assert soup.find("meta", property="og:title")["content"] == "A & B"
    root = ElementTree.parse(tmp_path / "sitemap.xml").getroot()
    places = [node.text for node in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert places == [f"https://example.org/course/{code}/index.html" for code in ("ko", "en")]
    assert "https://example.org/course/sitemap.xml" in (tmp_path / "robots.txt").read_text()
    assert 'href="/course/en/index.html"' in (tmp_path / "404.html").read_text()
    alternates = {t["hreflang"]: t["href"] for t in soup.find_all("link", hreflang=True)}
    assert alternates == {
        "ko": "https://example.org/course/ko/index.html",
        "en": "https://example.org/course/en/index.html",
        "x-default": "https://example.org/course/",
    }
    monkeypatch.setenv("SITE_URL", "example.org")
    with pytest.raises(SystemExit, match="https://"):
        address()


def test_without_an_address_nothing_claims_one(tmp_path, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    if address():
        pytest.skip("this project has an address")
    findable.finish(tmp_path, ())
    assert [f.name for f in tmp_path.iterdir()] == ["404.html"]
    text = (tmp_path / "404.html").read_text("utf-8")
    assert "찾는 페이지가 없습니다" in text and "does not exist" in text


def test_a_picture_keeps_what_it_shows(tmp_path):
    picture = Image.effect_mandelbrot((120, 80), (-2, -1, 1, 1), 50).convert("RGB")
    picture.save(tmp_path / "a.png")
    webp = tmp_path / "a.webp"
    light.convert(tmp_path / "a.png", webp, tmp_path / "cache")
    with Image.open(webp) as made:
        assert made.size == picture.size
        difference = [abs(a - b) for a, b in zip(made.convert("L").getdata(),
                      picture.convert("L").getdata(), strict=True)]  # fmt: skip
    assert sum(difference) / len(difference) < 4
