"""The laboratory of names on a page of the book: loaded late, light, with a still picture."""

import gzip
import shutil

import pytest
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from test_laboratory import HOST, asked
from tiny_book import HEAD, ROOT, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

PAGE = """(sec-second)=
# 2. Second

A line.

FAR

```{code-cell} ipython3
import matplotlib.pyplot as plt

from utils.lab.names import NamesLab

plt.figure(figsize=(4, 2))
plt.plot([0, 1])
NamesLab()
```

```{output-figure} fig-names
:alt: A line.
Names.
```

END
"""
PICTURE = "[...document.querySelectorAll('figure.with-lab img')].filter((i) => i.checkVisibility())"
pytestmark = needs_browser


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"))
    shutil.copytree(ROOT / "utils/names/recorded", book.folder / "utils/names/recorded")
    text = PAGE.replace("FAR", "Far.\n\n" * 200).replace("END", "End.\n\n" * 40)
    book.write("02-second", HEAD + text)
    book.build()
    return book


def height(page):
    return page.evaluate(f"{HOST}.getBoundingClientRect().height")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_is_loaded_when_the_reader_comes_near_and_light(tiny, visit, site, width):  # noqa: F811
    page = visit("ko/02-second.html", width=width)
    assert not any("names-lab" in url or "lab-" in url for url in asked(page))
    before = height(page)
    page.evaluate("document.querySelector('figure.with-lab').scrollIntoView()")
    page.wait(f"{HOST}.flowLab?.names().length > 0")
    assert page.evaluate(f"{PICTURE}.length") == 0  # the laboratory has taken its place
    assert abs(height(page) - before) < 0.12 * before  # and what is below has hardly moved
    assert page.evaluate(f"{HOST}.flowLab.settings.alphabet") == "ko"
    assert page.complaints(site) == []
    urls = {url.split("?")[0] for url in asked(page) if url.startswith("http")}
    files = [tiny.folder / "_build/html" / url.split("/", 3)[3] for url in urls]
    own = [f for f in files if f.name == "names-lab.js" or f.name.startswith("lab-")]
    assert len(own) == 2
    assert sum(len(gzip.compress(f.read_bytes())) for f in own) < 600_000


def test_without_scripts_there_is_one_picture(visit):  # noqa: F811
    page = visit("ko/02-second.html", scripts=False)
    assert page.evaluate(f"{PICTURE}.length") == 1
    assert page.evaluate(f"{HOST}.offsetHeight") < 50
