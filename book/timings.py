"""Measure what building and testing costs: ``python -m book.timings [--write]``.

The book is built four times in a copy of the project, so that neither the site nor the cache of
the real one is touched: with nothing cached, again with no change, after a prose edit in each
language, and after an edit in ``utils``. With ``--write`` the table goes into CONTRIBUTING.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from tqdm import tqdm

from book.export.addresses import sources
from utils.console import print_anything

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- timings:start -->", "<!-- timings:end -->"


def seconds(command: list[str], folder: Path) -> tuple[float, str]:
    """Wall time of a command and what it printed; stop if it fails."""
    start = time.perf_counter()
    decoding = {"encoding": "utf-8", "errors": "replace"}
    done = subprocess.run(command, cwd=folder, capture_output=True, **decoding)
    if done.returncode:
        raise SystemExit(
            f"timings: {' '.join(command)} failed:\n{(done.stdout + done.stderr)[-4000:]}"
        )
    return time.perf_counter() - start, done.stdout


def build(copy: Path) -> tuple[float, str]:
    """Build the books of the copy."""
    return seconds([sys.executable, "-m", "book.build"], copy)


def measure_builds(project: Path) -> list[tuple[str, str, float, str]]:
    """Time the builds in a copy of the project; add the notebooks that ran in each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "course"
        left_out = shutil.ignore_patterns("_build", ".venv", ".git", "__pycache__", ".*_cache")
        shutil.copytree(project, copy, ignore=left_out)
        changes = [
            ("make book, nothing cached", "make book, 캐시 없이", None, "240"),
            ("make book, nothing changed", "make book, 바뀐 것 없이", None, ""),
            ("after a prose edit, Korean", "한국어 글을 고친 뒤", "chapters/ko/03*.md", "12"),
            ("after a prose edit, English", "영어 글을 고친 뒤", "chapters/en/03*.md", "12"),
            ("after an edit in utils", "utils를 고친 뒤", "utils/paths.py", ""),
        ]
        for english, korean, pattern, limit in tqdm(changes, desc="builds", disable=None):
            if pattern:
                file = next(copy.glob(pattern))
                comment = "\nword\n" if file.suffix == ".md" else "\n# a word\n"
                file.write_text(file.read_text("utf-8") + comment, "utf-8")
            took, log = build(copy)
            ran = len(re.findall(r"^book: ran ", log, re.M))
            expected_none = "prose" in english or "changed" in english
            if bool(ran) == expected_none:
                raise SystemExit(f"timings: {english}: {ran} notebooks ran")
            rows.append((english, korean, took, limit))
    return rows


def measure_notebook(source: Path) -> tuple[float, float]:
    """Wall time (s) and peak memory (GiB) of one notebook, run in a kernel of its own.

    The kernel is a grandchild, so its memory is read where it is: in a process that has no other
    children.
    """
    code = (
        "import resource, sys; from pathlib import Path; from book.run import execute\n"
        "page = Path(sys.argv[1]); took, error = execute.attempt(page, execute.read(page))\n"
        "assert not error, error\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    took, printed = seconds([sys.executable, "-c", code, str(source)], ROOT)
    unit = 1024**3 if platform.system() == "Darwin" else 1024**2  # bytes there, KiB here
    return took, float(printed.split()[-1]) / unit


def machine() -> str:
    """Cores and memory, in words that both languages share."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    python = platform.python_version()
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only; counts what we may use
    cores = len(affinity(0)) if affinity else os.cpu_count()
    return f"{cores} cores, {memory:.0f} GiB RAM, no GPU, Python {python}"


def measured_builds() -> tuple[list[str], list[str]]:
    """Time the builds and the tests; the lines of the table, for each README."""
    rows = measure_builds(ROOT)
    print("timings: make test ...", flush=True)
    tested, _ = seconds([sys.executable, "-m", "pytest"], ROOT)
    rows.append(("make test", "make test", tested, "300"))
    heads = ("| What | seconds | limit |", "| 무엇 | 초 | 한도 |")
    english, korean = (
        [head, "|---|---:|---:|", *(f"| {row[column]} | {row[2]:.1f} | {row[3]} |" for row in rows)]
        for column, head in enumerate(heads)
    )
    return english, korean


def kept_builds() -> tuple[list[str], list[str]]:
    """The lines on builds and tests that each README holds already."""
    english, korean = (
        (ROOT / readme).read_text("utf-8").split(START)[1].split(END)[0].strip()
        for readme in ("CONTRIBUTING.md", "CONTRIBUTING.ko.md")
    )
    return english.split("\n\n")[1].splitlines(), korean.split("\n\n")[1].splitlines()


def tables(builds: tuple[list[str], list[str]]) -> dict[str, str]:
    """Measure each notebook; the Markdown for each README, with the lines on builds above."""
    chapters = [
        (source.stem, *measure_notebook(source))
        for source in tqdm(sources("ko"), desc="notebooks", disable=None)
    ]
    words = {
        "CONTRIBUTING.md": ("Measured with `make timings` on", "What", "seconds", "peak memory"),
        "CONTRIBUTING.ko.md": ("`make timings`로 잰 값,", "무엇", "초", "최대 메모리"),
    }
    result = {}
    for (readme, (intro, what, unit, memory)), lines in zip(words.items(), builds, strict=True):
        rows = [f"| `{name}` | {took:.1f} | {peak:.2f} |" for name, took, peak in chapters]
        head = [f"{intro} {date.today().isoformat()}: {machine()}.", ""]
        notebooks = ["", f"| {what} | {unit} | {memory} (GiB) |", "|---|---:|---:|", *rows]
        result[readme] = "\n".join(head + lines + notebooks)
    return result


def main() -> None:
    """Print the table, and put it into CONTRIBUTING if asked."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m book.timings", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into CONTRIBUTING")
    parser.add_argument(
        "--notebooks", action="store_true", help="measure the notebooks only and keep the rest"
    )
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)
    builds = kept_builds() if arguments.notebooks else measured_builds()
    for readme, table in tables(builds).items():
        print(f"\n{readme}\n\n{table}")
        file = ROOT / readme
        text = file.read_text("utf-8")
        before, rest = text.split(START)
        after = rest.split(END)[1]
        if arguments.write:
            file.write_text(f"{before}{START}\n{table}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
