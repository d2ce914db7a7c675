"""The laboratory that learns, in a notebook: what the reader draws, two models learn beside it."""

import warnings

from utils.lab.source import LEARNING, module

try:
    import anywidget
    import traitlets
except ImportError:  # the pages of the book need neither
    anywidget = None


class LearningLab(anywidget.AnyWidget if anywidget else object):
    """Draw a distribution, and train flow matching and diffusion on it, in the browser.

    It is the laboratory of the book's page "Laboratory", as a widget for Jupyter and Colab (package
    ``anywidget``). Nothing is computed in Python.
    """

    if anywidget:
        _esm = traitlets.Unicode(module(*LEARNING)).tag(sync=True)

    def __init__(self) -> None:
        """Take nothing: the reader brings the data."""
        if anywidget:
            super().__init__()
        else:
            warnings.warn("install anywidget to see the laboratory in a notebook", stacklevel=2)

    def __repr__(self) -> str:
        """A short line, the same on every run."""
        return "LearningLab()"

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        """A widget where there is one, else the line."""
        bundle, metadata = {}, {}
        if anywidget:
            found = super()._repr_mimebundle_(**kwargs)
            bundle, metadata = found if isinstance(found, tuple) else (found or {}, {})
        return bundle | {"text/plain": repr(self)}, metadata
