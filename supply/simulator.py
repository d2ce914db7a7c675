"""Compile Push-T's simulator for the page: ``python -m supply.simulator --sources pymunk.tar.gz``.

Writes ``utils/lab/pusht-wasm.js`` from ``utils/lab/pusht.c`` and Chipmunk, in the sources that the
pymunk of gym-pusht is built from. Nobody needs this to read, build or test the course: what it
writes is kept with it. To run it, fetch the sources and the compiler once::

    pip download pymunk==6.11.1 --no-binary :all: --no-deps --no-build-isolation
    pip install ziglang==0.17.1
    python -m supply.simulator --sources pymunk-6.11.1.tar.gz

The same sources and compiler give the same bytes. Doubles are added and multiplied as C says
(``-ffp-contract=off``), so the page computes what gym-pusht computes, up to the last digit of the
C library's sine, cosine and power.
"""

import argparse
import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "utils/lab/pusht.c", ROOT / "utils/lab/pusht-wasm.js"
PYMUNK, ZIG = "6.11.1", "0.17.1"
SHA256 = "1917849f63e1f699df21d6a1f5d1c250adddbae25e9c124f0bed765154c94ef8"
LEFT_OUT = "cpHastySpace.c"  # threads
FLAGS = (
    "-target wasm32-wasi -mexec-model=reactor -std=c11 -Oz -flto -fvisibility=hidden -DNDEBUG"
    " -DCP_OVERRIDE_MESSAGE -ffp-contract=off -fno-builtin-memcpy -Wno-everything"
    " -Wl,--no-entry -Wl,--strip-all -Wl,--gc-sections"
).split()
HEAD = """\
/*!
Push-T's simulator in WebAssembly, made by supply/simulator.py from utils/lab/pusht.c and

Chipmunk2D, in the sources of pymunk {pymunk} (MIT):
Copyright (c) 2007-2015 Scott Lembcke and Howling Moon Software
Copyright (c) 2007-2025 Victor Blomqvist
sine, cosine and power of musl, in the C library of ziglang {zig} (MIT):
Copyright (c) 2005-2020 Rich Felker, et al.

{licence}
*/
"""


def compiled(archive: Path) -> tuple[bytes, str]:
    """The WebAssembly module, and the text of Chipmunk's licence.

    Args:
        archive: pymunk's sources, ``pymunk-6.11.1.tar.gz``.

    Raises:
        ValueError: if the sources or the compiler are others than those that are named here.
        subprocess.CalledProcessError: if the compiler fails.
    """
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{archive} is not pymunk {PYMUNK}: its SHA-256 is {found}")
    zig = [sys.executable, "-m", "ziglang"]
    version = subprocess.run([*zig, "version"], capture_output=True, text=True, check=True)
    if version.stdout.strip() != ZIG:
        raise ValueError(f"ziglang must be {ZIG}, got {version.stdout.strip()}")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
        chipmunk = Path(folder) / f"pymunk-{PYMUNK}/Chipmunk2D"
        sources = sorted(f for f in (chipmunk / "src").glob("*.c") if f.name != LEFT_OUT)
        out = Path(folder) / "pusht.wasm"
        command = [*zig, "cc", *FLAGS, f"-I{chipmunk / 'include'}", "-o", out, SOURCE, *sources]
        subprocess.run(command, check=True)
        licence = (chipmunk / "LICENSE.txt").read_text("utf-8").partition("\n\n")[2]
        return out.read_bytes(), licence.strip()


def written(module: bytes, licence: str) -> str:
    """The JavaScript file that holds the module as base64."""
    lines = textwrap.wrap(base64.b64encode(module).decode(), 110)
    text = " +\n".join(f'  "{line}"' for line in lines)
    head = HEAD.format(pymunk=PYMUNK, zig=ZIG, licence=licence)
    return f"{head}export const SIMULATOR =\n{text};\n"


def main() -> None:
    """Compile and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True, metavar="FILE")
    module, licence = compiled(parser.parse_args().sources)
    TARGET.write_text(written(module, licence), "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(module):,} bytes of WebAssembly")


if __name__ == "__main__":
    main()
