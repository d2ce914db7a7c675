"""The directive ``{laboratory}``: the laboratory that learns, in the page itself.

::

    ```{laboratory} ../pictures/laboratory.webp
    :alt: What the still picture shows.
    The caption of the still picture.
    ```

It needs no kernel and no cell. Until the reader comes near, and without scripts, there is a still
picture (and its dark version, ``laboratory-dark.webp``, on a dark page); ``course.js`` then loads
the module that ``module`` puts together from ``utils/lab``.
"""

import hashlib
import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.patches import Figure
from sphinx.transforms import SphinxTransform

from book.extension.dark_figures import enlarged

SOURCE = Path(__file__).parents[2] / "utils/lab/source.py"
FILE = "learning-lab.js"


@cache
def source() -> ModuleType:
    """``utils.lab.source``, read without the package around it, which imports torch (3 s)."""
    specification = importlib.util.spec_from_file_location("course_lab_source", SOURCE)
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


def module() -> str:
    """The script of the laboratory that learns."""
    return source().module(*source().LEARNING)


class Laboratory(Figure):
    """A figure with a still picture and a place for the laboratory."""

    def run(self) -> list[nodes.Node]:
        """Mark the figure; its pictures are wrapped when their dark versions are there."""
        if not self.options.get("alt"):
            raise self.error("laboratory needs an :alt: text")
        if not self.content:
            raise self.error("laboratory needs a caption")
        made = super().run()
        made[0]["laboratory"] = True
        made[0]["classes"] += ["output-figure", "with-lab", "with-learning"]
        return made


class Wrap(SphinxTransform):
    """Each picture leads to itself, larger; before the first stands the laboratory's place."""

    default_priority = 210  # after PairFilms, which finds the dark version

    def apply(self, **kwargs: object) -> None:
        """Rework every figure that the directive has marked."""
        version = hashlib.sha256(module().encode()).hexdigest()[:8]
        place = f'<div class="flow-lab" data-module="{FILE}?v={version}"></div>'
        for figure in [f for f in self.document.findall(nodes.figure) if f.get("laboratory")]:
            for image in [child for child in figure.children if isinstance(child, nodes.image)]:
                figure.replace(image, enlarged(image))
            figure.insert(0, nodes.raw("", place, format="html"))


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        (Path(app.outdir) / "_static" / FILE).write_text(module(), "utf-8")


def setup(app: Sphinx) -> None:
    """Register the directive, and write the module beside the book's scripts."""
    app.add_directive("laboratory", Laboratory)
    app.add_transform(Wrap)
    app.connect("build-finished", _write)
