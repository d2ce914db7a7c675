"""The site in a real Chromium, served from a folder: every page, and the search."""

import re
from urllib.parse import quote

import pytest
from pages import browser, needs_browser, site  # noqa: F401  (fixtures)
from visiting import visit  # noqa: F401  (a fixture)

WORDS = {"ko": ["경로", "학습", "속도", "노이즈"], "en": ["path", "velocity", "schedule"]}
pytestmark = needs_browser


@pytest.mark.parametrize(("language", "word"), [(k, w) for k in WORDS for w in WORDS[k]])
def test_search_finds_and_answers_in_the_language(visit, language, word):  # noqa: F811
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
def test_the_search_opens_from_a_chapter_with_the_keyboard(visit, language):  # noqa: F811
    page = visit(f"{language}/03-flow-matching.html")
    page.evaluate("document.querySelector('.search-button__button').click()")
    page.wait("document.querySelector('dialog[open] input') !== null")


@pytest.mark.parametrize("width", [1400, 390])
def test_the_link_to_the_top_covers_nothing(visit, width):  # noqa: F811
    page = visit("ko/03-flow-matching.html", width=width)
    shown = "getComputedStyle(document.querySelector('a.to-top')).visibility === 'visible'"
    assert not page.evaluate(shown)
    page.evaluate("scrollTo({top: 5000, behavior: 'instant'})")
    page.wait(shown, 5)
    # It stands in the bar at the top, beside its other buttons, and nothing else floats.
    outside = page.evaluate("""
    [...document.querySelectorAll(".bd-main *, #pst-back-to-top")].filter((node) => {
      const { position } = getComputedStyle(node);
      return position === "fixed" && !node.closest(".bd-sidebar-secondary, dialog");
    }).map((node) => node.outerHTML.slice(0, 100))
    """)
    assert outside == []
    inside, crowded = page.evaluate("""(() => {
      const box = (selector) => document.querySelector(selector).getBoundingClientRect();
      const bar = box(".bd-header-article"), up = box("a.to-top");
      const others = [...document.querySelectorAll(".bd-header-article :is(a, button)")]
        .filter((node) => !node.matches(".to-top")).map((node) => node.getBoundingClientRect())
        .filter((other) => other.width);
      return [up.top >= bar.top && up.bottom <= bar.bottom + 1 && up.right <= innerWidth,
        others.some((other) => other.left < up.right && other.right > up.left)];
    })()""")
    assert inside and not crowded
    page.evaluate("document.querySelector('a.to-top').click()")
    page.wait("scrollY === 0")


def test_a_link_to_a_far_section_arrives(visit):  # noqa: F811
    page = visit("en/03-flow-matching.html#sec-fm-exercises")
    page.wait(
        "Math.abs(document.querySelector('#sec-fm-exercises').getBoundingClientRect().top) < 200"
    )


@pytest.mark.parametrize("name", ["03-flow-matching", "09-robotics", "search"])
def test_what_scripts_add_is_korean_too(visit, name):  # noqa: F811
    page = visit(f"ko/{name}.html")
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    said = page.evaluate("""
    ["title", "aria-label", "placeholder", "data-tooltip", "data-toggle-hint"].flatMap((name) => {
      const found = document.querySelectorAll(`[${name}]:not(a.reference)`); // works have names
      return [...found].map((node) => node.getAttribute(name));
    }).concat([...document.querySelectorAll("button, summary")].map((node) => node.innerText))
    """)
    english = {s for s in said if re.search("[A-Za-z]{3}", s) and not re.search("[가-힣]", s)}
    assert english <= {"English"}, english
    folding = page.evaluate("document.querySelectorAll('.toggle-button').length")
    assert folding or name == "search"
