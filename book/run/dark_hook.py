"""In the kernels that run a chapter for the book: a figure brings along its version for dark pages.

IPython asks every formatter that it knows for a form of what is displayed. One more form is offered
here, under a type of its own (``MIME``), which ``book.extension.dark_figures`` puts on the page.
The chapters know nothing of it, and notebooks that readers run do without it.

This file stands alone: where a notebook runs as on Colab there is no ``book``.
"""

import base64
import sys

MIME = "image/vnd.course.dark+png"


def load_ipython_extension(shell: object) -> None:
    """Offer the form; IPython calls this when the kernel starts."""
    from IPython.core.formatters import BaseFormatter
    from traitlets import Unicode

    class DarkFormatter(BaseFormatter):
        """Asked for everything that is displayed, it answers for figures."""

        format_type = Unicode(MIME)

        def __call__(self, shown: object) -> str | None:
            """A PNG file in base64."""
            module = sys.modules.get("matplotlib.figure")
            if module is None or not isinstance(shown, module.Figure) or not shown.axes:
                return None
            from utils.plotting import dark  # now that there is a figure, utils is there

            if pale := dark.pale_texts(shown):
                raise ValueError(f"too pale to be read: {pale}; leave text in the colour of ink")
            return base64.b64encode(dark.dark_png(shown, tight=True)).decode("ascii")

    shell.display_formatter.formatters[MIME] = DarkFormatter(parent=shell.display_formatter)
