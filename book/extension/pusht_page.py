"""Push-T in the page: the script that ``course.js`` loads where ``PushTLab`` has put a table."""

from pathlib import Path

from sphinx.application import Sphinx

from book.extension.laboratory import source

PAGE, FILE = "pusht.js", "pusht-lab.js"  # as in utils/lab/pusht.py, which imports torch (3 s)


def module() -> str:
    """The script."""
    return source().joined(PAGE)


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / FILE).write_text(module(), "utf-8")


def setup(app: Sphinx) -> None:
    """Write the script beside the book's."""
    app.connect("build-finished", _write)
