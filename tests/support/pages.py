"""Fixtures for what needs the built book or a browser: import the names that a file uses."""

import subprocess
import sys

import chromium
import pytest

from book.build import ROOT, SITE

needs_browser = pytest.mark.skipif(bool(chromium.reason()), reason=chromium.reason() or "runs")


@pytest.fixture(scope="module")
def site():
    """The address of the book, built from what lies here."""
    done = subprocess.run(
        [sys.executable, "-m", "book.build"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    server, address = chromium.serve(SITE)
    yield address
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """One Chromium for all tests of a file."""
    browser = chromium.Browser()
    yield browser
    browser.close()
