"""Leave out of the pages what cannot work there, and what is not valid HTML."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

# sphinx-proof and sphinx-exercise give every box on a page the same identifier.
REPEATED = {"proof-content", "exercise-content", "solution-content"}


class UniqueIds(SphinxPostTransform):
    """Drop identifiers that several boxes of a page share; nothing links to them."""

    default_priority = 900

    def run(self, **kwargs: object) -> None:
        """Empty them."""
        for section in self.document.findall(nodes.section):
            section["ids"] = [name for name in section["ids"] if name not in REPEATED]


def without_thebe(app: Sphinx) -> None:
    """Unplug sphinx-thebe: it names another host, and declares a constant twice (an error)."""
    for name, listeners in app.events.listeners.items():
        kept = [item for item in listeners if item.handler.__module__ != "sphinx_thebe"]
        app.events.listeners[name] = kept


def without_leftovers(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Drop thebe's style sheet, and the sliders' state, which no page without a kernel reads."""
    context["css_files"] = [f for f in context["css_files"] if "thebe" not in str(f.filename)]
    state = "application/vnd.jupyter.widget-state+json"
    files = context.get("script_files", [])
    context["script_files"] = [f for f in files if f.attributes.get("type") != state]
