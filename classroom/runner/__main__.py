"""The submission's process: ``runner fork FD ...`` on Linux, ``runner connect PORT ...`` elsewhere.

With ``fork`` the packages are imported once, and every run is a copy of this process. Inside the
sandbox it is the first process of its own process tree, which nothing in there can end.
"""

import ctypes
import importlib
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE)
sys.path.insert(1, str(HERE.parent))  # the copy of utils, before any that is installed
sys.path.append(str(HERE / "stand_ins"))

import limits  # noqa: E402
import session  # noqa: E402
import wire  # noqa: E402

DUMPABLE, SUBREAPER, NO_NEW_PRIVS = 4, 36, 38


def _prctl(option: int, value: int) -> None:
    """Set an attribute of this process."""
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def run(connection: socket.socket, shell: session.Shell) -> None:
    """Serve one run, and end."""
    try:
        session.Session(wire.Channel(connection), shell).serve()
    finally:
        os._exit(0)


def _places(scratch: str) -> list[Path]:
    """What lies in the folders that a run can write to."""
    places = [Path("/tmp"), Path("/dev/shm")] if os.getpid() == 1 else [Path(scratch)]
    return [path for place in places for path in place.iterdir()]


def _clear(scratch: str, first: set[Path]) -> None:
    """Remove what a run has left, so that the next finds room; Python itself may lie in /tmp."""
    for path in [path for path in _places(scratch) if path not in first]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    os.makedirs(scratch, exist_ok=True)
    os.chdir(scratch)


def _end(child: int) -> None:
    """End a run with all that it has started."""
    try:
        # The first process of a process tree reaches all of it, and nothing outside.
        os.kill(-1, signal.SIGKILL) if os.getpid() == 1 else os.killpg(child, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    while True:
        for orphan in _children():
            os.kill(orphan, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    """The children of this process, and what they have left behind: all end up here."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return [int(word) for word in text.split()]


def fork_server(control: socket.socket, shell: session.Shell, scratch: str) -> None:
    """Start a run whenever the judge sends a connection for it; end the one before it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one signal that Python listens to
    _prctl(NO_NEW_PRIVS, 1)
    _prctl(SUBREAPER, 1)
    _prctl(DUMPABLE, 0)  # no run can look into this process
    first = set(_places(scratch)) - {Path(scratch)}
    control.settimeout(0.2)
    control.send(b"r")  # ready
    child = 0
    while True:
        try:
            order, handles, _, _ = socket.recv_fds(control, 1, 1)
        except TimeoutError:
            try:
                if child and os.waitpid(child, os.WNOHANG)[0]:
                    _end(child)
                    child = 0
                while os.getpid() == 1 and os.waitpid(-1, os.WNOHANG)[0] not in (0, child):
                    pass
            except ChildProcessError:
                child = 0
            continue
        if child:
            _end(child)
            child = 0
        try:
            _clear(scratch, first)
        except OSError:
            return  # whoever asked starts another process
        if not order:
            return
        if not handles:
            control.send(b"e")  # ended
            continue
        child = os.fork()
        if child == 0:
            control.close()
            if os.getpid() != 1:
                os.setsid()
            _prctl(DUMPABLE, 1)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            run(socket.socket(fileno=handles[0]), shell)
        os.close(handles[0])


def main() -> None:
    """Limit this process, import what assignments use, and serve."""
    mode, where, bounds, scratch, modules = sys.argv[1:6]
    sys.argv = ["notebook"]
    session.silence()
    limits.apply(json.loads(bounds))
    os.makedirs(scratch, exist_ok=True)
    os.chdir(scratch)
    for name in filter(None, modules.split(",")):
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    shell = session.shell()
    sys.path.insert(0, "")
    if mode == "fork":
        fork_server(socket.socket(fileno=int(where)), shell, scratch)
    else:
        port, token = where.split(":")
        connection = socket.create_connection(("127.0.0.1", int(port)))
        connection.sendall(token.encode())
        run(connection, shell)


if __name__ == "__main__":
    main()
