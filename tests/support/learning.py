"""A page that holds nothing but the laboratory that learns, as a notebook's host would hold it."""

import json

import chromium
import pytest
from laboratory import HOST

from book.extension import laboratory

LAB = "host.flowLab"
RENDER = "document.body.append(host); window.end = widget.render({ model, el: host });"


@pytest.fixture
def learning(tmp_path, browser):
    """Open such a page; needs the fixture ``browser``."""
    server, address = chromium.serve(tmp_path)
    pages = []

    def open_page(*, head="", body="", hash="", script=RENDER, **options):
        text = json.dumps(laboratory.scripts()[laboratory.FILE]).replace("</", "<\\/")
        frame = HOST.format(module=text, state="{}", head=head, script=script)
        (tmp_path / "frame.html").write_text(frame.replace("<body>", f"<body>{body}"), "utf-8")
        pages.append(chromium.Page(browser, **({"reduced": True} | options)))
        page = pages[-1]
        page.base = address
        page.open(f"{address}frame.html{hash}")
        page.wait(f"!!window.host && !!{LAB}")
        return page

    yield open_page
    for page in pages:
        page.close()
    server.shutdown()


def train(page, change=None, seconds=240):
    """Press the button, and wait for both models and their distances."""
    if change:
        page.evaluate(f"{LAB}.set({json.dumps(change)}).then(() => null)")
    page.evaluate("document.querySelector('.fl-go').click()")
    page.wait(f"!{LAB}.isRunning() && {LAB}.sides.every((s) => s.trained && s.distance)", seconds)
