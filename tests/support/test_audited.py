"""Which pages are measured again, and which are not."""

import audited
import passed
import pytest
from audited import marks

from book.run import cache

PAGES = ("ko/a.html", "ko/b.html", "ko/search.html")
FILES = {
    "ko/a.html": '<img src="_images/one.webp"><script src="_static/all.js"></script>',
    "ko/b.html": '<img src="_images/two.webp" data-dark="_images/dark.webp">',
    "ko/search.html": "search",
    "ko/searchindex.js": "index",
    "ko/_images/one.webp": "1",
    "ko/_images/two.webp": "2",
    "ko/_images/dark.webp": "3",
    "ko/_static/all.js": "js",
    "ko/_sources/a.md": "# a",
    "en/_static/all.css": "css",
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site of three pages; the function changes a file and says which pages are new then."""
    monkeypatch.setattr(passed, "FOLDER", tmp_path / "passed")
    monkeypatch.setattr(audited, "judges", lambda browser: browser)
    monkeypatch.setattr(cache, "ROOT", tmp_path)
    folder = tmp_path / "site"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    before = marks(PAGES, "browser", folder)
    assert len({*before.values()}) == 3 and marks(PAGES, "browser", folder) == before

    def changed(name=None, text="another", browser="browser"):
        if name:
            (folder / name).write_text(text) if text else (folder / name).unlink()
        after = marks(PAGES, browser, folder)
        return [page[3:-5] for page in PAGES if after[page] != before[page]]

    return changed


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("ko/a.html", ["a"]),
        ("ko/_images/one.webp", ["a"]),
        ("ko/_images/dark.webp", ["b"]),
        ("ko/searchindex.js", ["search"]),
        ("ko/_sources/a.md", []),
        ("ko/_static/all.js", ["a", "b", "search"]),
        ("en/_static/all.css", ["a", "b", "search"]),
        ("ko/_static/new.json", ["a", "b", "search"]),
    ],
)
def test_a_change_is_a_reason_to_measure_what_shows_it(site, name, pages):
    assert site(name) == pages


def test_a_picture_that_is_gone_and_another_browser_are_reasons(site):
    assert site(browser="another") == ["a", "b", "search"]
    assert site("ko/_images/two.webp", None) == ["b"]


def test_what_measures_is_a_reason(tmp_path, monkeypatch):
    (tmp_path / "audit").mkdir()
    (tmp_path / "tests/audit").mkdir(parents=True)
    files = [tmp_path / "audit" / name for name in audited.JUDGES]
    files.append(tmp_path / "tests/audit/test_audit.py")
    monkeypatch.setattr(audited, "ROOT", tmp_path)
    monkeypatch.setattr(cache, "ROOT", tmp_path)
    for file in files:
        file.write_text("as it is")
    before = audited.judges.__wrapped__("true")
    for file in files:
        file.write_text("another")
        assert audited.judges.__wrapped__("true") != before
        file.write_text("as it is")
    assert audited.judges.__wrapped__("true") == before
