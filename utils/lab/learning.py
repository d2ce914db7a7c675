"""The laboratory that learns, in a notebook: what the reader draws, two models learn beside it."""

from utils.lab.source import LEARNING, module
from utils.lab.widget import PageWidget, anywidget, traitlets


class LearningLab(PageWidget):
    """Draw a distribution, and train flow matching and diffusion on it, in the browser.

    It is the laboratory of the book's page "Laboratory", as a widget for Jupyter and Colab (package
    ``anywidget``). Nothing is computed in Python.
    """

    if anywidget:
        _esm = traitlets.Unicode(module(*LEARNING)).tag(sync=True)

    def __init__(self) -> None:
        """Take nothing: the reader brings the data."""
        super().__init__()

    def __repr__(self) -> str:
        """A short line, the same on every run."""
        return "LearningLab()"

    def html(self) -> str:
        """Nothing: the page has a directive for it."""
        return ""
