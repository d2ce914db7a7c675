"""A fixture: the address of a small book, where `visit` opens pages. A file brings `tiny` along."""

import chromium
import pytest


@pytest.fixture(scope="module")
def site(tiny):
    server, address = chromium.serve(tiny.folder / "_build/html")
    yield address
    server.shutdown()
