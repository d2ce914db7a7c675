"""Folders for the time of a run; the next run removes what one that was killed has left."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

PREFIX, OWNER = "grading-", "owner"


def make() -> Path:
    """A new folder, which says whose it is.

    Returns:
        The folder; whoever asked for it removes it.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    (folder / OWNER).write_text(str(os.getpid()), "ascii")
    return folder


def sweep() -> list[Path]:
    """Remove the folders whose owners are gone.

    Returns:
        What was removed.
    """
    if sys.platform == "win32":  # there, asking whether a process lives would end it
        return []
    removed = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, ValueError):
            mine = folder.lstat().st_uid == os.getuid() and not folder.is_symlink()
            if mine and not _alive(int((folder / OWNER).read_text("ascii"))):
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(folder)
    return removed


def _alive(process: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
