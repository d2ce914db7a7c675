"""Sentences, what was measured for them, and what was measured for their rivals."""

import prose
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output
from tiny_book import FENCE, HEAD, TinyBook

from book.export.addresses import ROOT
from book.export.markdown import to_plain
from book.extension.claims import LINE

PAGE = f"""{HEAD}(sec-first)=
# 1. First

A word stands here. Is that all?

{FENCE}{{code-cell}} ipython3
import torch

from utils.claims import claim, identity

claim("one-is-small", [0.25, 0.5, 0.375], below=1, rival=[1.5, 2])
claim("in-between", 0.5, above=0.25, below=0.75)
identity("same", torch.ones(3), torch.ones(3), within=1e-5)
{FENCE}

One $x_0$ is small. {{claim}}`one-is-small | the half of $3 < 5$`
Half is in between. {{claim}}`in-between`
Both are *the same*. {{claim}}`same`

{FENCE}{{code-cell}} ipython3
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([0, 1]);
{FENCE}

{FENCE}{{output-figure}} fig-line
:alt: A line that rises from left to right.
A line. See {{ref}}`sec-second` and {{cite}}`ho2020ddpm`.
{FENCE}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("claims"))
    (book.chapters / "01-first.md").write_text(PAGE, "utf-8")
    book.build()
    return book


def page(book, name):
    text = (book.folder / f"_build/html/ko/{name}.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


def test_a_page_shows_what_was_measured(tiny):
    first = page(tiny, "01-first").select_one("article.bd-article")
    assert "0.5 < 1" in str(first.get_text())
    table = page(tiny, "claims").select_one("article.bd-article").get_text()
    for sentence in ("is small.", "Half is in between.", "Both are the same."):
        assert sentence in table


def test_what_lacks_its_counterpart_stops_the_build(tiny):
    first = tiny.chapters / "01-first.md"
    before = first.read_text("utf-8")
    tiny.edit("01-first", "one-is-small | the half of $3 < 5$", "one-is-small")
    tiny.edit("01-first", "{claim}`in-between`", "{claim}`in-between | words`")
    tiny.edit("01-first", "{claim}`same`", "{claim}`nothing`")
    done = tiny.start()
    first.write_text(before, "utf-8")
    assert done.returncode
    for warning in (
        "claim one-is-small: no sentence says what its rival was",
        "claim in-between: a sentence names a rival that the cell did not measure",
        "claim nothing is said but not measured",
        "claim same is measured but not said",
    ):
        assert warning in done.stderr


def test_what_a_printed_line_holds():
    shown = (
        "claim a-b: 0.9 < 0.95 < 1.1; rival 1.3 2; seeds 0.94 0.95 0.93\nidentity c: 1e-07 < 1e-05"
    )
    assert LINE.findall(shown) == [
        ("claim", "a-b", "0.9 < 0.95 < 1.1", "1.3 2", "0.94 0.95 0.93"),
        ("identity", "c", "1e-07 < 1e-05", "", ""),
    ]


def test_a_notebook_shows_nothing_for_the_role():
    text = "Small. {claim}`a | $x^2$ | words`\nOther. {claim}`b`\n"
    assert to_plain(text, "en", ROOT / "chapters/en/03-flow-matching.md") == "Small.\nOther."


def test_a_sentence_may_say_value_rival_or_seed_of_its_claim(tmp_path, monkeypatch):
    said = """Worst 0.95, rival 1.3, seeds 0.93 to 0.95. {claim}`a | widened 7.77 times`
The error is 0.2%. {claim}`c`
False, 0.94. {claim}`c`
"""
    source = tmp_path / "01-page.md"
    source.write_text(
        f"{HEAD}# 1. Page\n\n## A\n\n```{{code-cell}} ipython3\n1\n```\n\n## B\n\n{said}"
    )
    printed = "claim a: 0.95 < 0.99; rival 1.3; seeds 0.94 0.95 0.93\nidentity c: 2e-03 < 1e-02\n"
    outputs = [[new_output("stream", text=printed)]]
    monkeypatch.setattr(prose.execute, "outputs", lambda cache, page: outputs)
    monkeypatch.setattr(prose, "cache_path", lambda: None)
    assert prose.unprinted(source) == ["01-page.md: 0.94 in: False, 0.94. <<c>>"]
