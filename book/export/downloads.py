"""The notebooks that a site offers, beside its pages: a copy of the site offers them too."""

from pathlib import Path

from book.export.export import convert, in_force, sources, write
from book.run import execute

FOLDER = "_notebooks"


def add(html: Path, language: str, cache: Path) -> None:
    """Write the notebooks of one language into its finished pages.

    Unlike those in the repository they name the addresses that are in force for this build.

    Args:
        html: folder of the language's pages.
        language: ``"ko"`` or ``"en"``.
        cache: where the executed notebooks are.
    """
    world = in_force()
    for source in sources(language):
        file = html / FOLDER / f"{source.stem}.ipynb"
        write(convert(source, world), execute.outputs(cache, source), file)
