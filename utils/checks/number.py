"""A number that an experiment was to report."""

import math
import numbers

from torch import Tensor

from utils.checks.hints import hint


def check_number(
    name: str,
    value: float | Tensor | None,
    low: float = -math.inf,
    high: float = math.inf,
    want: float | None = None,
    tolerance: float = 0.0,
    mistakes: dict[str, float] | None = None,
) -> None:
    r"""Check that a number is plausible and, if ``want`` is given, that it is right.

    .. math:: |\text{value} - \text{want}| \le \text{tolerance}

    Args:
        name: the variable's name, for the hint.
        value: the number; a 0-dim tensor counts as one.
        low: least plausible value.
        high: greatest plausible value.
        want: the right value, measured again.
        tolerance: how far from ``want`` an honest measurement may fall.
        mistakes: numbers that a known mistake gives, by the key of its hint.

    Raises:
        AssertionError: with the hint.
    """
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    if value is None:
        raise AssertionError(hint("unfinished", name=name))
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value):
        raise AssertionError(hint("not_number", name=name, value=f"{value!r:.80}"))
    value = float(value)
    if want is not None and abs(value - want) <= tolerance:
        print(hint("right", name=name))
        return
    for key, wrong in (mistakes or {}).items():
        if abs(value - wrong) <= max(tolerance, 1e-3 * abs(wrong)):
            raise AssertionError(hint(key, name=name))
    if not low <= value <= high:
        raise AssertionError(hint("number_range", name=name, value=value, low=low, high=high))
    if want is not None:
        raise AssertionError(hint("number_differs", name=name, value=value, tolerance=tolerance))
