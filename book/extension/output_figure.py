"""The ``output-figure`` directive: a numbered, captioned figure from the code cell above it.

A laboratory (``utils.lab``) in that cell moves in as well, before its picture.

With the option ``:below:`` the pictures come from the first cell *below* that has any: a page may
begin with what it shows, and say afterwards how that was made.

Captions and alternative texts differ between the languages, cell metadata must not (the execution
cache would take the two books for two programs), so both stand here, outside the cell.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from book.extension.dark_figures import enlarged

logger = logging.getLogger(__name__)


class OutputFigure(SphinxDirective):
    """Caption for the pictures that the code cell directly above, or one below, has drawn."""

    required_arguments = 1
    option_spec = {"alt": directives.unchanged_required, "below": directives.flag}
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the figure; its pictures move in after execution."""
        if not self.options.get("alt"):
            raise self.error("output-figure needs an :alt: text")
        if not self.content:
            raise self.error("output-figure needs a caption")
        figure = nodes.figure("", classes=["output-figure"])
        figure["output_alt"] = self.options["alt"]
        figure["output_below"] = "below" in self.options
        self.set_source_info(figure)
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        caption = nodes.caption("", "", *body[0].children)
        self.set_source_info(caption)
        figure += caption
        if len(body) > 1:
            figure += nodes.legend("", *body[1:])
        self.options["name"] = self.arguments[0]
        self.add_name(figure)
        return [figure]


class MoveOutputs(SphinxPostTransform):
    """Move the pictures of the preceding cell into each ``output-figure``."""

    default_priority = 6  # after myst-nb has chosen one picture format per output (4)

    def run(self, **kwargs: object) -> None:
        """Fill every waiting figure of the document."""
        waiting = [f for f in self.document.findall(nodes.figure) if "output_alt" in f]
        for figure in waiting:
            images = self._images(figure)
            if not images:
                message = "output-figure %s: its cell drew no picture"
                logger.warning(message, figure["names"], location=figure)
            for lab in self._laboratories(figure):
                lab.parent.remove(lab)
                figure["classes"].append("with-lab")
                figure.insert(0, lab)
            for position, image in enumerate(images):
                image.parent.remove(image)
                image["alt"] = figure["output_alt"]
                figure.insert(position, enlarged(image))

    @classmethod
    def _images(cls, figure: nodes.figure) -> list[nodes.image]:
        cell = cls._cell(figure)
        return list(cell.findall(nodes.image)) if cell else []

    @classmethod
    def _laboratories(cls, figure: nodes.figure) -> list[nodes.raw]:
        cell = cls._cell(figure)
        raw = list(cell.findall(nodes.raw)) if cell else []
        return [node for node in raw if 'class="flow-lab"' in node.astext()]

    @staticmethod
    def _cell(figure: nodes.figure) -> nodes.container | None:
        siblings = figure.parent.children
        at = siblings.index(figure)

        def is_cell(node: nodes.Node) -> bool:
            return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"

        if figure.get("output_below"):
            drawn = (n for n in siblings[at + 1 :] if is_cell(n) and any(n.findall(nodes.image)))
            return next(drawn, None)
        for node in reversed(siblings[:at]):
            if is_cell(node):
                return node
            if not isinstance(node, nodes.comment | nodes.target):
                break
        return None
