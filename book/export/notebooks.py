"""Export the chapters as notebooks: ``python -m book.export.notebooks [--check]``.

Every MyST source with a kernel becomes ``notebooks/LANG/NAME.ipynb``. The Korean notebook is
executed once; the English one has the same code and gets the same outputs. Only text outputs are
stored, so that nbval has references to compare with and the repository stays small.
"""

import argparse
import sys
from pathlib import Path

import nbformat

from book.export.addresses import ROOT, sources
from book.export.export import convert, write
from book.run import cache, execute
from utils.console import print_anything

LANGUAGES = ("ko", "en")


def target(source: Path) -> Path:
    """Where the notebook of a chapter lands."""
    return ROOT / "notebooks" / source.parent.name / f"{source.stem}.ipynb"


def export(source: Path) -> None:
    """Write the notebooks of one chapter in both languages."""
    outputs = execute.outputs(cache.cache_path(), source)
    for language in LANGUAGES:
        page = ROOT / "chapters" / language / source.name
        write(convert(page), outputs, target(page))


def stale() -> list[str]:
    """Notebooks that are missing or were made from another source."""
    found = []
    for language in LANGUAGES:
        for source in sources(language):
            file = target(source)
            if not file.exists():
                found.append(f"{file.relative_to(ROOT)} is missing")
            else:
                course = nbformat.read(file, as_version=4).metadata.get("course", {})
                if course.get("hash") != convert(source).metadata.course["hash"]:
                    found.append(f"{file.relative_to(ROOT)} is older than its source or utils")
        wanted = {target(source) for source in sources(language)}
        for file in (ROOT / "notebooks" / language).glob("*.ipynb"):
            if file not in wanted:
                found.append(f"{file.relative_to(ROOT)} has no source")
    return found


def main() -> None:
    """Export what is stale, or say what is."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m book.export.notebooks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    problems = stale()
    if parser.parse_args().check:
        print("\n".join(problems) or "notebooks: all are up to date")
        sys.exit(bool(problems))
    wanted = []
    for source in sources("ko"):
        pair = [f"{language}/{source.stem}.ipynb" for language in LANGUAGES]
        if any(name in problem for problem in problems for name in pair):
            wanted.append(source)
    failures = cache.run_notebooks(
        wanted
    )  # those that the book has already run come from its cache
    if failures:
        raise SystemExit("\n".join(failures))
    for source in wanted:
        print(f"notebooks: {source.stem}", flush=True)
        export(source)
    for problem in problems:
        if problem.endswith("has no source"):
            (ROOT / problem.split()[0]).unlink()


if __name__ == "__main__":
    main()
