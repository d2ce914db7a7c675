"""A sentence that compares, tied to the number that was measured for it."""

import math
import re

__all__ = ["claim"]


def claim(name: str, value: float, below: float | None = None, above: float | None = None) -> None:
    """Assert a measured value against its bound, and print both in one line.

    The line is what the course's page of claims is made from, so that no figure on it is typed by
    hand: ``claim NAME: value < below``, ``value > above`` or ``above < value < below``.

    Args:
        name: identifier of the sentence: lower-case words joined by hyphens.
        value: what was measured.
        below: the value must be smaller.
        above: the value must be larger.

    Raises:
        TypeError: if ``value`` is not a number.
        ValueError: if the name is malformed, no bound is given, or the value is not finite.
        AssertionError: if the value is not within the bounds.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"name must be lower-case words joined by hyphens, got {name!r}")
    if below is None and above is None:
        raise ValueError(f"claim {name} must have a bound, got neither below nor above")
    try:
        value = float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"value must be one number, got {type(value).__name__}") from error
    if not math.isfinite(value):
        raise ValueError(f"value must be finite, got {value}")
    if above is None:
        line = f"{value:.4g} < {below:.4g}"
    elif below is None:
        line = f"{value:.4g} > {above:.4g}"
    else:
        line = f"{above:.4g} < {value:.4g} < {below:.4g}"
    holds = (above is None or value > above) and (below is None or value < below)
    if not holds:
        raise AssertionError(f"claim {name} does not hold: {line}")
    print(f"claim {name}: {line}")
