"""axe-core on every page, where Chromium and the packages of audit/ are installed."""

import os
import shutil
from pathlib import Path

import pytest
from pages import site  # noqa: F401  (a fixture)

from audit.__main__ import HERE, NAMES, ROOT, everything, faults, measure, table

CHROMIUM = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, NAMES)), None)
COMPLETE = CHROMIUM and shutil.which("node") and (HERE / "node_modules").is_dir()
SOURCES = sorted(page.stem for page in (ROOT / "chapters/ko").glob("*.md"))
SLIDES = [f"slides-{name}" for name in SOURCES if name[:2].isdigit()]
PAGES = ["index.html?choose", "404.html"] + [
    f"{language}/{name}.html"
    for language in ("en", "ko")
    for name in (*SOURCES, *SLIDES, "genindex", "search")
]


@pytest.fixture(scope="module")
def rows(site):  # noqa: F811
    return {row["page"]: row for row in measure(everything(), 0, CHROMIUM)}


# One test for each page, though they are measured together: the longest job of the tests should
# start early, and files with many tests do.
@pytest.mark.skipif(
    not (COMPLETE or os.environ.get("COURSE_NEEDS_BROWSER")),
    reason="needs Chromium, node and `npm ci` in audit/",
)
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible_whole_and_asks_no_other_host(rows, page):
    assert sorted(rows) == sorted(PAGES)
    assert not faults([rows[page]])


def test_a_fault_is_named_and_the_table_has_every_page():
    good = {"violations": [], "foreign": [], "errors": [], "missing": [], "wider": 0}
    image = {"rule": "image-alt", "places": ["<img>"]}
    bad = {**good, "violations": [image], "missing": ["/a.png"], "wider": 7}
    found = {
        "performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100,
        "lcp": 1.234, "cls": 0.0, "bytes": 345678, "index": 1500.0,
    }  # fmt: skip
    here = str(ROOT / "_build" / "html")
    ours = {"folder": here, "page": "ko/a.html", "light": good, "dark": bad, "lighthouse": found}
    other = {**ours, "folder": str(Path("/elsewhere")), "page": "intro.html"}
    assert faults([ours, other]) == [
        "ko/a.html (dark): image-alt: <img>",
        "ko/a.html (dark): 7 pixels too wide",
        "ko/a.html (dark): missing: /a.png",
    ]
    lines = table([ours, other], 5).splitlines()
    assert lines[-2] == "| ko/a.html | 99 | 100 | 100 | 100 | 1.23 | 0.000 | 346 | 1 |"
    assert "jupyter-book create" in lines[-1]
