"""A file is there whole, or the one before it is: never a part of it."""

import os
from pathlib import Path


def write_atomically(path: str | os.PathLike, data: bytes) -> None:
    """Write beside the file, force it to the disk, then put it in the old file's place.

    A process that is killed at any moment leaves the old file or the new one. What it may leave
    besides is ``<name>.tmp``, which the next write takes over.

    Args:
        path: file to write; its folder must exist.
        data: what it shall hold.

    Raises:
        OSError: if the disk is full or the folder missing or read-only; the old file is untouched.
    """
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    try:
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


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, too (POSIX; elsewhere there is no such call)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
