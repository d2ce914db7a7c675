"""The directive ``{laboratory}``: the laboratory that learns, in the page itself.

::

    ```{laboratory} ../pictures/laboratory.webp
    :alt: What the still picture shows.
    The caption of the still picture.
    ```

It needs no kernel and no cell. Until the reader comes near, and without scripts, there is a still
picture (and its dark version, ``laboratory-dark.webp``, on a dark page).

``course.js`` then loads the script of this laboratory, as it loads those of the laboratories that a
cell has put on its page: ``scripts`` are all of them, put together from ``utils/lab``.
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
FIRST, FILE = "flow-lab.js", "learning-lab.js"


@cache
def source() -> ModuleType:
    """``utils.lab.source``, read without the package around it, which imports torch (3 s)."""
    specification = importlib.util.spec_from_file_location("course_lab_source", SOURCE)
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


@cache
def scripts() -> dict[str, str]:
    """The script of each laboratory, by the name that an element on a page asks for."""
    lab = source()
    return {
        FIRST: lab.module(),  # a chapter's networks: the one that is meant where none is named
        FILE: lab.module(*lab.LEARNING),
        "names-lab.js": lab.joined("names.js"),
        "pusht-lab.js": lab.joined("pusht.js"),
    }


def addresses() -> str:
    """Where they are: a script that has changed has another address, and no cache shows the old."""
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in scripts().items()}
    return " ".join(f"{name}?v={known[:8]}" for name, known in hashes.items())


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
        place = f'<div class="flow-lab" data-module="{FILE}"></div>'
        for figure in [f for f in self.document.findall(nodes.figure) if f.get("laboratory")]:
            for image in [child for child in figure.children if isinstance(child, nodes.image)]:
                figure.replace(image, enlarged(image))
            figure.insert(0, nodes.raw("", place, format="html"))


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Not by way of ``html_static_path``: Jupyter Book adds every script there to every page."""
    if exception is None and app.builder.format == "html":
        for name, text in scripts().items():
            (Path(app.outdir) / "_static" / name).write_text(text, "utf-8")


def setup(app: Sphinx) -> None:
    """Register the directive, and write the scripts beside the book's."""
    app.add_directive("laboratory", Laboratory)
    app.add_transform(Wrap)
    app.connect("build-finished", _write)
