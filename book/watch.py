"""Write and watch: ``python -m book.watch --lang en`` shows one language in a browser.

A change in ``chapters/LANG`` is on the page a few seconds after it was saved, and the browser
loads the page again by itself. Only what changed is written, and nothing is made light or turned
into slides: that is for ``make book``. The server and the watcher are sphinx-autobuild's; it would
start Python and import Sphinx for every change, here that is done once.
"""

import argparse
import functools
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from sphinx_autobuild.middleware import JavascriptInjectorMiddleware
from sphinx_autobuild.server import RebuildServer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from book.build import LANGUAGES, alone, machinery_key, prepare_stage
from book.run import sphinx
from book.run.cache import ROOT, run_notebooks, under
from utils.console import print_anything

SOURCES = {".md", ".bib", ".webp", ".png", ".svg"}


def refresh(
    language: str,
    machinery: str,
    changed_paths: Sequence[Path] = (),
    run: Callable[[str], Path] = sphinx.run_here,
) -> None:
    """Bring one language's pages up to date; what is wrong is printed, and the next save counts.

    Args:
        language: ``"ko"`` or ``"en"``.
        machinery: what the running code was when the watch began.
        changed_paths: files that were saved.
        run: how Sphinx is run. In a fork of the watching process it is run right there.
    """
    start = time.perf_counter()
    for path in changed_paths:
        print(f"watch: {path.relative_to(ROOT)}", flush=True)
    if machinery != machinery_key():
        print("watch: book/ or utils/ has changed: stop this (Ctrl+C) and start it again")
        return
    try:
        with alone():
            prepare_stage(force=False)
            # What is in the stage from here on is not what the last `make book` noted.
            (sphinx.STAGE / f"{language}.stamp").unlink(missing_ok=True)
            failures = run_notebooks(under(f"chapters/{language}", "*.md"))
            if failures:
                raise SystemExit("\n".join(failures))
            run(language)
    except SystemExit as error:
        print(f"{error}\nwatch: mend it and save again", flush=True)
        return
    print(f"watch: shown after {time.perf_counter() - start:.1f} s", flush=True)


def is_no_source(path: str) -> bool:
    """Whether a change of a file is none of ours: what editors and notebooks leave behind."""
    file = Path(path)
    return file.suffix not in SOURCES or file.name.startswith((".", "#"))


def application(language: str, machinery: str, host: str) -> Starlette:
    """The server: pages, and the socket over which the browser hears of a change."""
    folders = [ROOT / "chapters" / language, ROOT / "chapters/films"]
    files = [ROOT / "chapters/references.bib"]
    watcher = RebuildServer(
        [*folders, *files],
        is_no_source,
        change_callback=functools.partial(refresh, language, machinery),
    )
    pages = StaticFiles(directory=sphinx.pages_of(language), html=True)
    return Starlette(
        routes=[WebSocketRoute("/websocket-reload", watcher), Mount("/", app=pages)],
        middleware=[Middleware(JavascriptInjectorMiddleware, ws_url=host)],
        lifespan=watcher.lifespan,
    )


def main() -> None:
    """Build once, then serve and watch until Ctrl+C."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m book.watch", description=__doc__)
    parser.add_argument("--lang", choices=LANGUAGES, default="ko", help="ko, unless you say en")
    parser.add_argument("--port", type=int, default=8000, help="of the server (8000)")
    arguments = parser.parse_args()
    with socket.socket() as tried:  # before minutes of building, not after them
        if not tried.connect_ex(("127.0.0.1", arguments.port)):
            raise SystemExit(f"watch: port {arguments.port} is taken: make watch PORT=8001")
    os.chdir(ROOT)
    sphinx.load()  # a change is built in a fork of this process
    machinery = machinery_key()
    refresh(arguments.lang, machinery, run=sphinx.run)  # Sphinx leaves traces where it ran
    sphinx.pages_of(arguments.lang).mkdir(parents=True, exist_ok=True)
    host = f"127.0.0.1:{arguments.port}"
    print(f"watch: http://{host}/ shows chapters/{arguments.lang}; Ctrl+C ends it", flush=True)
    server = application(arguments.lang, machinery, host)
    uvicorn.run(server, host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
