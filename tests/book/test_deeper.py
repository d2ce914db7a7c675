"""A page behind a chapter: it has all that a chapter has, and the main path passes it by."""

import json

import pytest
from tiny_book import FENCE, HEAD, TOC, TinyBook

from book.extension.main_path import AFTER, BEFORE, neighbour

DEEPER = f"""{HEAD}(sec-first-deeper)=
# Chapter 1, deeper

{FENCE}{{code-cell}} ipython3
import matplotlib.pyplot as plt

print("from the deep")
plt.figure(figsize=(2, 1))
plt.plot([1, 0]);
{FENCE}

{FENCE}{{output-figure}} fig-fall
:alt: A line that falls from left to right.
See {{numref}}`fig-line` above, {{ref}}`sec-second` and {{numref}}`fig-fall`.
{FENCE}

(sec-first-deeper-part)=
## A part

Does it go on?
"""
LANGUAGES = ("ko", "en")


@pytest.fixture(scope="module", params=["next", "below"])
def tiny(request, tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"), LANGUAGES, runs=True)
    book.write("01-deeper", DEEPER)
    first, deeper = "      - file: chapters/ko/01-first\n", "- file: chapters/ko/01-deeper\n"
    added = {"next": f"      {deeper}", "below": f"        sections:\n          {deeper}"}
    assert first in TOC
    toc = TOC.replace(first, first + added[request.param])
    (book.folder / "_toc.yml").write_text(toc, "utf-8")
    book.said = book.build()
    return book


def test_its_notebook_runs_once_for_both_languages(tiny):
    assert tiny.said.count("01-deeper.md in ") == 1
    for language in LANGUAGES:
        page = tiny.soup(f"{language}/01-deeper.html")
        assert "from the deep" in page.select_one(".cell_output").get_text()
        link = page.select_one("nav.launch-links a[download]")["href"]
        notebook = (tiny.folder / f"_build/html/{language}/{link}").read_text("utf-8")
        assert "from the deep" in notebook
        captions = [cell["source"] for cell in json.loads(notebook)["cells"]]
        number = {"ko": "그림", "en": "Figure"}[language]
        assert any(f"*{number} 2.*" in "".join(text) for text in captions)
    assert "Executing notebook" not in (tiny.folder / "_build/stage/en/build.log").read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_main_path_passes_it_by(tiny, language):
    ways = {}
    for name in ("01-first", "01-deeper", "02-second"):
        page = tiny.soup(f"{language}/{name}.html")
        links = [
            page.select_one(f".prev-next-area a.{side}") for side in ("left-prev", "right-next")
        ]
        heads = [page.select_one(f"link[rel={rel}]")["href"] for rel in ("prev", "next")]
        assert heads == [link["href"] for link in links]
        ways[name] = heads
        assert [link.select_one(".prev-next-title").get_text() for link in links][1] in (
            "2. Second",
            "Claims",
        )
    assert ways == {
        "01-first": ["index.html", "02-second.html"],
        "01-deeper": ["01-first.html", "02-second.html"],
        "02-second": ["01-first.html", "claims.html"],
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_stands_behind_its_chapter_in_the_contents(tiny, language):
    links = tiny.soup(f"{language}/02-second.html").select("nav.bd-links a[href]")
    assert [link["href"] for link in links][:4] == [
        "index.html", "01-first.html", "01-deeper.html", "#"
    ]  # fmt: skip
    assert "from the deep" not in str(links)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_slides_and_a_counterpart(tiny, language):
    assert len(tiny.soup(f"{language}/slides-01-deeper.html").select("section.slide")) >= 2
    switch = tiny.soup(f"{language}/01-deeper.html").select_one("a.language-switch")
    other = {"ko": "en", "en": "ko"}[language]
    assert switch["href"] == f"../{other}/01-deeper.html"


def test_several_pages_in_a_row_are_passed_by():
    relations = {
        "a": [None, None, "01-deeper"],
        "01-deeper": ["a", "a", "02-deeper"],
        "02-deeper": ["a", "01-deeper", None],
    }
    assert neighbour(relations, "a", AFTER) is None
    assert neighbour(relations, "02-deeper", BEFORE) == "a"
