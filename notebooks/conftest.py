"""Run the notebooks as a reader on Colab would: each in an empty folder, without ``utils``.

nbval starts every kernel beside the notebook, with the environment of the tests. Here a stand-in
for Colab takes their place, so that one run proves the chapters, the setup cell and the stored
outputs (``tests/support/outputs.py`` says what counts as the same). The first notebook of each
worker installs ``utils``, the others find it, as on Colab after a restart of the kernel. It is also
the run that the book shows, if the book has none yet.
"""

import atexit
import functools
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path

import nbval.kernel
import nbval.plugin
import pytest
from jupyter_client.manager import KernelManager
from nbval.kernel import RunningKernel
from outputs import difference, text
from passed import Passed
from runs import as_the_book_does, compared, give_to_the_book

from book.export.export import text_outputs
from book.export.setup_cell import TAG
from book.export.stand_in import StandIn, environment, stand_in
from book.run.kernel import endpoint


@functools.cache
def colab() -> StandIn:
    """What the notebooks of this worker believe to be Colab."""
    folder = Path(tempfile.mkdtemp(prefix="course-colab-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return stand_in(folder)


class ColabKernel(RunningKernel):
    """A kernel in a stand-in for Colab, in an empty folder of its own."""

    def __init__(self, kernel_name: str, cwd: str | None = None, startup_timeout: int = 60):
        """Start it; ``cwd``, the folder of the notebook, is not where Colab would be."""
        self.folder = Path(tempfile.mkdtemp(prefix="course-kernel-"))
        self.began, self.runs = time.monotonic(), []
        versions = as_the_book_does(colab().stubs, self.folder / "ipython")
        work = self.folder / "work"
        work.mkdir()
        nbval.kernel.KernelManager = partial(KernelManager, **endpoint(self.folder))
        with environment(colab().environment() | versions):
            super().__init__(kernel_name, str(work), startup_timeout)

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Run a cell as Jupyter does: with history, without which ``;`` hides no result."""
        return self.kc.execute(cell_input, allow_stdin=allow_stdin, stop_on_error=False)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def compare(cell: nbval.plugin.IPyNbCell, given: list, stored: list, skip: object = None) -> bool:
    """What nbval asks where outputs are checked: whether stored and present ones agree."""
    found = difference(text(stored), text(text_outputs(given)), cell.parent.path.stem)
    cell.comparison_traceback = [f"{found}\nIf the new one is right: make notebooks"]
    return not found


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval start such kernels and compare so."""
    nbval.plugin.RunningKernel = ColabKernel
    nbval.plugin.IPyNbCell.compare_outputs = compare
    passed = Passed(nbval.plugin.IPyNbCell, config.getoption("--fresh"))
    config.pluginmanager.register(passed, "passed-notebooks")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Check what is stored, though nbval is lax: it has no tolerance, and wants pictures too."""
    if isinstance(item, nbval.plugin.IPyNbCell):
        item.options["check"] = compared(item.cell.metadata)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Hand a notebook that has run from its first cell to its last to the book."""
    if not isinstance(item, nbval.plugin.IPyNbCell) or item.parent.kernel is None:
        return
    kernel, notebook = item.parent.kernel, item.parent.nb
    if TAG not in item.cell.metadata.get("tags", []):
        kernel.runs.append((item.cell.source, item.test_outputs or []))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = any(o.output_type == "error" for _, outputs in kernel.runs for o in outputs)
    last = item.cell is code[-1] and len(kernel.runs) == len(code) - 1
    if last:
        item.config.pluginmanager.get_plugin("passed-notebooks").note(item.path)
    if last and not failed and item.path.parent.name == "ko" and kernel.is_alive():
        said = kernel.kc.kernel_info(reply=True, timeout=60)["content"]["language_info"]
        give_to_the_book(item.path, kernel.runs, said, time.monotonic() - kernel.began)
