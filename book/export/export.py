"""Turn a chapter into a notebook that runs anywhere, Colab included."""

import hashlib
import json
import re
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from book.export.addresses import ROOT, World, configured
from book.export.fold import fold
from book.export.markdown import to_plain
from book.export.roles import Page
from book.export.setup_cell import TAG, setup_cell
from book.run.cache import utils_key

ANSWER = "exercise"  # tag of the cells in which readers write their answers


def convert(source: Path, world: World | None = None) -> NotebookNode:
    """Read a MyST source as a notebook with plain Markdown cells and, first, the setup cell."""
    world = world or configured()
    language = source.parent.name
    page = Page(language, source.stem, world.site, world.repository)
    notebook = jupytext.read(source)
    fold(notebook.cells, page)
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position:03d}"  # the same on every export
        if cell.cell_type == "markdown":
            cell.source = to_plain(cell.source, language, source, page)
        elif ANSWER in cell.metadata.get("tags", []):
            cell.metadata.tags.remove("remove-cell")  # of the page; here it is what readers fill in
    notebook.cells = [c for c in notebook.cells if c.cell_type == "code" or c.source.strip()]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    setup = setup_cell("\n".join(cell.source for cell in code), language, world.repository)
    notebook.cells.insert(notebook.cells.index(code[0]), setup)
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        course={"source": str(source.relative_to(ROOT)), "hash": fingerprint(notebook)},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def fingerprint(notebook: NotebookNode) -> str:
    """What an exported notebook depends on: its cells, as they are exported, and what they import.

    The cells and not the exporter: what another chapter calls its sections counts as well, and
    a change to the exporter that changes no notebook makes none stale. Of ``utils`` only the parts
    count that the cells see (``book.run.depends``): a change elsewhere rewrites nothing.
    """
    cells = [[cell.cell_type, cell.source, cell.metadata.get("tags")] for cell in notebook.cells]
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return hashlib.sha256(f"{json.dumps(cells)}\0{utils_key(code)}".encode()).hexdigest()[:16]


def text_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Keep what is text and stays the same from run to run."""
    kept = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stdout":
            kept.append(nbformat.v4.new_output("stream", name="stdout", text=output.text))
        elif output.output_type == "execute_result" and "text/plain" in output.data:
            text = re.sub(r"0x[0-9a-f]+", "0x...", output.data["text/plain"])
            data = {"text/plain": text}
            if "text/markdown" in output.data:
                data["text/markdown"] = output.data["text/markdown"]
            kept.append(nbformat.v4.new_output("execute_result", data=data, execution_count=None))
    return kept


def write(notebook: NotebookNode, outputs: list[list[NotebookNode]], file: Path) -> None:
    """Give the code cells their text outputs and write the notebook.

    Args:
        notebook: from ``convert``.
        outputs: of every code cell of the chapter; the setup cell has none.
        file: what is written.
    """
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    chapter = [cell for cell in code if TAG not in cell.metadata.get("tags", [])]
    for count, (cell, cell_outputs) in enumerate(zip(chapter, outputs, strict=True), start=1):
        # What a check says is in the language of whoever ran it.
        said = [] if ANSWER in cell.metadata.get("tags", []) else cell_outputs
        cell.outputs, cell.execution_count = text_outputs(said), count
    nbformat.validate(notebook)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(nbformat.writes(notebook) + "\n", "utf-8")
