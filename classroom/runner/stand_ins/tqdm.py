"""Stands in for tqdm where it is not installed: a progress bar that shows nothing."""

import sys


class tqdm:  # noqa: N801
    """The loop itself, without a bar."""

    def __init__(self, iterable=(), *args, **kwargs):
        """Take the iterable."""
        self.iterable = iterable

    def __iter__(self):
        """Go through it."""
        return iter(self.iterable)

    def __enter__(self):
        """Nothing begins."""
        return self

    def __exit__(self, *error):
        """Nothing ends."""

    def __getattr__(self, name):
        """Every method does nothing."""
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def trange(*args, **kwargs):
    """A range with a bar that shows nothing."""
    return tqdm(range(*args))


tqdm_notebook, tnrange = tqdm, trange
auto = notebook = std = sys.modules["tqdm.auto"] = sys.modules["tqdm.notebook"] = sys.modules[
    __name__
]
