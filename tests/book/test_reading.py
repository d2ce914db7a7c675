"""How a page is read: on paper, with the keyboard, at rest, in one language and then the other."""

import contextlib
import time

import pytest
from pages import browser, needs_browser, site  # noqa: F401  (fixtures)
from visiting import visit  # noqa: F401  (a fixture)

pytestmark = needs_browser
FILMS = "09-robotics"


def media(page, name, **features):
    listed = [{"name": key.replace("_", "-"), "value": value} for key, value in features.items()]
    page.call("Emulation.setEmulatedMedia", media=name, features=listed)


# Every part of the page that shows a title on paper, and how much of it follows below the title.
FOLDED = """
[...document.querySelectorAll(".bd-article details, .bd-article .admonition")].map((box) => {
  const all = box.getBoundingClientRect();
  const title = box.querySelector(":scope > summary, :scope > .admonition-title");
  const code = box.matches("details.hide"); // its title is left out on paper
  const parts = [...box.children].filter((part) => part !== title);
  const seen = parts.every((part) => part.checkVisibility({ contentVisibilityAuto: true,
    visibilityProperty: true, opacityProperty: true }) && part.getBoundingClientRect().height > 10);
  return { text: box.textContent.trim().slice(0, 50), seen: seen && parts.length > 0,
    height: all.height, title: code ? 0 : title?.getBoundingClientRect().height ?? 0 };
})
"""


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", ["03-flow-matching", "05-mathematics", FILMS, "index"])
def test_what_is_folded_is_open_on_paper(visit, language, name):  # noqa: F811
    page = visit(f"{language}/{name}.html")
    closed = page.evaluate("document.querySelectorAll('details:not([open])').length")
    assert closed, "nothing is folded on the screen?"
    media(page, "print")
    boxes = page.evaluate(FOLDED)
    bars = [box for box in boxes if not box["seen"] or box["height"] < box["title"] + 12]
    assert boxes and not bars, bars
    marks = page.evaluate("""[...document.querySelectorAll(
      ".toggle-button, .sd-summary-state-marker, .film-play, .copybtn, a.to-top, nav.launch-links"
    )].filter((node) => node.checkVisibility()).length""")
    assert marks == 0


def test_films_are_strips_on_paper(visit):  # noqa: F811
    page = visit(f"ko/{FILMS}.html")
    assert page.evaluate("document.querySelectorAll('img.film.on-light').length") == 2
    media(page, "print")
    page.call("Page.printToPDF")  # Chromium fetches for a print what it has left for later
    strips = page.evaluate("""[...document.querySelectorAll("img.film-strip")].map((strip) => ({
      shown: strip.getBoundingClientRect().height > 100, loaded: strip.naturalWidth > 1000,
      alt: strip.alt, film: strip.parentElement.querySelector("img.film").checkVisibility() }))""")
    assert len(strips) == 2
    for strip in strips:
        assert strip["shown"] and strip["loaded"] and not strip["film"] and len(strip["alt"]) > 15


@pytest.mark.parametrize("dark", [False, True])
def test_a_film_has_its_caption(visit, dark):  # noqa: F811
    page = visit("ko/03-flow-matching.html", dark=dark)
    heights = page.evaluate("""[...document.querySelectorAll("figure:has(> img.film) figcaption")]
      .map((caption) => caption.getBoundingClientRect().height)""")
    assert heights and min(heights) > 10


def test_films_play_when_their_box_is_opened_and_can_be_stopped(visit):  # noqa: F811
    page = visit(f"ko/{FILMS}.html")
    source = "document.querySelector('img.film').getAttribute('src')"
    assert page.evaluate(source).endswith("-still.webp")
    page.evaluate("document.querySelector('img.film').closest('details').open = true")
    page.wait(f"{source} === '_images/flow.webp'", 5)
    button = "document.querySelector('button.film-play')"
    assert page.evaluate(f"{button}.textContent") == "■ 멈추기"
    page.evaluate(f"{button}.click()")
    assert page.evaluate(source).endswith("-still.webp")
    page.evaluate(f"{button}.click()")
    page.evaluate("document.querySelector('img.film').closest('details').open = false")
    page.wait(f"{source}.endsWith('-still.webp')", 5)


def test_films_rest_for_those_who_ask_for_it(visit):  # noqa: F811
    page = visit(f"en/{FILMS}.html", reduced=True)
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    moving = "[...document.images].filter((i) => /(flow|ddpm)\\.webp$/.test(i.src)).length"
    assert page.evaluate(moving) == 0
    button = "document.querySelector('button.film-play')"
    assert page.evaluate(f"{button}.textContent") == "▶ Play the film"
    page.evaluate(f"{button}.click()")
    assert page.evaluate(moving) == 1


