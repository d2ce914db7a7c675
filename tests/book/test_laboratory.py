"""The laboratory that learns on a page of the book: loaded late, light, with a still picture."""

import hashlib
import shutil

import pytest
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from test_notebooks_fresh import plain
from tiny_book import PAGES, ROOT, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

DIRECTIVE = """```{laboratory} ../pictures/laboratory.webp
:alt: A cat.
A caption, see {ref}`sec-second`.
```
"""
HOST = "document.querySelector('.flow-lab')"
PICTURE = (
    "[...document.querySelectorAll('figure.with-learning img')].filter((i) => i.checkVisibility())"
)
pytestmark = needs_browser


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"))
    (book.folder / "chapters/pictures").mkdir()
    for file in (ROOT / "chapters/pictures").glob("laboratory*"):
        shutil.copy(file, book.folder / "chapters/pictures")
    far = "A line.\n\n" * 200
    book.write("02-second", f"{PAGES['02-second']}\n{far}\n{DIRECTIVE}\n")
    book.build()
    return book


def asked(page):
    """What the page has asked for, by address."""
    events = [e["params"] for e in page.browser.events if e.get("sessionId") == page.session]
    return [e["request"]["url"] for e in events if "request" in e and "url" in e["request"]]


def test_it_is_loaded_when_the_reader_comes_near_and_light(tiny, visit):  # noqa: F811
    page = visit("ko/02-second.html")
    assert not any("learning-lab" in url for url in asked(page))
    page.evaluate("document.querySelector('figure.with-learning').scrollIntoView()")
    page.wait(f"!!{HOST}.flowLab")
    assert page.evaluate(f"{PICTURE}.length") == 0  # the laboratory has taken its place
    assert "실험실" in page.evaluate(f"{HOST}.flowLab.root.ariaLabel")
    urls = {url.split("?")[0] for url in asked(page) if url.startswith("http")}
    files = [tiny.folder / "_build/html" / url.split("/", 3)[3] for url in urls]
    sizes = {file.name: file.stat().st_size for file in files if file.is_file()}
    # Its address says what it holds: after a change, no browser shows the one that it has kept.
    (address,) = (url for url in asked(page) if "learning-lab" in url)
    held = (tiny.folder / "_build/html/ko/_static/learning-lab.js").read_bytes()
    assert address.endswith(f"?v={hashlib.sha256(held).hexdigest()[:8]}")
    script = sum(size for name, size in sizes.items() if name.endswith(".js"))
    assert 100_000 < script < 200_000 and sum(sizes.values()) < 1_000_000, sizes


@pytest.mark.parametrize("dark", [False, True])
def test_who_has_the_keyboard_on_the_picture_goes_on_in_the_laboratory(visit, dark):  # noqa: F811
    """Tab may reach the picture before the laboratory has come; what vanishes loses the focus."""
    page = visit("ko/02-second.html", dark=dark)
    page.evaluate("""[...document.querySelectorAll("figure.with-learning > .enlarge")]
      .find((link) => link.checkVisibility()).focus({ preventScroll: true })""")
    assert page.evaluate("document.activeElement.matches('.enlarge')")
    page.evaluate("document.querySelector('figure.with-learning').scrollIntoView()")
    page.wait(f"!!{HOST}.flowLab")
    page.wait("!document.activeElement.matches('.enlarge')")
    assert page.evaluate(f"{HOST}.contains(document.activeElement)")
    # Whoever is elsewhere stays there.
    page = visit("ko/02-second.html", dark=dark)
    page.evaluate("document.querySelector('a.language-switch, a[href]').focus()")
    there = page.evaluate("document.activeElement.outerHTML")
    page.evaluate("document.querySelector('figure.with-learning').scrollIntoView()")
    page.wait(f"!!{HOST}.flowLab")
    assert page.evaluate("document.activeElement.outerHTML") == there


@pytest.mark.parametrize("dark", [False, True])
def test_without_scripts_there_is_one_picture(visit, dark):  # noqa: F811
    page = visit("ko/02-second.html", scripts=False, dark=dark)
    assert page.evaluate(f"{PICTURE}.length") == 1
    assert page.evaluate(f"{HOST}.offsetHeight") < 50


def test_a_notebook_has_the_picture_and_the_caption():
    text = plain(DIRECTIVE.replace(" see {ref}`sec-second`.", " so it is."))
    assert "laboratory.webp" in text and "A caption, so it is." in text and "{" not in text
