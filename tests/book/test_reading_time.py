"""A chapter's box promises no less time than reading it takes, and no main page is too long."""

import re

import pytest
from reading_time import read

from book import chapters
from book.build import ROOT

LIMITS = {"05-mathematics": 90}  # minutes; an hour where nothing is said
LANGUAGES = ("ko", "en")
PAGES = [page for code in LANGUAGES for page in sorted((ROOT / f"chapters/{code}").glob("[0-9]*.md"))]
MAIN = [page for page in PAGES if not page.stem.endswith("-deeper")]


def name(page):
    return f"{page.parent.name}-{page.stem}"


@pytest.mark.parametrize("page", MAIN, ids=name)
def test_the_box_promises_no_less_than_it_takes(page):
    time, promised = read(page), chapters.read(page).minutes
    assert time.minutes <= promised, f"{time.minutes:.0f} minutes: {time}"
    assert promised <= LIMITS.get(page.stem, 60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_says_what_the_boxes_say(language):
    index = (ROOT / f"chapters/{language}/index.md").read_text("utf-8")
    for page in (page for page in MAIN if page.parent.name == language):
        row = re.search(rf"^\|.*<{page.stem}>`.*\| *(\d+)[^|\d]*\|$", index, re.M)
        assert row, f"the map of chapters has no line with minutes for {page.stem}"
        assert int(row[1]) >= chapters.read(page).minutes


def test_what_is_read_is_counted(tmp_path):
    page = tmp_path / "01-a.md"
    words = "one two three four $x + y$ {ref}`the fifth <sec-a>` "  # seven words: maths is one
    page.write_text(
        "---\nmyst:\n  html_meta:\n    description: not read\n---\n\n(sec-a)=\n# Title\n\n"
        f"{words}{{claim}}`a-b | not read before it is asked for`\n\n"
        "$$\nx = y\n$$ (eq-a)\n\n"
        "```{code-cell} ipython3\nx = 1\n\ny = 2\n```\n\n"
        "```{code-cell} ipython3\n:tags: [hide-input]\n\nimport torch\n```\n\n"
        "```{output-figure} fig-a\n:alt: Not read.\nA caption.\n```\n\n"
        "::::{quiz} Why?\n- [x] So\n  : Right.\n- [ ] Not so\n  : Wrong.\n::::\n\n"
        "```{exercise-start} Left out\n:label: ex-a\n```\nNot now.\n```{exercise-end}\n```\n\n"
        "```{code-cell} ipython3\nz = 3\n```\n\n"
        "```{solution-start} ex-a\n```\nNor this.\n```{solution-end}\n```\n",
        "utf-8",
    )
    time = read(page)
    assert (time.lines, time.formulas) == (2, 1)
    # The title; the sentence; the figure's name and caption; the question and its answers.
    assert time.words == 1 + 7 + 3 + 6
    assert time.minutes == pytest.approx(17 / 200 + 2 / 15 + 0.5)


def test_code_that_is_included_counts_without_its_docstring(tmp_path):
    (tmp_path / "a.py").write_text('def f(x):\n    """What it does.\n\n    At length.\n    """\n\n'
                                   "    return x\n")  # fmt: skip
    page = tmp_path / "01-a.md"
    page.write_text("# A\n\n```{literalinclude} a.py\n:pyobject: f\n```\n", "utf-8")
    assert read(page).lines == 2
