"""``literalinclude`` with ``:pyobject:`` leaves docstrings out, as the exported notebooks do."""

from sphinx.application import Sphinx
from sphinx.directives import code

from book.export.docstrings import without_docstrings


class Reader(code.LiteralIncludeReader):
    """Sphinx's own, but for the docstrings."""

    def pyobject_filter(
        self, lines: list[str], location: tuple[str, int] | None = None
    ) -> list[str]:
        """The object; where a part begins and ends is looked for in what is left of it."""
        found = super().pyobject_filter(lines, location)
        return without_docstrings(found) if "pyobject" in self.options else found


def setup(app: Sphinx) -> None:
    """Let Sphinx read objects so."""
    code.LiteralIncludeReader = Reader
