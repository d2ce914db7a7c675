"""How often Python looks for objects that only hold each other."""

import gc


def collect_rarely() -> None:
    """After 200,000 new objects instead of 700, in this process.

    A parsed page is a tree of a hundred thousand objects that all stay for a while, so that looking
    through them finds nothing: it took a quarter of Sphinx's time and a third of a parser's. For
    that, a build takes 45 MB more.
    """
    gc.set_threshold(200_000, 20, 20)
