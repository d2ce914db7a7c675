"""What all laboratories are in Python: a widget in a notebook, an element on a page of the book."""

import json
import warnings

try:
    import anywidget
    import traitlets
except ImportError:  # the pages of the book need neither
    anywidget = traitlets = None


class PageWidget(anywidget.AnyWidget if anywidget else object):
    """The same JavaScript in Jupyter and Colab (package ``anywidget``) and on a page.

    A laboratory names its script in ``FILE``, unless it is the page's first one, and keeps what the
    script needs in ``lab``.
    """

    FILE = ""

    def __init__(self, **state: dict) -> None:
        """Keep the state, ready for JSON."""
        if anywidget:
            super().__init__(**state)
        else:
            vars(self).update(state)
            warnings.warn("install anywidget to see the laboratory in a notebook", stacklevel=3)

    def html(self) -> str:
        """The element that the loader on the book's pages starts; it holds no language."""
        state = json.dumps(self.lab, separators=(",", ":")).replace("</", "<\\/")
        script = f'<script type="application/json">{state}</script>'
        module = f' data-module="{self.FILE}"' if self.FILE else ""
        return f'<div class="flow-lab"{module}>{script}</div>'

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        """A widget where there is one, else the element for the page."""
        bundle, metadata = {}, {}
        if anywidget:
            found = super()._repr_mimebundle_(**kwargs)
            bundle, metadata = found if isinstance(found, tuple) else (found or {}, {})
        shown = {"text/plain": repr(self), "text/html": self.html()}
        return bundle | {kind: text for kind, text in shown.items() if text}, metadata
