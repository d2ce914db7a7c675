"""Figures for light and for dark pages: both stand on the page, and what is seen is fetched.

A kernel of the book gives each figure in two versions (``book.run.dark_hook``). A film has a
second version if a file ``NAME-dark.webp`` lies beside ``NAME.webp``.
"""

import posixpath
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from myst_nb.core import render
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from book.run.dark_hook import MIME

LIGHT, DARK = "on-light", "on-dark"  # classes of what is seen on a light page, and on a dark one
WORDS = {"ko": ("그림 크게 보기", "닫기"), "en": ("Open the figure larger", "Close")}


class enlarge(nodes.container):  # noqa: N801  (docutils names nodes so)
    """A picture that leads to itself, larger."""


class DarkPicture:
    """How myst-nb reads the second version of a figure: as the PNG that it is."""

    @staticmethod
    def handle_mime(
        renderer: render.NbElementRenderer, data: render.MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Write the file, and make a picture of it."""
        if data.mime_type != MIME:
            return None
        return renderer.render_image(render.MimeData("image/png", data.content))


class PairFigures(SphinxPostTransform):
    """Put both versions of a figure side by side, before myst-nb chooses a form of each output."""

    default_priority = 3

    def run(self, **kwargs: object) -> None:
        """Mark them; a builder that knows no style sheet gets the light one alone."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            forms = {form["mime_type"]: form for form in bundle.children}
            dark, light = forms.get(MIME), forms.get("image/png")
            if dark is None:
                continue
            bundle.remove(dark)
            if light is not None and self.app.builder.format == "html":
                pair(light[0], dark[0])
                light += dark[0]


class PairFilms(SphinxTransform):
    """Put the dark version of a film behind the light one, while the page is read."""

    default_priority = 200

    def apply(self, **kwargs: object) -> None:
        """Look for the file beside the film's."""
        for film in list(self.document.findall(nodes.image)):
            name = film["uri"]
            if not name.endswith(".webp"):
                continue
            other = f"{name.removesuffix('.webp')}-dark.webp"
            if (Path(self.document["source"]).parent / other).is_file():
                dark = film.deepcopy()
                dark["uri"] = other
                pair(film, dark)
                film.parent.insert(film.parent.index(film) + 1, dark)


def pair(light: nodes.image, dark: nodes.image) -> None:
    """Say of two pictures when each is seen; a browser fetches the one that is, when it is near."""
    light["classes"] += [LIGHT]
    dark["classes"] += [DARK, "only-dark"]  # a picture that the theme leaves as it is
    light["loading"] = dark["loading"] = "lazy"


def enlarged(picture: nodes.image) -> enlarge:
    """A link around a picture; it is seen when the picture is."""
    seen = [name for name in picture["classes"] if name in (LIGHT, DARK)]
    return enlarge("", picture, classes=seen)


def _open(writer: HTML5Translator, node: enlarge) -> None:
    builder = writer.builder
    file = builder.images.get(node[0]["uri"])
    address = posixpath.join(builder.imgpath, quote(file)) if file else node[0]["uri"]
    title, close = WORDS.get(builder.config.language, WORDS["en"])
    words = {"title": title, "data-close": close}
    writer.body.append(writer.starttag(node, "a", "", CLASS="enlarge", href=address, **words))


def _close(writer: HTML5Translator, node: enlarge) -> None:
    writer.body.append("</a>\n")


def setup(app: Sphinx) -> None:
    """Register all this, and the form of a picture with myst-nb."""
    app.add_node(enlarge, html=(_open, _close))
    app.add_transform(PairFilms)
    app.add_post_transform(PairFigures)
    render.load_mime_renders = lambda: [DarkPicture]  # it would look for installed packages
