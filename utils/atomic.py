"""A file is there whole, or the one before it is: never a part of it."""

import os
import platform
import re
import time
from pathlib import Path

HOUR = 3600  # no write takes that long


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Write beside the file, force it to the disk, then put it in the old file's place.

    A process that is killed at any moment leaves the old file or the new one. What it may leave
    besides is ``<name>.<process>-<machine>.tmp``, which the next write of that file takes away.
    Several processes may write one file at the same time, also on several machines that share the
    folder: each of them writes its own temporary file, and the last one wins.

    Args:
        path: file to write; its folder must exist.
        data: what it shall hold.

    Raises:
        OSError: if the disk is full or the folder missing or read-only; the old file is untouched.
    """
    path = Path(path)
    temporary = path.with_name(f"{path.name}.{os.getpid()}-{_machine()}.tmp")
    try:
        _clear_leftovers(path)  # first: the disk may be full because of them
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # a full disk may show only here
        os.replace(temporary, path)  # atomic on one file system
        _sync_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        kept = "; the file that is there now is whole and was left alone" if path.exists() else ""
        raise OSError(
            error.errno,
            f"cannot write {path} ({len(data) / 1e6:.1f} MB): {error.strerror}. "
            f"Make room or choose another folder, then give the same command again{kept}",
        ) from error


def _machine() -> str:
    """This machine's name, as part of a file's name."""
    return re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32]


def _clear_leftovers(path: Path) -> None:
    """Remove the temporary files of processes that were killed while they wrote this file."""
    pattern = re.compile(re.escape(path.name) + r"\.(\d+)-(\w*)\.tmp")
    for file in path.parent.iterdir():
        found = pattern.fullmatch(file.name)
        if not found:
            continue
        try:
            gone = found[2] == _machine() and not _is_running(int(found[1]))
            # Of another machine's processes we know nothing, and numbers are given out again.
            if gone or time.time() - file.stat().st_mtime > HOUR:
                file.unlink()
        except OSError:
            pass  # another process was faster, or it is not ours to remove


def _is_running(process: int) -> bool:
    """Whether there is a process of this number here (POSIX; elsewhere we say yes)."""
    if os.name != "posix":
        return True  # there, os.kill(n, 0) would end it
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it belongs to another user
    return True


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, too (POSIX; elsewhere there is no such call)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
