"""Build both books: ``python -m book.build``.

Each language is built apart and with warnings as errors; the site is replaced only when both are
good, so a chapter that fails leaves the last good site in place. What has not changed is not made
again: notebooks (``book.run.cache``), pages (``book.run.sphinx``), and what becomes of finished
pages (``book.finish.finished``).
"""

import argparse
import contextlib
import hashlib
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from book import repository
from book.export import downloads
from book.finish import bill, findable, finished
from book.repository import address
from book.run import sphinx
from book.run.cache import BUILD, ROOT, cache_path, digest, environment_key, run_notebooks, under
from book.run.garbage import collect_rarely
from book.run.sphinx import STAGE
from utils.console import print_anything

try:
    import fcntl
except ImportError:  # Windows: two builds at a time are not kept apart
    fcntl = None

SITE = BUILD / "html"
LANGUAGES = ("ko", "en")


def machinery_key() -> str:
    """What a page depends on beside its own source."""
    machinery = [f for f in under("book") if f.suffix != ".mo"]
    machinery += [f for f in under("utils") if f.suffix != ".md"]  # pages show its code
    addresses = f"{address()} {repository.repository()}"  # the environment may name others
    named = hashlib.sha256(addresses.encode()).hexdigest()[:8]
    return digest([*machinery, ROOT / "_config.yml", ROOT / "_toc.yml"]) + environment_key() + named


def language_key(language: str) -> str:
    """What one language's pages depend on: their sources, not the other language's."""
    others = set(LANGUAGES) - {language}
    shared = [f for f in under("chapters") if f.relative_to(ROOT).parts[1] not in others]
    return machinery_key() + digest(shared)


def all_pages() -> list[Path]:
    """The sources of both languages; the Korean ones first, which then run the notebooks."""
    return [page for language in LANGUAGES for page in under(f"chapters/{language}", "*.md")]


def prepare_stage(force: bool) -> None:
    """Empty the stage if what made the pages in it is not what would make them now."""
    stamp, key = STAGE / "machinery.stamp", machinery_key()
    if force or not stamp.is_file() or stamp.read_text() != key:
        shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True, exist_ok=True)
    stamp.write_text(key)


def build_language(language: str) -> None:
    """Write one language's pages and notebooks, unless they are those of its sources already."""
    stamp, key = STAGE / f"{language}.stamp", language_key(language)
    if sphinx.pages_of(language).is_dir() and stamp.is_file() and stamp.read_text() == key:
        print(f"book: {language} has not changed", flush=True)
        return
    stamp.unlink(missing_ok=True)  # until this build is good
    start = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:  # Sphinx has a process of its own
        pages = pool.submit(sphinx.run, language)
        try:
            downloads.update(STAGE / language / "notebooks", language, cache_path())
        finally:
            pages.result()  # what is wrong with a page, Sphinx says best: with its line
    stamp.write_text(key)
    print(f"book: {language} built in {time.perf_counter() - start:.1f} s", flush=True)


def finish_all() -> None:
    """Bring the finished pages of both languages up to date, two languages at a time."""
    names = {code: finished.names(sphinx.pages_of(code)) for code in LANGUAGES}
    jobs = [
        finished.Job(
            language,
            sphinx.pages_of(language),
            STAGE / language / "notebooks",
            STAGE / language / "finished",
            BUILD / "pictures",
            names,
            (STAGE / f"{language}.stamp").read_text(),
        )
        for language in LANGUAGES
    ]
    waiting = [job for job in jobs if not finished.is_done(job)]
    if len(waiting) < 2:
        done = map(finished.finish, waiting)
    else:
        with ProcessPoolExecutor(len(waiting), initializer=collect_rarely) as pool:
            done = list(pool.map(finished.finish, waiting))
    for job, pages in zip(waiting, done, strict=True):
        print(f"book: {job.language}: finished {shown(pages)}", flush=True)


def shown(pages: list[str]) -> str:
    """Names of a few pages, the number of many."""
    return ", ".join(pages) if len(pages) < 4 else f"{len(pages)} pages"


def publish() -> None:
    """Put the finished books in place of the old site."""
    new, old = BUILD / "html.new", BUILD / "html.old"
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir(parents=True)
    names = {}
    for language in LANGUAGES:
        shutil.copytree(STAGE / language / "finished", new / language)
        names[language] = {page.name for page in (new / language).glob("*.html")}
    shutil.copy(ROOT / "book/landing.html", new / "index.html")
    findable.around(new, names)
    records = {code: STAGE / code / "finished.json" for code in LANGUAGES}
    bill.write(new, {code: (sphinx.pages_of(code), file) for code, file in records.items()})
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
    collect_rarely()
    parser = argparse.ArgumentParser(prog="python -m book.build", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build even if nothing has changed")
    force = parser.parse_args().force
    with alone():
        build(force)


def build(force: bool) -> None:
    """Build both languages, if anything has changed or ``force`` is given."""
    stamp = BUILD / "site.stamp"
    # All pages at once: when nothing at all has changed, not even the cache need be asked.
    key = machinery_key() + digest(under("chapters"))
    if not force and (SITE / "index.html").exists() and stamp.is_file():
        if stamp.read_text() == key:
            print(f"book: nothing has changed; the site is in {SITE.relative_to(ROOT)}")
            return
    prepare_stage(force)
    failures = run_notebooks(all_pages())
    if failures:
        print("\n".join(failures), file=sys.stderr)
        raise SystemExit(f"book: the site in {SITE.relative_to(ROOT)} is left as it was")
    with ThreadPoolExecutor(len(LANGUAGES)) as pool:
        list(pool.map(build_language, LANGUAGES))
    finish_all()
    publish()
    for folder in (BUILD / ".jupyter_cache").glob("*"):
        if folder != cache_path():
            shutil.rmtree(folder)
    stamp.write_text(key)
    print(f"book: the site is in {SITE.relative_to(ROOT)}; read it with `make serve`")


if __name__ == "__main__":
    main()
