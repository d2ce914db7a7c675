"""The server of formulas is waited for, and not longer than it lives."""

import sys

import pytest
import sphinxcontrib.katex as katex

from book.extension import formula_server

LATE = """
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
time.sleep(0.5)  # the file is there, and nobody listens
server.listen()
server.accept()
time.sleep(60)
"""


@pytest.fixture
def started(monkeypatch, tmp_path):
    """Start a program in place of node."""

    def start(program, timeout=30.0):
        def command(socket=None, port=None):
            return [sys.executable, "-c", program, str(socket)]

        monkeypatch.setattr(katex.KaTeXServer, "build_command", command)
        return formula_server.start_server_process(tmp_path, timeout)

    return start


def test_a_socket_that_is_there_before_anybody_listens_is_waited_for(started):
    process, connection = started(LATE)
    connection.close()
    process.kill()
    process.communicate()


def test_a_server_that_ends_or_never_listens_is_not_waited_for_for_ever(started):
    with pytest.raises(katex.KaTeXError, match="ended with 3"):
        started("raise SystemExit(3)")
    with pytest.raises(katex.KaTeXError, match="1"):
        started("import time; time.sleep(60)", timeout=1.0)
