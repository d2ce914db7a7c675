"""What a submission finds in its sandbox: ``utils`` without its solutions, and the runner."""

import compileall
import shutil
from pathlib import Path

from classroom import sources

# The given network of the contest, which students have anyway; it is not the one that counts.
OPEN = ("sampler.py",)
# A module of ``utils.checks`` in the sandbox: every name is a function that does nothing. The
# checks that count run elsewhere, on the key's cells.
STUB = '''\
"""The checks of an assignment are run by the judge; here they do nothing."""

language = "ko"


def contest_network():
    import importlib

    return importlib.import_module("utils.checks.sampler").contest_network()


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *args, **kwargs: None
'''


def lay_out(folder: Path) -> Path:
    """Copy what a submission may see into a folder.

    Args:
        folder: an empty folder.

    Returns:
        The same folder: ``utils/`` and ``runner/``.
    """
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "recorded")
    shutil.copytree(sources.ROOT / "utils", folder / "utils", ignore=leave)
    shutil.copytree(Path(__file__).parent / "runner", folder / "runner", ignore=leave)
    checks = folder / "utils" / "checks"
    for path in checks.rglob("*.py"):
        if path.name in OPEN:
            continue
        path.write_text(STUB, "utf-8")
    (folder / "settings").mkdir()
    _fonts(folder / "settings")
    compileall.compile_dir(folder, quiet=2)
    for path in [folder, *folder.rglob("*")]:  # the sandbox's user is another one
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def _fonts(folder: Path) -> None:
    """Take matplotlib's list of fonts along, which takes seconds to make."""
    try:
        import matplotlib

        for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json"):
            shutil.copy(path, folder)
    except (ImportError, OSError):
        pass
