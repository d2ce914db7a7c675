"""Two books, one course: the switch between them."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

OTHER = {"ko": "en", "en": "ko"}
NAMES = {"ko": "한국어", "en": "English"}


class StableSectionIds(SphinxTransform):
    """Put the explicit label of a section first, so that both languages link to the same anchor.

    Without it the address of a Korean heading is ``#id3``, which means another section in English.
    """

    default_priority = 500  # after labels have reached their sections (260)

    def apply(self, **kwargs: object) -> None:
        """Reorder the identifiers of every labelled section."""
        for section in self.document.findall(nodes.section):
            section["ids"].sort(key=lambda name: not name.startswith("sec-"))


def page_context(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Give the templates the address of the same page in the other language."""
    language = app.config.language
    # `jupyter-book build .` makes one book alone; there is no counterpart to link to.
    if Path(app.srcdir).name != language or language not in OTHER:
        return
    up = "../" * (page.count("/") + 1)
    name = page if page != "genindex" else "index"
    context["other_language"] = OTHER[language]
    context["other_language_name"] = NAMES[OTHER[language]]
    context["other_language_page"] = f"{up}{OTHER[language]}/{name}.html"
