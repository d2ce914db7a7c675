"""axe-core on every page, where Chromium and the packages of audit/ are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audit.__main__ import HERE, NAMES, ROOT, faults, table

CHROMIUM = os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.mark.skipif(
    not (CHROMIUM and shutil.which("node") and (HERE / "node_modules").is_dir()),
    reason="needs Chromium, node and `npm ci` in audit/",
)
def test_no_page_violates_wcag_or_asks_another_host():
    # The chapters in one language and the other pages in the other: half the time, same templates.
    site = ROOT / "_build/html"
    pages = [
        str(page.relative_to(site))
        for page in sorted(site.glob("*/*.html"))
        if page.name[:2].isdigit() == (page.parent.name == "ko")
    ]
    command = [sys.executable, "-m", "audit", "--runs", "0", "--pages", *pages]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]


def test_a_fault_is_named_and_the_table_has_every_page():
    good = {"violations": [], "foreign": [], "errors": []}
    bad = {"violations": [{"rule": "image-alt", "places": ["<img>"]}], "foreign": [], "errors": []}
    found = {
        "performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100,
        "lcp": 1.234, "cls": 0.0, "bytes": 345678, "index": 1500.0,
    }  # fmt: skip
    site = str(ROOT / "_build" / "html")
    ours = {"folder": site, "page": "ko/a.html", "light": good, "dark": bad, "lighthouse": found}
    other = {**ours, "folder": str(Path("/elsewhere")), "page": "intro.html"}
    assert faults([ours, other]) == ["ko/a.html (dark): image-alt: <img>"]
    lines = table([ours, other], 5).splitlines()
    assert lines[-2] == "| ko/a.html | 99 | 100 | 100 | 100 | 1.23 | 0.000 | 346 | 1 |"
    assert "jupyter-book create" in lines[-1]
