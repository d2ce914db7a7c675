"""Two books, one course: the switch between them."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

OTHER = {"ko": "en", "en": "ko"}
NAMES = {"ko": "한국어", "en": "English"}


class StableSectionIds(SphinxTransform):
    """Leave a section its own label, the same in both languages, as its only anchor.

    What docutils makes of a heading is ``#id3`` in Korean, and another section's in English.
    """

    default_priority = 500  # after labels have reached their sections (260)

    def apply(self, **kwargs: object) -> None:
        """Drop the identifiers that were made from headings, wherever there is a label."""
        for section in self.document.findall(nodes.section):
            own = [name for name in section["ids"] if name.startswith("sec-")]
            section["ids"] = own or section["ids"]


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
