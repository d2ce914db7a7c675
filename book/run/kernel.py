"""Run a notebook in a fresh kernel."""

import os
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

TIMEOUT = 120  # seconds for one cell
ARGUMENTS = [
    "--IPKernelApp.log_level=40",  # errors only: no advice on encrypting localhost
    "--InteractiveShellApp.extensions=book.run.dark_hook",
]


LONGEST = 98  # bytes of a socket's name before its number; Linux takes 107 in all, macOS 103


def endpoint(folder: str | Path) -> dict[str, str]:
    """Where a kernel is spoken to: through files in ``folder``, not through ports.

    Jupyter looks for free ports, lets them go, and the kernel takes them a second later, if nobody
    else has done so in between: with browsers and servers at work beside it, somebody sometimes
    has, and the kernel dies before it has said a word.

    Returns:
        Settings of a ``KernelManager``; none where there are no such files or the name is too long.
    """
    name = f"{folder}/socket"
    if os.name != "posix" or len(os.fsencode(name)) > LONGEST:
        return {}
    return {"transport": "ipc", "ip": name}


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
    with tempfile.TemporaryDirectory(prefix="kernel-", ignore_cleanup_errors=True) as sockets:
        client.create_kernel_manager().update_config(Config(KernelManager=endpoint(sockets)))
        client.execute(cwd=str(folder))
