"""A build after small edits gives, byte for byte, the site that a cold build gives."""

import pytest
from tiny_book import TinyBook

PAGES = {"index", "01-first", "02-second", "claims", "references"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"), runs=True)
    book.build()
    return book


def differing(one, other):
    """Names of the files that are not the same, which is all that a failure need say."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_edit_after_edit_gives_what_a_cold_build_gives(tiny):
    # A word: one page is written (and the front page, which Sphinx always writes).
    tiny.edit("01-first", "A word stands", "Another word stands")
    said = tiny.build()
    assert "book: ran" not in said and "finished 01-first.html\n" in said
    assert tiny.written() == {"index", "01-first"}
    # Tags of display are no part of a program: nothing runs, though the page changes.
    tiny.edit("01-first", "ipython3\nimport", "ipython3\n:tags: [hide-input]\nimport")
    assert "book: ran" not in tiny.build()
    assert tiny.written() == {"index", "01-first"}
    page = (tiny.folder / "_build/html/ko/01-first.html").read_text("utf-8")
    assert "tag_hide-input" in page
    # A title stands on every page; a label's page is named on others.
    tiny.edit("02-second", "# 2. Second", "# 2. Last")
    tiny.build()
    assert tiny.written() == PAGES
    # Another number and another picture: the cell runs, the old picture goes.
    tiny.edit("01-first", "0.25, below", "0.75, below")
    tiny.edit("01-first", "plot([0, 1])", "plot([1, 0])")
    assert "ran chapters/ko/01-first.md" in tiny.build()
    warm = tiny.site()
    assert len([name for name in warm if name.startswith("ko/_images/")]) == 2  # light and dark
    assert b"0.75 &lt; 1" in warm["ko/02-second.html"] and b"0.75" in warm["ko/claims.html"]
    tiny.build("--force")
    cold = tiny.site()
    assert differing(cold, warm) == []


def test_a_warning_stops_every_build_until_it_is_mended(tiny):
    before = tiny.site()
    tiny.edit("02-second", "a formula?", "a {ref}`sec-nowhere`?")
    for _ in range(2):  # the second build reads nothing new, and warns all the same
        done = tiny.start()
        assert done.returncode and "sec-nowhere" in done.stderr
        assert differing(tiny.site(), before) == []
    tiny.edit("02-second", "a {ref}`sec-nowhere`?", "a formula?")
    tiny.build()
    assert differing(tiny.site(), before) == []
