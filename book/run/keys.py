"""What an execution is recognised by: code, and of the tags those that change how it runs.

jupyter-cache takes every tag for a part of the program, so that folding a cell (``hide-input``)
would run its notebook again. Tags of display are left out here, and what comes from the cache
takes the tags of the page that asks. What the cells import of ``utils`` is left out by
jupyter-cache, and belongs to what they do.
"""

import hashlib

from jupyter_cache.cache.main import JupyterCacheBase
from nbformat import NotebookNode

from book.run.cache import utils_key

RUNNING = {"raises-exception", "skip-execution"}  # tags that nbclient reads
_hashed = JupyterCacheBase.create_hashed_notebook
_merged = JupyterCacheBase.merge_match_into_notebook


def running(tags: list[str] | None) -> list[str]:
    """Those of a cell's tags that its outputs depend on."""
    return sorted(RUNNING & set(tags or ()))


def without_display(notebook: NotebookNode) -> NotebookNode:
    """The notebook with no tags but those."""
    cells = []
    for cell in notebook.cells:
        metadata = {key: value for key, value in cell.metadata.items() if key != "tags"}
        if kept := running(cell.metadata.get("tags")):
            metadata["tags"] = kept
        cells.append(NotebookNode(cell | {"metadata": NotebookNode(metadata)}))
    return NotebookNode(notebook | {"cells": cells})


def install() -> None:
    """Teach jupyter-cache; both the builder and Sphinx, which also asks the cache, call this."""

    def create_hashed_notebook(self: JupyterCacheBase, nb: NotebookNode, *args, **options) -> tuple:
        hashed, key = _hashed(self, without_display(nb), *args, **options)
        seen = utils_key("\n".join(cell.source for cell in hashed.cells))
        return hashed, hashlib.md5(f"{key} {seen}".encode()).hexdigest()

    def merge_match_into_notebook(self: JupyterCacheBase, nb: NotebookNode, **options) -> tuple:
        return _merged(self, nb, **({"cell_meta": ()} | options))  # (): the page's own metadata

    JupyterCacheBase.create_hashed_notebook = create_hashed_notebook
    JupyterCacheBase.merge_match_into_notebook = merge_match_into_notebook
