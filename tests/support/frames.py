"""Pages that hold nothing but one laboratory, in the language and theme that a test wants."""

import json

import chromium
from laboratory import HOST, RENDER

HEAD = '<html lang="{language}"><style>body {{ background: {ground}; }}</style>'


def frames(folder, browser, module, first_state, ready):
    """A generator for a fixture: yields what opens a page, then closes all.

    ``module`` is the laboratory's script, ``first_state`` makes its state, and ``ready`` is the
    JavaScript that is true as soon as it can be used.
    """
    server, address = chromium.serve(folder)
    pages = []

    def open_page(language="en", script=RENDER, *, state=None, head="", wait=True, **options):
        ground = "#121212" if options.get("dark") else "#ffffff"
        head = HEAD.format(language=language, ground=ground) + head
        text = json.dumps(module).replace("</", "<\\/")
        state = json.dumps(state or first_state())
        page = HOST.format(module=text, state=state, head=head, script=script)
        (folder / "frame.html").write_text(page, "utf-8")
        for other in pages:  # a page behind another one does not run
            other.close()
        pages[:] = [chromium.Page(browser, **options)]
        pages[0].address = address
        pages[0].open(f"{address}frame.html")
        pages[0].wait("!!window.host")
        if wait:
            pages[0].wait(ready)
        return pages[0]

    yield open_page
    for page in pages:
        page.close()
    server.shutdown()
