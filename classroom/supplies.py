"""What a submission finds in its sandbox: ``utils`` without its solutions, and the runner."""

import compileall
import shutil
from pathlib import Path

from classroom import sources

# A module of ``utils.checks`` in the sandbox: every name is a function that does nothing. The
# checks that count run elsewhere, on the key's cells.
STUB = '''\
"""The checks of an assignment are run by the judge; here they do nothing."""

language = "ko"


def contest_network():
    def velocity(x, t):
        raise RuntimeError(
            "채점할 때 신경망은 sample의 인수로만 있습니다. 찾아낸 값은 셀에 수로 적으세요. "
            "While you are graded, the network is there as an argument of sample only: write "
            "what you have found into the cell as numbers."
        )

    return velocity, None


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
    leave = shutil.ignore_patterns("__pycache__", "*.pyc", "recorded", "*.npz")
    shutil.copytree(sources.ROOT / "utils", folder / "utils", ignore=leave)
    shutil.copytree(Path(__file__).parent / "runner", folder / "runner", ignore=leave)
    checks = folder / "utils" / "checks"
    for path in checks.rglob("*.py"):
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
