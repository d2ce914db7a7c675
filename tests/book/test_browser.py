"""The site in a real Chromium, served from a folder: every page, and the search."""

import re
from urllib.parse import quote

import chromium
import pytest
from pages import browser, needs_browser, site  # noqa: F401  (fixtures)

from book.build import SITE

WORDS = {"ko": ["경로", "학습", "속도", "노이즈"], "en": ["path", "velocity", "schedule"]}
pytestmark = needs_browser


@pytest.fixture
def visit(site, browser):  # noqa: F811
    last = []

    def open_page(name, **options):
        for page in last:  # one at a time: a page behind another one does not run
            page.close()
        last[:] = [chromium.Page(browser, **options)]
        last[0].open(f"{site}{name}")
        return last[0]

    yield open_page
    for page in last:
        page.close()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_pages_ask_nobody_else_and_raise_nothing(visit, site, language):  # noqa: F811
    files = sorted((SITE / language).glob("*.html"))
    assert len(files) > 15
    for file in files:
        page = visit(f"{language}/{file.name}", width=390, height=844)
        for y in range(0, page.evaluate("document.documentElement.scrollHeight"), 2000):
            page.evaluate(f"scrollTo(0, {y})")
        assert page.complaints(site) == [], file.name
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{file.name} is {wide} pixels wider than a phone"
        missing = page.evaluate(
            "[...document.images].filter((i) => i.complete && !i.naturalWidth).map((i) => i.src)"
        )
        assert missing == [], file.name


@pytest.mark.parametrize(("language", "word"), [(k, w) for k in WORDS for w in WORDS[k]])
def test_search_finds_and_answers_in_the_language(visit, language, word):
    page = visit(f"{language}/search.html?q={quote(word)}")
    page.wait("document.querySelectorAll('#search-results li').length > 3")
    found = page.evaluate("document.querySelector('#search-results').innerText")
    chapters = page.evaluate(
        "[...document.querySelectorAll('#search-results li > a')].map((a) => a.pathname)"
    )
    assert all(path.startswith(f"/{language}/") for path in chapters), chapters
    # Of a page its text is shown, not its contents, and formulas once: no "x1x_1x1".
    page.wait("document.querySelectorAll('#search-results li p.context').length > 1")
    shown = page.evaluate("document.querySelector('#search-results').innerText")
    assert not re.search(r"[xut]\d?[xut]_\d|3\.1 .*3\.2 .*3\.3 ", shown), shown[:600]
    hangul = any("가" <= character <= "힣" for character in found)
    assert hangul == (language == "ko"), found[:300]
    # The title of what is found leads to a page that holds the word, with a particle or without.
    page = visit(chapters[0].lstrip("/"))
    assert word in page.evaluate("document.body.textContent").lower()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_search_opens_from_a_chapter_with_the_keyboard(visit, language):
    page = visit(f"{language}/03-flow-matching.html")
    page.evaluate("document.querySelector('.search-button__button').click()")
    page.wait("document.querySelector('dialog[open] input') !== null")


def test_the_button_leads_back_to_the_top(visit):
    page = visit("ko/03-flow-matching.html", width=1400)
    button = "document.querySelector('#pst-back-to-top').style.display"
    for height, shown in ((5000, "none"), (4000, "block")):
        page.evaluate(f"scrollTo({{top: {height}, behavior: 'instant'}})")
        page.wait(f"{button} === '{shown}'", 5)
    page.evaluate("document.querySelector('#pst-back-to-top').click()")
    page.wait("scrollY === 0")


def test_a_link_to_a_far_section_arrives(visit):
    page = visit("en/03-flow-matching.html#sec-fm-exercises")
    page.wait(
        "Math.abs(document.querySelector('#sec-fm-exercises').getBoundingClientRect().top) < 200"
    )
