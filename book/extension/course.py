"""Sphinx extension of the course: what Jupyter Book and its theme do not bring along."""

import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from book.extension import (
    claim_marks,
    claims,
    dark_figures,
    formula_server,
    korean,
    laboratory,
    main_path,
    proofs,
    quiz,
    rewrite,
    search,
    search_index,
    slide_mark,
    teaching,
    without_docstrings,
)
from book.extension.languages import StableSectionIds, page_context
from book.extension.launch import launch_links
from book.extension.output_figure import MoveOutputs, OutputFigure
from book.extension.tidy import UniqueIds, without_leftovers, without_thebe
from book.run import keys

HERE = Path(__file__).parents[1]  # book/


def _config(app: Sphinx, config: Config) -> None:
    # For a plain `jupyter-book build .`, where Sphinx runs the notebooks: they import utils.
    paths = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    korean.install(config.language)
    without_thebe(app)
    config.html_static_path.append(str(HERE / "static"))
    # A laboratory is an element on the page here; as a widget it needs a kernel and a manager.
    config.nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
    config.templates_path.insert(0, str(HERE / "templates"))  # before the theme's own
    formula_server.install()


def setup(app: Sphinx) -> dict[str, object]:
    """Register everything with Sphinx."""
    app.connect("config-inited", _config, priority=400)  # before sphinx-exercise names its boxes
    app.connect("html-page-context", page_context)
    app.connect("html-page-context", main_path.page_context)
    app.connect("html-page-context", launch_links)
    app.connect("html-page-context", without_leftovers, priority=900)  # after myst-nb
    app.add_directive("output-figure", OutputFigure)
    app.add_post_transform(MoveOutputs)
    app.add_post_transform(UniqueIds)
    app.add_transform(StableSectionIds)
    claims.setup(app)
    claim_marks.setup(app)
    dark_figures.setup(app)
    proofs.setup(app)
    quiz.setup(app)
    keys.install()
    laboratory.setup(app)
    rewrite.setup(app)
    search.setup(app)
    search_index.setup(app)
    slide_mark.setup(app)
    teaching.setup(app)
    without_docstrings.setup(app)
    app.add_css_file("course.css")
    app.add_css_file("claims.css")
    labs = {"data-labs": laboratory.addresses()}
    app.add_js_file("course.js", loading_method="defer", **labs)
    app.add_js_file("claims.js", loading_method="defer")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
