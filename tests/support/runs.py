"""One run of a notebook for everybody: what nbval ran, the book takes from its cache."""

import shutil
from pathlib import Path

from nbformat import NotebookNode

from book.build import all_pages, alone
from book.export.export import ANSWER
from book.export.fold import TITLE
from book.run import dark_hook, execute
from book.run.cache import ROOT, cache_path, run_notebooks


def as_the_book_does(stubs: Path, folder: Path) -> dict[str, str]:
    """The environment in which a kernel gives its figures in two versions.

    Args:
        stubs: a folder on the kernel's path.
        folder: an empty one for the settings of IPython.
    """
    shutil.copy(dark_hook.__file__, stubs / "course_dark_hook.py")  # there is no ``book`` there
    settings = folder / "profile_default/ipython_kernel_config.py"
    settings.parent.mkdir(parents=True)
    settings.write_text('c.InteractiveShellApp.extensions = ["course_dark_hook"]\n', "utf-8")
    return {"IPYTHONDIR": str(folder)}


def ensure_all() -> None:
    """Have every chapter run, if nobody has run it yet."""
    with alone():
        failures = run_notebooks(all_pages())
    assert not failures, "\n".join(failures)


def give_to_the_book(file: Path, runs: list, language_info: dict, seconds: float) -> bool:
    """Keep what the cells of an exported Korean notebook gave as a run of its chapter.

    Args:
        file: the notebook.
        runs: source and outputs of each of its code cells but the setup cell.
        language_info: what the kernel says of itself; pages are coloured by it.
        seconds: how long it took.

    Returns:
        Whether it was kept; not if the notebook is older than its chapter.
    """
    page = ROOT / "chapters" / file.parent.name / f"{file.stem}.md"
    chapter = execute.read(page)
    cells = [cell for cell in chapter.cells if cell.cell_type == "code"]
    if [cell.source for cell in cells] != [source.removeprefix(f"{TITLE}\n") for source, _ in runs]:
        return False
    for count, (cell, (_, outputs)) in enumerate(zip(cells, runs, strict=True), start=1):
        cell.execution_count = count
        cell.outputs = [finished(output, count) for output in outputs]
    chapter.metadata.language_info = language_info
    with alone():
        if not execute.is_kept(cache_path(), chapter):
            execute.keep(cache_path(), page, chapter, seconds)
    return True


def finished(output: NotebookNode, count: int) -> NotebookNode:
    """An output as a notebook holds it."""
    if output.output_type == "execute_result":
        return NotebookNode(output | {"execution_count": count})
    return output


def compared(metadata: dict) -> bool:
    """Whether a cell's stored outputs are compared: not what checks say of a reader's answer."""
    return not {ANSWER, "colab-setup"} & set(metadata.get("tags", []))
