"""Run the notebooks as a reader on Colab would: each in an empty folder, without ``utils``.

nbval starts every kernel beside the notebook, with the environment of the tests. Here a stand-in
for Colab takes their place, so that one run proves both the chapters and the setup cell.
"""

import shutil
import tempfile
from pathlib import Path

import nbval.plugin
import pytest
from nbval.kernel import RunningKernel

from book.export.stand_in import environment, stand_in


class ColabKernel(RunningKernel):
    """A kernel in a stand-in for Colab."""

    def __init__(self, kernel_name: str, cwd: str | None = None, startup_timeout: int = 60):
        """Start it; ``cwd``, the folder of the notebook, is not where Colab would be."""
        self.folder = Path(tempfile.mkdtemp(prefix="course-colab-"))
        colab = stand_in(self.folder)
        with environment(colab.environment()):
            super().__init__(kernel_name, str(colab.work), startup_timeout)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        super().stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    """Let nbval start such kernels."""
    nbval.plugin.RunningKernel = ColabKernel
