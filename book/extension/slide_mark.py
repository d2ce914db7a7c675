"""``% slide`` above a paragraph, a cell, a box or a formula: it belongs on a slide.

A comment of MyST, so that neither pages nor notebooks show it. What follows it gets a class, by
which ``book.finish.outline`` knows it.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

MARK, CLASS = "slide", "on-slide"


def mark(app: Sphinx, doctree: nodes.document) -> None:
    """Give the class to what stands below a mark.

    Raises:
        ExtensionError: if nothing that a slide could show stands below it.
    """
    for comment in list(doctree.findall(nodes.comment)):
        if comment.astext().strip() != MARK:
            continue
        below = comment.next_node(descend=False, siblings=True)
        if not isinstance(below, nodes.Element) or isinstance(below, nodes.section | nodes.comment):
            raise ExtensionError(
                f"{app.env.docname}: nothing stands below a '% {MARK}'; see CONTRIBUTING.md"
            )
        below["classes"].append(CLASS)


def setup(app: Sphinx) -> None:
    """Look for marks on every page that is read."""
    app.connect("doctree-read", mark)
