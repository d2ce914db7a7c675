"""Build both books: ``python -m book.build``.

Each language is built apart and with warnings as errors; the site is replaced only when both are
good, so a chapter that fails leaves the last good site in place.
"""

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from book import repository
from book.export import downloads
from book.finish import findable, light, slides
from book.repository import address
from book.run.cache import BUILD, ROOT, cache_path, digest, execution_key, run_notebooks, under
from utils.console import print_anything

try:
    import fcntl
except ImportError:  # Windows: two builds at a time are not kept apart
    fcntl = None

SITE = BUILD / "html"
STAGE = BUILD / "stage"
LANGUAGES = ("ko", "en")  # Korean first: it runs the notebooks, English takes them from the cache


def machinery_key() -> str:
    """What a page depends on beside its own source."""
    machinery = [f for f in under("book") if f.suffix != ".mo"]
    machinery += under("utils/lab")
    addresses = f"{address()} {repository.repository()}"  # the environment may name others
    named = hashlib.sha256(addresses.encode()).hexdigest()[:8]
    return digest([*machinery, ROOT / "_config.yml", ROOT / "_toc.yml"]) + execution_key() + named


def language_key(language: str) -> str:
    """What one language's pages depend on: their sources, not the other language's."""
    others = set(LANGUAGES) - {language}
    shared = [f for f in under("chapters") if f.relative_to(ROOT).parts[1] not in others]
    return machinery_key() + digest(shared)


def merge(base: dict, change: dict) -> dict:
    """``base`` with the values of ``change``, nested."""
    merged = dict(base)
    for key, value in change.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


def derive(language: str) -> tuple[dict, dict]:
    """Configuration and contents of one language's book, from those of the Korean one."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    toc_text = (ROOT / "_toc.yml").read_text("utf-8").replace("chapters/ko/", "")
    if language == "en":
        english = yaml.safe_load((ROOT / "book/english.yml").read_text("utf-8"))
        captions = english.pop("captions")
        config = merge(config, english)
        for korean, translated in captions.items():
            toc_text = toc_text.replace(f"caption: {korean}", f"caption: {translated}")
    config["bibtex_bibfiles"] = [str(ROOT / file) for file in config["bibtex_bibfiles"]]
    config["execute"]["cache"] = str(cache_path())
    config["sphinx"]["local_extensions"] = {"book.extension.course": str(ROOT)}
    config["sphinx"]["config"]["html_favicon"] = str(ROOT / "book/static/favicon.svg")
    config["sphinx"]["config"]["locale_dirs"] = [str(ROOT / "book/locale")]
    return config, yaml.safe_load(toc_text)


def run_sphinx(language: str) -> Path:
    """Build one language into the stage; raise ``SystemExit`` with what went wrong."""
    stage = STAGE / language
    # The stage keeps parsed pages between builds; a page that went away must not stay.
    shutil.rmtree(stage / "_build" / "html", ignore_errors=True)
    stage.mkdir(parents=True, exist_ok=True)
    config, toc = derive(language)
    for name, content in (("_config.yml", config), ("_toc.yml", toc)):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (stage / name).write_text(text, "utf-8")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", f"chapters/{language}"]
    command += ["--config", str(stage / "_config.yml"), "--toc", str(stage / "_toc.yml")]
    command += ["--path-output", str(stage), "-W", "--keep-going"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONIOENCODING": "utf-8",  # as the log is read, whatever the terminal's encoding
    }
    log_file = stage / "build.log"
    # A file, not a pipe, and a session of its own: the KaTeX server outlives Sphinx and would keep
    # a pipe open for ever.
    with log_file.open("w", encoding="utf-8") as log:
        options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, start_new_session=True, **options
        )
        try:
            code = process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    if code:
        report(language, log_file.read_text("utf-8"), log_file)
    return stage / "_build" / "html"


def report(language: str, log: str, log_file: Path) -> None:
    """Print the failing page, the cell and the traceback, and stop."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", log)
    chapter = re.findall(rf"chapters/{language}/[\w-]+\.md", log)
    lines = [line for line in log.splitlines() if re.search(r"WARNING|ERROR", line)]
    start = log.find("An error occurred while executing the following cell")
    print("\n".join(lines[:20]), file=sys.stderr)
    if start >= 0:
        print(log[start : start + 6000], file=sys.stderr)
    elif not lines:
        print(log[-4000:], file=sys.stderr)
    where = chapter[-1] if chapter and (start >= 0 or lines) else f"chapters/{language}"
    raise SystemExit(
        f"book: the build of {where} failed (whole log: {log_file.relative_to(ROOT)}); "
        f"the site in {SITE.relative_to(ROOT)} is left as it was"
    )


def all_pages() -> list[Path]:
    """The sources of both languages."""
    return [page for language in LANGUAGES for page in under(f"chapters/{language}", "*.md")]


def build_language(language: str, force: bool) -> Path:
    """Build one language unless its last good build is still that of its sources."""
    stamp, html = STAGE / f"{language}.stamp", STAGE / language / "_build" / "html"
    key = language_key(language)
    if not force and html.is_dir() and stamp.is_file() and stamp.read_text() == key:
        print(f"book: {language} has not changed")
        return html
    stamp.unlink(missing_ok=True)  # until this build is good
    print(f"book: {language} ...", flush=True)
    start = time.perf_counter()
    html = run_sphinx(language)
    downloads.add(html, language, cache_path())
    stamp.write_text(key)
    print(f"book: {language} done in {time.perf_counter() - start:.1f} s", flush=True)
    return html


def publish(pages: dict[str, Path]) -> None:
    """Put the finished books in place of the old site."""
    new, old = BUILD / "html.new", BUILD / "html.old"
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(parents=True)
    for language, folder in pages.items():
        shutil.copytree(folder, new / language, ignore=shutil.ignore_patterns(".buildinfo*"))
        light.slim(new / language, BUILD / "pictures")
        slides.write(new / language, language)
    shutil.copy(ROOT / "book/landing.html", new / "index.html")
    findable.finish(new, LANGUAGES)
    if SITE.exists():
        SITE.rename(old)
    new.rename(SITE)
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other build runs: tests in two processes ask for the site at the same time."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "build.lock").open("w") as lock:
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Build what has changed."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m book.build", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    force = parser.parse_args().force
    with alone():
        build(force)


def build(force: bool) -> None:
    """Build both languages, if anything has changed or ``force`` is given."""
    stamp, machinery_stamp = BUILD / "site.stamp", STAGE / "machinery.stamp"
    # All pages at once: when nothing at all has changed, not even the cache need be asked.
    key = machinery_key() + digest(under("chapters"))
    if not force and (SITE / "index.html").exists() and stamp.is_file():
        if stamp.read_text() == key:
            print(f"book: nothing has changed; the site is in {SITE.relative_to(ROOT)}")
            return
    if not machinery_stamp.is_file() or machinery_stamp.read_text() != machinery_key():
        shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True, exist_ok=True)
    machinery_stamp.write_text(machinery_key())
    failures = run_notebooks(all_pages())
    if failures:
        print("\n".join(failures), file=sys.stderr)
        raise SystemExit(f"book: the site in {SITE.relative_to(ROOT)} is left as it was")
    pages = {}
    for language in LANGUAGES:
        pages[language] = build_language(language, force)
    publish(pages)
    for folder in (BUILD / ".jupyter_cache").glob("*"):
        if folder != cache_path():
            shutil.rmtree(folder)
    stamp.write_text(key)
    print(f"book: the site is in {SITE.relative_to(ROOT)}; read it with `make serve`")


if __name__ == "__main__":
    main()
