"""A fixture: one page of the built site at a time. Whoever uses it imports those of ``pages``."""

import chromium
import pytest


@pytest.fixture
def visit(site, browser):
    last = []

    def open_page(name, **options):
        for page in last:  # a page behind another one does not run
            page.close()
        last[:] = [chromium.Page(browser, **options)]
        last[0].open(f"{site}{name}")
        return last[0]

    yield open_page
    for page in last:
        page.close()