def test_without_scripts_a_film_is_a_link(visit):  # noqa: F811
    page = visit(f"en/{FILMS}.html", scripts=False)
    tree = page.call("DOM.getDocument")["root"]["nodeId"]
    links = page.call("DOM.querySelectorAll", nodeId=tree, selector="a.film-play.on-light[href]")
    assert len(links["nodeIds"]) == 2


# What the focus adds to the look of the element that has it.
RING = """
(async () => {
  let node = document.activeElement;
  if (!node || node === document.body) return null;
  const seen = () => node.getBoundingClientRect().width > 1
    && node.getBoundingClientRect().height > 1
    && node.checkVisibility({ visibilityProperty: true });
  // What was far out of sight is laid out with one of the next frames, and a laboratory that comes
  // in the place of its picture takes the focus from it.
  for (let i = 0; i < 60 && !seen(); i += 1) {
    await new Promise((done) => setTimeout(done, 50));
    node = document.activeElement;
  }
  const style = getComputedStyle(node), box = node.getBoundingClientRect(), target = seen();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && !/rgba\\(.*, 0\\)|transparent/.test(style.outlineColor);
  // Does a box that hides what sticks out cut the ring off?
  const out = parseFloat(style.outlineOffset) + parseFloat(style.outlineWidth);
  let cut = false;
  for (let at = node.parentElement; at && out > 0; at = at.parentElement) {
    if (!/hidden|auto|scroll|clip/.test(getComputedStyle(at).overflowX)) continue;
    const edge = at.getBoundingClientRect();
    if (at !== document.documentElement && at !== document.body)
      cut ||= box.left - out < edge.left - 1 || box.right + out > edge.right + 1;
  }
  node.dataset.reached = (Number(node.dataset.reached) || 0) + 1;
  return { what: node.outerHTML.slice(0, 110), target, ring, cut, again: node.dataset.reached > 1,
    colour: style.outlineColor };
})()
"""


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
@pytest.mark.parametrize("name", ["03-flow-matching", "search"])
def test_whatever_the_keyboard_reaches_shows_it(visit, name, width, dark):  # noqa: F811
    page = visit(f"ko/{name}.html", width=width, height=900, dark=dark)
    seen = []
    for _ in range(400):
        page.press("Tab", 9)
        state = page.evaluate(RING)
        if state is None or state["again"]:
            break
        seen.append(state)
    assert len(seen) > 5
    blind = [state["what"] for state in seen if state["target"] and not state["ring"]]
    assert not blind, "\n".join(blind)
    cut = [state["what"] for state in seen if state["target"] and state["cut"]]
    assert not cut, "\n".join(cut)
    nowhere = [s["what"] for s in seen if not s["target"]]
    assert not nowhere, "\n".join(nowhere)


def change_language(page, other):
    """Click, and wait for the page to arrive: between two pages nobody answers."""
    page.evaluate("document.querySelector('a.language-switch').click()")
    for _ in range(100):
        with contextlib.suppress(RuntimeError):
            if page.evaluate(f"location.pathname.startsWith('/{other}/')"):
                return settle(page)
        time.sleep(0.1)
    raise TimeoutError(f"never in {other}")


def settle(page):
    page.wait("document.readyState === 'complete'")
    page.evaluate("new Promise((done) => setTimeout(done, 400))")


@pytest.mark.parametrize("start", ["ko", "en"])
@pytest.mark.parametrize("anchor", ["sec-fm-sampling", "sec-fm-interactive"])
def test_the_language_changes_in_the_same_section(visit, start, anchor):  # noqa: F811
    """Whether the reader came by a link or has scrolled there."""
    other = {"ko": "en", "en": "ko"}[start]
    for scrolled in (False, True):
        page = visit(
            f"{start}/03-flow-matching.html" + ("" if scrolled else f"#{anchor}"), width=1280
        )
        if scrolled:
            page.evaluate(f"document.getElementById('{anchor}').scrollIntoView()")
        settle(page)
        change_language(page, other)
        assert page.evaluate("location.hash") == f"#{anchor}"
        top = page.evaluate(f"document.getElementById('{anchor}').getBoundingClientRect().top")
        assert -50 < top < 300


def test_the_section_that_is_read_goes_before_the_one_that_was_asked_for(visit):  # noqa: F811
    page = visit("ko/03-flow-matching.html#sec-fm-path", width=1280)
    page.evaluate("document.getElementById('sec-fm-sampling').scrollIntoView()")
    settle(page)
    change_language(page, "en")
    assert page.evaluate("location.hash") == "#sec-fm-sampling"
    # From the top of a page to the top of the other.
    page = visit("ko/03-flow-matching.html", width=1280)
    change_language(page, "en")
    assert page.evaluate("location.hash") == ""
