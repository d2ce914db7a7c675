"""A place where a submission runs and can do no harm: bubblewrap, watched from outside."""

import functools
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from classroom import scratch, sources
from classroom.limits import Limits

if TYPE_CHECKING:  # it imports torch, which whoever only asks for a sandbox does not need
    from classroom.runner.wire import Channel

GIVEN = "/given"  # where the sandbox finds utils and the runner
START = 120  # seconds until the packages are imported, on a busy machine
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store")
SETTINGS = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives")


class NoSandbox(Exception):
    """A sandbox cannot be made here; the message says what to do."""


@functools.cache
def missing() -> str | None:
    """Why there is no sandbox on this machine, or None if there is one."""
    if not sys.platform.startswith("linux"):
        return "bubblewrap exists on Linux only"
    if shutil.which("bwrap") is None:
        return (
            "bubblewrap is not installed: apt install bubblewrap, dnf install bubblewrap "
            "or pacman -S bubblewrap"
        )
    tried = subprocess.run(
        [*_walls(), "--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"], capture_output=True
    )
    if tried.returncode:
        said = tried.stderr.decode(errors="replace").strip()
        return f"bubblewrap is installed but may not make a sandbox here: {said}"
    return None


@functools.cache
def _options() -> str:
    """What this version of bubblewrap knows."""
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _walls() -> list[str]:
    """Namespaces of its own, no rights, no way to get any."""
    walls = ["bwrap", "--unshare-user", "--uid", "65534", "--gid", "65534", "--unshare-ipc"]
    walls += ["--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    walls += ["--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL"]
    return walls


@functools.cache
def _no_more() -> tuple[str, ...]:
    """Forbid further namespaces inside, where bubblewrap and the machine can."""
    words = ("--disable-userns",)
    whole = ["--ro-bind", "/", "/", "--proc", "/proc", "/bin/true"]
    if words[0] not in _options():
        return ()
    done = subprocess.run([*_walls(), *words, *whole], capture_output=True)
    return () if done.returncode else words


def _room(bounds: Limits, path: str, share: int = 1) -> list[str]:
    """A folder in memory, of limited size where this version of bubblewrap can."""
    size = ["--size", str(bounds.disk // share)] if "--size BYTES" in _options() else []
    return [*size, "--tmpfs", path]


def _python() -> list[Path]:
    """The folders that Python and its packages are in."""
    wanted = {Path(sys.prefix), Path(sys.base_prefix), Path(os.path.realpath(sys.executable))}
    wanted |= {Path(part) for part in sys.path if part.endswith("-packages")}
    return sorted(path for path in wanted if path.exists())


def _hidden(secret: list[Path]) -> list[Path]:
    """What lies below the folders above and is not for submissions."""
    installed = [path / "utils" / "checks" for path in _python() if path.name.endswith("-packages")]
    return [path for path in [*secret, *installed] if path.is_dir()]


def command(supplies: Path, bounds: Limits, secret: list[Path]) -> list[str]:
    """The command line of the sandbox, up to the program that runs in it.

    Args:
        supplies: see ``classroom.supplies``.
        bounds: limits.
        secret: folders that nothing in it may see, wherever they lie.

    Returns:
        Words.
    """
    words = [*_walls(), *_no_more(), "--hostname", "classroom"]
    words += ["--clearenv"] if "--clearenv" in _options() else []
    for name, value in environment("/tmp").items():
        words += ["--setenv", name, value]
    mounts: list[tuple[Path, list[str]]] = []
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            mounts.append((path, ["--symlink", os.readlink(path), name]))
        elif path.exists():
            mounts.append((path, ["--ro-bind", name, name]))
    for path in _python():
        if not any(path.is_relative_to(place) for place, _ in mounts):
            mounts.append((path, ["--ro-bind", str(path), str(path)]))
    seen = [path for path, _ in mounts]
    for path in _hidden(secret):
        if any(path.is_relative_to(place) for place in seen):
            mounts.append((path, ["--tmpfs", str(path)]))
    for name in SETTINGS:
        mounts.append((Path(name), ["--ro-bind-try", name, name]))
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += _room(bounds, "/dev/shm", 4) + _room(bounds, "/tmp")
    # What lies deeper is mounted later, so that nothing covers it.
    for _, mount in sorted(mounts, key=lambda pair: len(pair[0].parts)):
        words += mount
    words += ["--ro-bind", str(supplies), GIVEN]
    words += ["--chdir", "/tmp"]  # else it starts where the grader stands, and PWD says where
    # To the kernel the sandbox's user is whoever grades; root could write into /proc/sys.
    for path in ("/proc", "/dev", "/"):
        words += ["--remount-ro", path]
    return [*words, "--"]


def environment(home: str) -> dict[str, str]:
    """The environment of a submission; nothing of the grader's is in it."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "USER": "student",
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "agg",
        "IPYTHONDIR": f"{home}/.ipython",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


class Sandbox:
    """Runs a submission, as often as it takes; whoever makes it must close it."""

    def __init__(
        self,
        supplies: Path,
        bounds: Limits,
        secret: list[Path] = (),
        trusted: bool = False,
        modules: tuple[str, ...] = ("torch",),
    ) -> None:
        """Take what a run needs; nothing is started yet.

        Args:
            supplies: see ``classroom.supplies``.
            bounds: limits.
            secret: folders that nothing in it may see.
            trusted: do without the walls.
            modules: to import before the first run.

        Raises:
            NoSandbox: if there can be no walls, and the submission is not trusted.
        """
        if not trusted and missing():
            raise NoSandbox(missing())
        self.supplies, self.bounds, self.trusted = supplies, bounds, trusted
        self.secret, self.modules = list(secret), ",".join(modules)
        self.forks = sys.platform.startswith("linux")
        self.process = self.control = self.channel = self.scratch = self.errors = None
        self.reason = None  # why the watch has ended it
        self.started = 0  # how many processes have imported the packages

    def run(self) -> "Channel":
        """Start a run afresh, and end the one before it.

        Returns:
            The connection to it.

        Raises:
            NoSandbox: if it does not start.
        """
        from classroom.runner.wire import Channel

        self.hang_up()
        self.reason = None
        said = ""
        for _ in range(2):  # a submission may have spoilt the process that it was a copy of
            try:
                if self.process is None:
                    self._start()
                if self.forks:
                    mine, theirs = socket.socketpair()
                    with theirs:
                        socket.send_fds(self.control, [b"s"], [theirs.fileno()])
                    self.channel = Channel(mine)
                return self.channel
            except (OSError, EOFError) as error:
                said = f"{type(error).__name__} {self._said()}".strip()
                self.close()
        raise NoSandbox(f"the sandbox does not start: {said}")

    def _said(self) -> str:
        """What the process wrote before it fell silent, which it does before any submission."""
        if self.errors is None:
            return ""
        self.errors.seek(0)
        return self.errors.read(2000).decode(errors="replace").strip()[-500:]

    def hang_up(self) -> None:
        """End the run, with all the processes that it has started."""
        if self.channel is None:
            return
        self.channel.close()
        self.channel = None
        if not self.forks:
            self.close()
            return
        try:
            self.control.settimeout(5)
            self.control.send(b"e")
            if self.control.recv(1) != b"e":
                raise EOFError
        except (OSError, EOFError):
            self.close()

    def close(self) -> None:
        """End everything, and remove what it has left."""
        if self.channel is not None:
            self.channel.close()
        if self.process is not None:
            self._kill()
            self.process.wait()
            self.ended.set()
            self.watch.join()
        if self.control is not None:
            self.control.close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
        if self.errors is not None:
            self.errors.close()
        self.process = self.control = self.channel = self.scratch = self.errors = None

    def __enter__(self) -> "Sandbox":
        """Use it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def _start(self) -> None:
        """Start the process that every run is a copy of."""
        self.started += 1
        bounds = json.dumps(self.bounds.inside())
        python = [sys.executable, "-I"]
        if self.trusted:
            self.scratch = str(scratch.make())
            words = [*python, str(self.supplies / "runner")]
            home = self.scratch
            kept = {key: os.environ[key] for key in ("SYSTEMROOT", "PATH") if key in os.environ}
            options = {"env": environment(home) | kept}
        else:
            words = [*command(self.supplies, self.bounds, self.secret), *python, f"{GIVEN}/runner"]
            home, options = "/tmp", {"env": {"PATH": os.environ.get("PATH", os.defpath)}}
        self.errors = tempfile.TemporaryFile()
        options |= {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": self.errors,
        }
        if not self.forks:
            self._connect([*words, "connect"], [bounds, f"{home}/work", self.modules], options)
            return
        self.control, theirs = socket.socketpair()
        with theirs:
            handle = str(theirs.fileno())
            self.process = subprocess.Popen(
                [*words, "fork", handle, bounds, f"{home}/work", self.modules],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                **options,
            )
        self._watch()
        self.control.settimeout(START)
        if self.control.recv(1) != b"r":
            raise EOFError

    def _connect(self, words: list[str], rest: list[str], options: dict) -> None:
        """Start a process for a single run, where processes cannot be copied."""
        from classroom.runner.wire import Channel

        token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as server:
            where = f"{server.getsockname()[1]}:{token}"
            self.process = subprocess.Popen([*words, where, *rest], **options)
            self._watch()
            server.settimeout(START)
            connection, _ = server.accept()
        channel = Channel(connection)
        if channel._read(32, time.monotonic() + START) != token.encode():
            raise EOFError
        self.channel = channel

    def _watch(self) -> None:
        """Start to look after memory and processes."""
        self.ended = Event()
        self.watch = Thread(target=self._look, args=(self.process, self.ended), daemon=True)
        self.watch.start()

    def _look(self, process: subprocess.Popen, ended: Event) -> None:
        """End the sandbox when all its processes together use too much."""
        while not ended.wait(0.1) and process.poll() is None:
            count, memory = usage(process.pid)
            if count > self.bounds.processes:
                self.reason = "processes"
            elif memory > self.bounds.memory:
                self.reason = "memory"
            if self.reason:
                self._kill()
                return

    def _kill(self) -> None:
        """End every process; the sandbox's first process takes all others with it."""
        if not self.trusted:
            for child in _children(self.process.pid):
                _signal(child)
        elif self.forks:
            for child in _tree(self.process.pid):
                _signal(child)
        self.process.kill()


def _signal(process: int) -> None:
    """Kill a process that may be gone."""
    try:
        os.kill(process, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _children(process: int) -> list[int]:
    """The children of a process, on Linux."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{process}/task"):
            text = Path(f"/proc/{process}/task/{thread}/children").read_text()
            found += [int(word) for word in text.split()]
    except OSError:
        pass
    return found


def _tree(process: int) -> list[int]:
    """A process and all that descend from it."""
    found, waiting = [], [process]
    while waiting and len(found) < 5000:
        found.append(waiting.pop())
        waiting += _children(found[-1])
    return found


def usage(process: int) -> tuple[int, int]:
    """Processes and threads below a process, and the memory that they do not share with it.

    Args:
        process: its number.

    Returns:
        How many, and bytes.
    """
    count = memory = 0
    for each in _tree(process):
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        fields = dict(re.findall(r"^(Threads|RssAnon|RssShmem):\s*(\d+)", status, re.M))
        count += int(fields.get("Threads", 0))
        memory += 1024 * (int(fields.get("RssAnon", 0)) + int(fields.get("RssShmem", 0)))
    return count, memory


def secrets_of(*folders: Path) -> list[Path]:
    """What no submission may see: the course itself, and the folders named."""
    return [sources.ROOT, *(folder.resolve() for folder in folders)]
