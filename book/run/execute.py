"""Run the notebooks of the book, two at a time, into the cache that both languages read."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbclient.exceptions import CellExecutionError, CellTimeoutError
from nbformat import NotebookNode

from book.run import kernel, keys

WORKERS = 2
keys.install()


def read(page: Path) -> NotebookNode | None:
    """The notebook of a page, read as myst-nb reads it; None for a page without code."""
    text = page.read_text("utf-8")
    if not is_myst_markdown_notebook(text):
        return None
    config = MdParserConfig()
    return read_myst_markdown_notebook(text, config=config, add_source_map=True, path=page)


def attempt(page: Path, notebook: NotebookNode) -> tuple[float, str]:
    """Run one notebook in the folder of its page; return the seconds and what went wrong."""
    start = time.perf_counter()
    try:
        kernel.run(notebook, page.parent)
    except (CellExecutionError, CellTimeoutError) as error:
        return time.perf_counter() - start, str(error).strip()
    return time.perf_counter() - start, unraised(notebook)


def unraised(notebook: NotebookNode) -> str:
    """An error that stopped no cell, since it came up when a figure was shown after it."""
    for cell in notebook.cells:
        if "raises-exception" in cell.metadata.get("tags", ()):
            continue
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                return f"{output.ename}: {output.evalue}"
    return ""


def failed_cell(notebook: NotebookNode) -> tuple[int, int]:
    """Number of the code cell that stopped a run, and its line in the page.

    It is the cell with an error, or, after a timeout, the last one that was started.
    """
    lines = notebook.metadata.get("source_map") or [0] * len(notebook.cells)
    code = [
        (cell, line)
        for cell, line in zip(notebook.cells, lines, strict=False)
        if cell.cell_type == "code"
    ]
    stopped = 0
    for position, (cell, _) in enumerate(code):
        if cell.get("execution_count") or cell.outputs:
            stopped = position
        if any(output.output_type == "error" for output in cell.outputs):
            stopped = position
            break
    else:
        # A cell that timed out leaves no count behind when it has printed nothing.
        if not code[stopped][0].get("metadata", {}).get("execution"):
            stopped = min(stopped + 1, len(code) - 1)
    return stopped + 1, code[stopped][1] + 1


def fill(cache_folder: Path, pages: list[Path]) -> list[str]:
    """Run what the cache does not hold; return one message for each page that failed."""
    cache = get_cache(str(cache_folder))
    cache.change_cache_limit(100)
    waiting, seen = [], set()
    for page in pages:
        notebook = read(page)
        if notebook is None or _is_cached(cache, notebook):
            continue
        _, key = cache.create_hashed_notebook(notebook)
        if key not in seen:  # the other language has the same cells
            seen.add(key)
            waiting.append((page, notebook))
    waiting.sort(key=lambda job: -job[0].stat().st_size)  # the long ones first
    failures = []
    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        results = pool.map(lambda job: attempt(*job), waiting)
        for (page, notebook), (seconds, error) in zip(waiting, results, strict=True):
            name = f"{page.parent.parent.name}/{page.parent.name}/{page.name}"
            if error:
                number, line = failed_cell(notebook)
                where = f"{name}, code cell {number} (line {line})"
                failures.append(f"book: {where} failed:\n\n{error}\n")
                continue
            print(f"book: ran {name} in {seconds:.1f} s", flush=True)
            keep(cache_folder, page, notebook, seconds)
    return failures


def keep(cache_folder: Path, page: Path, notebook: NotebookNode, seconds: float) -> None:
    """Put an executed notebook into the cache."""
    bundle = CacheBundleIn(notebook, str(page), data={"execution_seconds": seconds})
    get_cache(str(cache_folder)).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def is_kept(cache_folder: Path, notebook: NotebookNode) -> bool:
    """Whether the cache holds a run of these cells."""
    return _is_cached(get_cache(str(cache_folder)), notebook)


def outputs(cache_folder: Path, page: Path) -> list[list[NotebookNode]]:
    """What each code cell of a page gave when it was run; ``fill`` comes first."""
    cache = get_cache(str(cache_folder))
    record = cache.match_cache_notebook(read(page))
    cells = cache.get_cache_bundle(record.pk).nb.cells
    return [cell.outputs for cell in cells if cell.cell_type == "code"]


def _is_cached(cache: object, notebook: NotebookNode) -> bool:
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return False
    return True
