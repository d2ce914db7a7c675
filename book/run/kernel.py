"""Run a notebook in a fresh kernel."""

from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode

TIMEOUT = 120  # seconds for one cell
ARGUMENTS = [
    "--IPKernelApp.log_level=40",  # errors only: no advice on encrypting localhost
    "--InteractiveShellApp.extensions=book.run.dark_hook",
]


def run(notebook: NotebookNode, folder: Path) -> None:
    """Execute in place, in ``folder``.

    Raises:
        CellExecutionError: if a cell raises.
        CellTimeoutError: if a cell takes longer than ``TIMEOUT``.
    """
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        extra_arguments=ARGUMENTS,
        record_timing=False,  # times in the cells would change the key under which they are cached
    )
    # nbclient plays the browser for Output widgets and sends their state on the socket that it
    # waits on; one time in fifty it then sleeps through the kernel's answer until the timeout
    # (jupyter/nbclient issue 312). The pages show no widget, so nobody has to play it.
    client.widget_registry = {}
    client.execute(cwd=str(folder))
