"""A fixture: pages that hold nothing but Push-T; it needs the fixture ``browser``."""

import json

import chromium
import pytest
from laboratory import HOST, RENDER

from utils.lab.pusht import module, push_state

PUSH = "host.flowLab"
HEAD = '<html lang="{language}"><style>body {{ background: {ground}; }}</style>'


@pytest.fixture
def pushed(tmp_path, browser):
    server, address = chromium.serve(tmp_path)
    pages = []

    def open_page(language="en", script=RENDER, *, state=None, head="", wait=True, **options):
        ground = "#121212" if options.get("dark") else "#ffffff"
        head = HEAD.format(language=language, ground=ground) + head
        text = json.dumps(module()).replace("</", "<\\/")
        state = json.dumps(state or push_state())
        page = HOST.format(module=text, state=state, head=head, script=script)
        (tmp_path / "frame.html").write_text(page, "utf-8")
        for other in pages:  # a page behind another one does not run
            other.close()
        pages[:] = [chromium.Page(browser, **options)]
        pages[0].address = address
        pages[0].open(f"{address}frame.html")
        pages[0].wait("!!window.host")
        if wait:
            pages[0].wait(f"!!{PUSH}.episode?.seen")
        return pages[0]

    yield open_page
    for page in pages:
        page.close()
    server.shutdown()
