"""The notebooks that a site offers, beside its pages: a copy of the site offers them too."""

import hashlib
import json
from pathlib import Path

from book.export.addresses import ROOT, in_force, sources
from book.export.labels import labels

FOLDER = "_notebooks"
BIBLIOGRAPHY = ROOT / "chapters/references.bib"


def update(folder: Path, language: str, cache: Path) -> None:
    """Write the notebooks of one language that have changed.

    Unlike those in the repository they name the addresses that are in force for this build.

    Args:
        folder: where they go; ``keys.json`` in it says what each was made from.
        language: ``"ko"`` or ``"en"``.
        cache: where the executed notebooks are.
    """
    record = folder / "keys.json"
    known = json.loads(record.read_text("utf-8")) if record.is_file() else {}
    record.unlink(missing_ok=True)
    # What a notebook shows of others; what all of them depend on empties the folder instead.
    around = repr((in_force(), sorted(labels(language).items()), cache.name))
    keys = {}
    for source in sources(language):
        parts = (around.encode(), source.read_bytes(), BIBLIOGRAPHY.read_bytes())
        keys[source.stem] = hashlib.sha256(b"\0".join(parts)).hexdigest()
        file = folder / f"{source.stem}.ipynb"
        if known.get(source.stem) != keys[source.stem] or not file.is_file():
            make(source, file, cache)
    for file in folder.glob("*.ipynb"):
        if file.stem not in keys:
            file.unlink()
    record.write_text(json.dumps(keys), "utf-8")


def make(source: Path, file: Path, cache: Path) -> None:
    """Write one notebook, with what its cells gave when they were run."""
    from book.export.export import convert, write  # imports Jupyter, which few builds need
    from book.run import execute

    file.parent.mkdir(parents=True, exist_ok=True)
    write(convert(source, in_force()), execute.outputs(cache, source), file)
