"""The links to the neighbours of a page: the main path passes the pages behind the chapters by.

Chapter 2 leads on to chapter 3, and chapter 3 back to chapter 2, though ``02-deeper`` stands
between them in the contents. From there the way leads back to chapter 2 and on to chapter 3.
"""

from pathlib import Path

from sphinx.application import Sphinx

from book.chapters import is_deeper

BEFORE, AFTER = 1, 2  # what Sphinx knows of a page: its parent, who is before it, and after it


def neighbour(relations: dict[str, list[str | None]], page: str, side: int) -> str | None:
    """The page beside another one, on one side, that is no deeper page."""
    found = relations[page][side]
    while found is not None and is_deeper(Path(found).name):
        found = relations[found][side]
    return found


def page_context(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Give the templates, and the page's head, other neighbours where Sphinx has a deeper one."""
    relations = getattr(app.builder, "relations", {})
    if page not in relations:
        return
    for side, name in ((BEFORE, "prev"), (AFTER, "next")):
        found = neighbour(relations, page, side)
        if found == relations[page][side]:
            continue
        context[name] = found and {
            "link": app.builder.get_relative_uri(page, found),
            "title": app.builder.render_partial(app.env.titles[found])["title"],
        }
