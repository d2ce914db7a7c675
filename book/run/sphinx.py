"""Sphinx over one language, in a process of its own: ``python -m book.run.sphinx ko``.

What ``jupyter-book build`` does, without its command line. The stage of a language keeps parsed
pages and the pages themselves between builds, so that Sphinx writes what has changed
(``book.extension.rewrite`` says which pages those are).
"""

import contextlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from book.run.cache import BUILD, ROOT
from book.run.derive import derive
from book.run.garbage import collect_rarely

STAGE = BUILD / "stage"
FROM_FILM = re.compile(r"-(still|strip)\.webp$")
WARNED = 1  # what Sphinx says when all is written but somebody warned


def pages_of(language: str) -> Path:
    """Where Sphinx writes a language's pages."""
    return STAGE / language / "_build" / "html"


def sources(language: str) -> list[str]:
    """Names of its pages."""
    return sorted(page.stem for page in (ROOT / "chapters" / language).glob("*.md"))


def prepare(language: str) -> None:
    """Write the configuration; throw away pages of which some might be old."""
    stage = STAGE / language
    stage.mkdir(parents=True, exist_ok=True)
    complete = stage / "complete"  # names the pages, if the last build wrote them all
    names = "\n".join(sources(language))
    if not complete.is_file() or complete.read_text("utf-8") != names:
        shutil.rmtree(pages_of(language), ignore_errors=True)
    complete.unlink(missing_ok=True)
    config, toc = derive(language)
    for name, content in (("_config.yml", config), ("_toc.yml", toc)):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (stage / name).write_text(text, "utf-8")


def build(language: str) -> int:
    """Run Sphinx in this process; 0 if all is well."""
    from jupyter_book.sphinx import build_sphinx

    collect_rarely()
    stage = STAGE / language
    toc = {"external_toc_path": (stage / "_toc.yml").as_posix(), "latex_individualpages": False}
    code = build_sphinx(
        ROOT / "chapters" / language,
        pages_of(language),
        noconfig=True,
        path_config=stage / "_config.yml",
        confoverrides=toc,
        warningiserror=True,
        keep_going=True,
    )
    if code not in (0, WARNED):  # an exception
        return 2
    (stage / "complete").write_text("\n".join(sources(language)), "utf-8")
    return code


def run(language: str) -> Path:
    """Build one language in another process; raise ``SystemExit`` with what went wrong."""
    prepare(language)
    log_file = STAGE / language / "build.log"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONIOENCODING": "utf-8",  # as the log is read, whatever the terminal's encoding
    }
    # A file, not a pipe, and a session of its own: the KaTeX server outlives Sphinx and would keep
    # a pipe open for ever.
    with log_file.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "book.run.sphinx", language],
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            code = process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    finish(language, code, log_file)
    return pages_of(language)


def run_here(language: str) -> Path:
    """The same in this process, which is quicker where it has imported Sphinx already."""
    from sphinxcontrib.katex import KaTeXServer

    prepare(language)
    log_file = STAGE / language / "build.log"
    with log_file.open("w", encoding="utf-8") as log:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            code = build(language)
    if KaTeXServer.katex_server:
        KaTeXServer.katex_server.terminate()
    finish(language, code, log_file)
    return pages_of(language)


def load() -> None:
    """Import what Sphinx will: half of the time of a small build."""
    from jupyter_book.config import get_final_config
    from sphinx.application import builtin_extensions

    options = {"latex_individualpages": False}
    prepared, _ = get_final_config(user_yaml=None, cli_config=options, sourcedir=ROOT)
    own = [*yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["sphinx"]["extra_extensions"]]
    for name in (*builtin_extensions, *prepared["extensions"], *own, "book.extension.course"):
        importlib.import_module(name)


def finish(language: str, code: int, log_file: Path) -> None:
    """Leave a stage from which the next build can go on, or say what went wrong."""
    if code:
        log = re.sub(r"\x1b\[[0-9;]*m", "", log_file.read_text("utf-8"))
        forget(language, log)
        raise SystemExit(report(language, log, log_file))
    tidy(pages_of(language))


def forget(language: str, log: str) -> None:
    """Let the next build read again, and so warn again of, the pages that somebody warned of."""
    doctrees = STAGE / language / "_build" / ".doctrees"
    for line in warnings(log):
        page = re.search(rf"chapters/{language}/([\w-]+)\.md", line)
        if page:
            (doctrees / f"{page[1]}.doctree").unlink(missing_ok=True)
        else:
            shutil.rmtree(doctrees, ignore_errors=True)


def warnings(log: str) -> list[str]:
    """The lines of a log that say so."""
    return [line for line in log.splitlines() if re.search(r"WARNING|ERROR", line)]


def report(language: str, log: str, log_file: Path) -> str:
    """The failing page, the cell and the traceback."""
    chapter = re.findall(rf"chapters/{language}/[\w-]+\.md", log)
    lines = warnings(log)
    start = log.find("An error occurred while executing the following cell")
    said = lines[:20]
    if start >= 0:
        said.append(log[start : start + 6000])
    elif not lines:
        said.append(log[-4000:])
    where = chapter[-1] if chapter and (start >= 0 or lines) else f"chapters/{language}"
    said.append(
        f"book: the build of {where} failed (whole log: {log_file.relative_to(ROOT)}); "
        "the site in _build/html is left as it was"
    )
    return "\n".join(said)


def tidy(pages: Path) -> None:
    """Remove pictures that no page shows any longer: Sphinx only ever adds some."""
    texts = [page.read_text("utf-8") for page in pages.glob("*.html")]
    for picture in (pages / "_images").glob("*"):
        film = FROM_FILM.sub(".webp", picture.name)  # book.finish.films writes its frames beside it
        if not any(name in text for name in {picture.name, film} for text in texts):
            picture.unlink()


if __name__ == "__main__":
    sys.exit(build(sys.argv[1]))
