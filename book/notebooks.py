"""Export the chapters as notebooks: ``python -m book.notebooks [--check]``.

Every MyST source with a kernel becomes ``notebooks/LANG/NAME.ipynb``. The Korean notebook is
executed once; the English one has the same code and gets the same outputs. Only text outputs are
stored, so that nbval has references to compare with and the repository stays small.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from book import build, execute
from book.markdown import to_plain

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("ko", "en")


def sources(language: str) -> list[Path]:
    """The chapters of one language that have code cells."""
    pages = sorted((ROOT / "chapters" / language).glob("*.md"))
    return [page for page in pages if "\nkernelspec:" in page.read_text("utf-8")[:600]]


def source_hash(source: Path) -> str:
    """What an exported notebook depends on: its source, the exporter, ``utils``."""
    parts = [source, ROOT / "book/notebooks.py", ROOT / "book/markdown.py"]
    parts += sorted((ROOT / "utils").glob("*.py"))
    return hashlib.sha256(b"\0".join(part.read_bytes() for part in parts)).hexdigest()[:16]


def target(source: Path) -> Path:
    """Where the notebook of a chapter lands."""
    return ROOT / "notebooks" / source.parent.name / f"{source.stem}.ipynb"


def convert(source: Path) -> NotebookNode:
    """Read a MyST source as a notebook with plain Markdown cells."""
    language = source.parent.name
    notebook = jupytext.read(source)
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{position:03d}"  # the same on every export
        if cell.cell_type == "markdown":
            cell.source = to_plain(cell.source, language, source)
    notebook.cells = [c for c in notebook.cells if c.cell_type == "code" or c.source.strip()]
    notebook.metadata = NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        course={"source": str(source.relative_to(ROOT)), "hash": source_hash(source)},
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


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


def export(source: Path) -> None:
    """Write the notebooks of one chapter in both languages."""
    outputs = [text_outputs(cell) for cell in execute.outputs(build.cache_path(), source)]
    for language in LANGUAGES:
        notebook = convert(ROOT / "chapters" / language / source.name)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for count, (cell, cell_outputs) in enumerate(zip(code, outputs, strict=True), start=1):
            cell.outputs, cell.execution_count = cell_outputs, count
        file = target(ROOT / "chapters" / language / source.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        nbformat.validate(notebook)
        file.write_text(nbformat.writes(notebook) + "\n", "utf-8")


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
                if course.get("hash") != source_hash(source):
                    found.append(f"{file.relative_to(ROOT)} is older than its source or utils")
        wanted = {target(source) for source in sources(language)}
        for file in (ROOT / "notebooks" / language).glob("*.ipynb"):
            if file not in wanted:
                found.append(f"{file.relative_to(ROOT)} has no source")
    return found


def main() -> None:
    """Export what is stale, or say what is."""
    parser = argparse.ArgumentParser(prog="python -m book.notebooks", description=__doc__)
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
    build.run_notebooks(wanted)  # those that the book has already run come from its cache
    for source in wanted:
        print(f"notebooks: {source.stem}", flush=True)
        export(source)
    for problem in problems:
        if problem.endswith("has no source"):
            (ROOT / problem.split()[0]).unlink()


if __name__ == "__main__":
    main()
