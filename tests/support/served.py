"""Fixtures: the built site behind a server, a browser, and one page of it at a time."""

import subprocess
import sys

import chromium
import pytest

from book.build import ROOT, SITE

needs_browser = pytest.mark.skipif(bool(chromium.reason()), reason=chromium.reason() or "runs")


@pytest.fixture(scope="module")
def site():
    # Does nothing if the site is up to date, so what is tested is never an old one.
    done = subprocess.run(
        [sys.executable, "-m", "book.build"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    server, address = chromium.serve(SITE)
    yield address
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    browser = chromium.Browser()
    yield browser
    browser.close()


@pytest.fixture
def visit(site, browser):
    last = []

    def open_page(name, **options):
        for page in last:  # one at a time: a page behind another one does not run
            page.close()
        last[:] = [chromium.Page(browser, **options)]
        last[0].open(f"{site}{name}")
        return last[0]

    yield open_page
    for page in last:
        page.close()
