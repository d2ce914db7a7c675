"""Figures follow the reader's theme: both versions are on the page, and one is fetched."""

import json
import os

import pytest
from nbclient import NotebookClient
from nbformat import v4
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from PIL import Image, ImageDraw
from runs import as_the_book_does
from test_reading import media
from tiny_book import FENCE, HEAD, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

from book.run.cache import ROOT
from book.run.dark_hook import MIME
from utils.plotting.dark import GROUND

PAGE = f"""{HEAD}(sec-second)=
# 2. Second

Is $y$ a formula? {{claim}}`one-is-small`

{FENCE}{{code-cell}} ipython3
from utils.plotting import lines

lines([1, 2, 4], {{"a": [3, 2, 1.0], "b": [1, 2, 3]}}, xlabel="NFE", ylabel="$W_2$");
{FENCE}

{FENCE}{{output-figure}} fig-lines
:alt: Two lines that cross.
Two lines.
{FENCE}

{FENCE}{{figure}} ../films/ball.webp
:name: fig-film
:alt: A ball that rolls from left to right.
A film.
{FENCE}
"""
TITLES = {"ko": "그림 크게 보기", "en": "Open the figure larger"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"), ("ko", "en"))
    (book.folder / "chapters/films").mkdir()
    for name, ground in (("ball", "white"), ("ball-dark", GROUND)):
        frames = [Image.new("RGB", (300, 200), ground) for _ in range(8)]
        for step, frame in enumerate(frames):
            ImageDraw.Draw(frame).ellipse((20 + 30 * step, 80, 60 + 30 * step, 120), "#d55e00")
        file = book.folder / f"chapters/films/{name}.webp"
        frames[0].save(file, save_all=True, append_images=frames[1:], duration=100, loop=0)
    book.write("02-second", PAGE)
    book.build()
    return book


def fetched(page):
    """Pictures that the page has asked for."""
    page.evaluate("new Promise((done) => setTimeout(done, 400))")
    return {
        event["params"]["request"]["url"].rpartition("/_images/")[2]
        for event in page.browser.events
        if event.get("sessionId") == page.session and event["method"] == "Network.requestWillBeSent"
        and "/_images/" in event["params"]["request"]["url"]
    }  # fmt: skip


def versions(tiny):
    """Names of the pictures of the page, for light and for dark."""
    page = tiny.soup("en/02-second.html")
    pictures = page.select("figure img:not(.film-strip)")
    names = {kind: {i["src"].rpartition("/")[2] for i in pictures if f"on-{kind}" in i["class"]}
             for kind in ("light", "dark")}  # fmt: skip
    assert len(pictures) == 4 and all(len(found) == 2 for found in names.values())
    return names


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_figure_stands_there_twice_and_leads_to_itself(tiny, language):
    figure = tiny.soup(f"{language}/02-second.html").select_one("figure#fig-lines")
    links = figure.select("a.enlarge")
    assert [link["class"][0] for link in links] == ["on-light", "on-dark"]
    for link in links:
        picture = link.img
        assert link["href"] == picture["src"] and link["title"] == TITLES[language]
        assert picture["alt"] == "Two lines that cross." and picture["loading"] == "lazy"
        assert picture["width"] and picture["height"]
    light, dark = (Image.open(tiny.folder / f"_build/html/{language}" / link["href"]).convert("L")
                   for link in links)  # fmt: skip
    assert light.getpixel((1, 1)) > 250 and dark.getpixel((1, 1)) < 30
    # Both languages show the same files; slides have a light ground, notebooks no pictures.
    deck = tiny.soup(f"{language}/slides-02-second.html")
    assert deck.select("#fig-lines, a.enlarge, .on-dark") == []
    notebook = tiny.folder / f"_build/html/{language}/_notebooks/02-second.ipynb"
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    assert all("data" not in output for cell in cells for output in cell.get("outputs", []))
    # A figure that is not of this page's kernel, as one that a plain kernel has drawn, stays alone.
    assert len(tiny.soup(f"{language}/01-first.html").select("figure img")) == 2


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_what_is_seen_is_fetched_and_nothing_else(tiny, visit, dark):  # noqa: F811
    names = versions(tiny)
    mine, other = (names["dark"], names["light"]) if dark else (names["light"], names["dark"])
    page = visit("en/02-second.html", height=2000, dark=dark)
    assert fetched(page) == mine
    shown = page.evaluate("""[...document.querySelectorAll("figure img")]
      .filter((i) => i.checkVisibility() && i.naturalWidth).map((i) => i.src.split("/").pop())""")
    assert set(shown) == mine
    # The reader takes the other theme: the other version comes.
    theme = "light" if dark else "dark"
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    assert fetched(page) == mine | other


@needs_browser
def test_a_dark_picture_has_the_ground_of_the_page(visit):  # noqa: F811
    page = visit("en/02-second.html", dark=True)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [int(GROUND[at : at + 2], 16) for at in (1, 3, 5)]
    assert ground == f"rgb({', '.join(map(str, parts))})"
    filters = page.evaluate("""[...document.querySelectorAll("figure img.on-dark")]
      .map((i) => [getComputedStyle(i).filter, getComputedStyle(i).padding])""")
    assert filters == [["none", "0px"]] * 2


@needs_browser
def test_paper_is_white(visit):  # noqa: F811
    page = visit("en/02-second.html", dark=True)
    media(page, "print")
    page.call("Page.printToPDF")  # Chromium fetches for a print what it has left for later
    shown = page.evaluate("""[...document.querySelectorAll("figure img")]
      .filter((i) => i.checkVisibility()).map((i) => [i.className, i.naturalWidth > 100])""")
    assert shown == [["on-light", True], ["film-strip", True]]


@needs_browser
@pytest.mark.parametrize(("language", "words"), [("ko", "✕ 닫기"), ("en", "✕ Close")])
@pytest.mark.parametrize("dark", [False, True])
def test_the_keyboard_opens_a_figure_larger(visit, language, words, dark):  # noqa: F811
    page = visit(f"{language}/02-second.html", width=390, height=844, dark=dark)
    kind = "on-dark" if dark else "on-light"
    page.evaluate(f"document.querySelector('a.enlarge.{kind}').focus()")
    small = page.evaluate("document.activeElement.querySelector('img').clientWidth")
    page.press("Enter", 13, "\r")
    page.wait("document.querySelector('dialog.enlarged[open] img')?.complete", 5)
    name, button, source, width, fits = page.evaluate("""(() => {
      const box = document.querySelector("dialog.enlarged"), image = box.querySelector("img");
      const { left, right, bottom } = box.getBoundingClientRect();
      return [box.ariaLabel, box.querySelector("button").innerText, image.getAttribute("src"),
        image.clientWidth, left >= 0 && right <= innerWidth + 1 && bottom <= innerHeight];
    })()""")
    assert (name, button) == (TITLES[language], words) and fits
    assert width >= 1.9 * small and "/_images/" in source
    page.press("Escape", 27)
    page.wait("!document.querySelector('dialog.enlarged')", 5)
    assert page.evaluate(f"document.activeElement.matches('a.enlarge.{kind}')")
    assert page.evaluate("location.pathname.endsWith('02-second.html')")


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_a_film_plays_in_its_version(visit, dark):  # noqa: F811
    page = visit("en/02-second.html", height=2000, dark=dark)
    name = "ball-dark" if dark else "ball"
    assert not any(file.endswith(f"{name}.webp") for file in fetched(page))
    page.evaluate("""[...document.querySelectorAll("button.film-play")]
      .find((button) => button.checkVisibility()).click()""")
    assert {f"{name}.webp", f"{name}-still.webp"} <= fetched(page)
    assert not any(("dark" in file) != dark for file in fetched(page) if "ball" in file)


def test_a_notebook_that_runs_as_on_colab_brings_its_dark_figures_too(tmp_path):
    """That run is the one that the book shows, if it comes first; it knows no package ``book``."""
    (tmp_path / "stubs").mkdir()
    versions = as_the_book_does(tmp_path / "stubs", tmp_path / "settings")
    paths = os.pathsep.join([str(tmp_path / "stubs"), str(ROOT)])
    cell = v4.new_code_cell("from utils.plotting import lines\nlines([1, 2], {'a': [1, 2]});")
    client = NotebookClient(v4.new_notebook(cells=[cell]), kernel_name="python3")
    client.execute(cwd=tmp_path, env=os.environ | versions | {"PYTHONPATH": paths})
    assert [MIME in output.get("data", {}) for output in cell.outputs] == [True]


def test_pale_text_stops_the_build(tiny):
    before = tiny.site()
    pale = '; __import__("matplotlib.pyplot").pyplot.title("pink", color="#CC79A7");'
    tiny.edit("02-second", 'ylabel="$W_2$");', f'ylabel="$W_2$"){pale}')
    done = tiny.start()
    assert done.returncode and "too pale to be read: ['pink']" in done.stderr
    assert "02-second.md, code cell 1" in done.stderr and tiny.site() == before
