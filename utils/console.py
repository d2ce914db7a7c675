"""What the commands print, on a terminal of any encoding."""

import sys


def print_anything() -> None:
    r"""Let this process print every name, as ``\xe9`` where the terminal has no é.

    A student called José, or a folder with a Korean name, is no reason to stop after hours of
    work. The encoding stays as it is: only what it lacks is escaped.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what stands in for it in a notebook has no encoding
            stream.reconfigure(errors="backslashreplace")
