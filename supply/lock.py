"""Write ``locked.txt`` and ``constraints.txt``: ``python -m supply.lock [--upgrade NAME ...]``.

``constraints.txt`` names one version of every package; ``locked.txt`` holds the same versions with
the hashes of all files of each release, for every platform and for Python 3.11 and newer. What
stands in ``constraints.txt`` stays unless a requirement has changed or ``--upgrade`` names it; to
choose a version, write it there. Torch, and the CUDA packages that some builds of it ask for, are
not in ``locked.txt``: which build is right depends on the machine.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements-dev.txt"
ALONE = ROOT / "requirements-alone.txt"  # installed without what they ask for
CONSTRAINTS, LOCKED = ROOT / "constraints.txt", ROOT / "locked.txt"
PYTHON = "3.11"  # the oldest one
TORCH = re.compile(r"torch|triton|(nvidia|cuda)-.*")  # torch and what its builds for CUDA ask for
BROWSER = "sys_platform == 'emscripten'"  # Python in a browser: the course does not run there
CONSTRAINTS_HEAD = """\
# The exact set that the tests ran with (Python 3.11), written by `make lock`. locked.txt has the
# same versions with hashes, and every make door installs those.
# torch: no +cpu suffix, so that an installed CPU build satisfies it.
"""
LOCKED_HEAD = """\
# The versions of constraints.txt with the hashes of all their files, written by `make lock`.
# Not torch, nor the CUDA packages of its builds: which is right depends on the machine.
"""


def resolve(seed: str, *options: str, torch: str = "", source: Path = REQUIREMENTS) -> list[str]:
    """Let uv choose versions; one block for each, with its hashes if ``options`` ask for them.

    Args:
        seed: pins that stay where they can.
        options: further options of ``uv pip compile``.
        torch: the version of torch, if only that can be had.
        source: the requirements.

    Raises:
        SystemExit: if no set satisfies the requirements; uv has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.txt"
        out.write_text(seed, "utf-8")
        if torch:
            only = Path(folder) / "torch.txt"
            only.write_text(f"torch=={torch}\n", "utf-8")
            options = (*options, "--constraint", str(only))
        uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header"]
        command = [*uv, "--no-annotate", *options, str(source), "--output-file", str(out)]
        if subprocess.run(command, cwd=ROOT).returncode:
            raise SystemExit("supply: no set of packages satisfies the requirements; see above")
        return re.split(r"^(?=[A-Za-z0-9])", out.read_text("utf-8"), flags=re.M)[1:]


def requirement(block: str) -> Requirement:
    """The package of a block, its version and its marker."""
    return Requirement(block.partition("\\")[0].partition("#")[0].strip())


def is_torch(block: str) -> bool:
    """Whether a block is torch or comes with torch."""
    return bool(TORCH.fullmatch(canonicalize_name(requirement(block).name)))


def constraints(blocks: list[str]) -> str:
    """A line for each version; a marker only where there are two of one package."""
    pins = [requirement(block) for block in blocks]
    names = [pin.name for pin in pins]
    lines = [
        f"{pin.name}{pin.specifier}" + (f" ; {pin.marker}" if names.count(pin.name) > 1 else "")
        for pin in pins
    ]
    return CONSTRAINTS_HEAD + "\n".join(lines) + "\n"


def pins(file: Path) -> list[Requirement]:
    """The pins of either file."""
    text = re.sub(r"^\s*#.*\n", "", file.read_text("utf-8"), flags=re.M)
    return [requirement(block) for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]]


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(prog="python -m supply.lock", description=__doc__)
    parser.add_argument("--upgrade", nargs="*", default=[], help="packages, or 'all'")
    wanted = parser.parse_args().upgrade
    options = ["--universal", "--python-version", PYTHON, "--generate-hashes"]
    for name in wanted:
        options += ["--upgrade"] if name == "all" else ["--upgrade-package", name]
    seed = CONSTRAINTS.read_text("utf-8")
    blocks = resolve(seed, *options) + resolve(seed, *options, "--no-deps", source=ALONE)
    blocks.sort(key=lambda block: canonicalize_name(requirement(block).name))
    blocks = [block for block in blocks if BROWSER not in block.partition("\\")[0]]
    kept = [block for block in blocks if not is_torch(block)]
    LOCKED.write_text(LOCKED_HEAD + "".join(kept), "utf-8")
    torch = [block for block in blocks if requirement(block).name == "torch"]
    CONSTRAINTS.write_text(constraints(sorted([*kept, *torch])), "utf-8")
    print(f"supply: {len(kept)} packages are locked, and {str(requirement(torch[0]))} is named")


if __name__ == "__main__":
    main()
