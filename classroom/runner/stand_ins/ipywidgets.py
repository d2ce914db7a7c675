"""Stands in for ipywidgets where it is not installed: widgets that show nothing."""


class Nothing:
    """Takes every call and has every attribute; as a decorator it leaves the function alone."""

    def __init__(self, *args, **kwargs):
        """Take anything."""

    def __call__(self, *args, **kwargs):
        """Return a decorated function as it is."""
        return args[0] if len(args) == 1 and callable(args[0]) else self

    def __getattr__(self, name):
        """Have everything."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __enter__(self):
        """Nothing begins."""
        return self

    def __exit__(self, *error):
        """Nothing ends."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Nothing
