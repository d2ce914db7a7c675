"""A sentence that compares, tied to what was measured for it and to what would have refuted it."""

import math
import re
from collections.abc import Iterable

import torch
from torch import Tensor

__all__ = ["claim", "identity"]

_COLUMNS = 84  # of a page at 1280 pixels


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"name must be lower-case words joined by hyphens, got {name!r}")


def _numbers(label: str, values: float | Iterable[float]) -> list[float]:
    """One number or several, as a list."""
    several = (isinstance(values, Tensor) and values.dim() == 1) or (
        isinstance(values, Iterable) and not isinstance(values, Tensor | str)
    )
    try:
        numbers = [float(v) for v in (values if several else [values])]
    except (TypeError, ValueError, RuntimeError) as error:
        message = f"{label} must be one number, or one for each seed, got {type(values).__name__}"
        raise TypeError(message) from error
    if not numbers:
        raise ValueError(f"{label} must hold at least one number, got none")
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"{label} must be finite, got {numbers}")
    return numbers


def _short(values: list[float]) -> str:
    return " ".join(f"{v:.4g}" for v in values)


def claim(
    name: str,
    value: float | Iterable[float],
    below: float | None = None,
    above: float | None = None,
    rival: float | Iterable[float] | None = None,
) -> None:
    """Assert a measured value against its bound, and that its rival misses the bound.

    The line that it prints is what the course's page of claims is made from, so that no figure on
    it is typed by hand: ``claim NAME: VALUE < BOUND; rival VALUE; seeds VALUE VALUE VALUE``. Of
    several seeds, the worst stands first. What is too long for a line stands in several.

    Args:
        name: identifier of the sentence: lower-case words joined by hyphens.
        value: what was measured: a number, or one for each seed. Every seed must hold.
        below: the value must be smaller.
        above: the value must be larger.
        rival: what the same instrument says where the sentence is false on purpose (a wrong
            width, a wrong share, the other method), or several such values. Every one of them
            must miss the bound, or the measurement could not have told.

    Raises:
        TypeError: if ``value`` or ``rival`` is neither a number nor a list of numbers.
        ValueError: if the name is malformed, no bound is given, or a value is not finite.
        AssertionError: if a seed misses the bounds, or a rival keeps them.
    """
    _check_name(name)
    if below is None and above is None:
        raise ValueError(f"claim {name} must have a bound, got neither below nor above")
    values = _numbers("value", value)
    rivals = [] if rival is None else _numbers("rival", rival)

    def room(v: float) -> float:  # to the nearest bound
        return min(
            v - above if above is not None else math.inf,
            below - v if below is not None else math.inf,
        )

    worst = min(values, key=room)
    if above is None:
        line = f"{worst:.4g} < {below:.4g}"
    elif below is None:
        line = f"{worst:.4g} > {above:.4g}"
    else:
        line = f"{above:.4g} < {worst:.4g} < {below:.4g}"
    if not room(worst) > 0:
        raise AssertionError(f"claim {name} does not hold: {line}")
    for v in rivals:
        if room(v) > 0:
            raise AssertionError(
                f"claim {name} proves nothing: its rival, {v:.4g}, keeps the bound, too ({line})"
            )
    clauses = [f"claim {name}: {line}"]
    if rivals:
        clauses.append(f"rival {_short(rivals)}")
    if len(values) > 1:
        clauses.append(f"seeds {_short(values)}")
    one_line = "; ".join(clauses)
    print(one_line if len(one_line) <= _COLUMNS else ";\n    ".join(clauses))


def identity(name: str, left: Tensor, right: Tensor, within: float) -> None:
    r"""Assert that two ways to compute something agree: what is true by algebra has no rival.

    .. math:: \frac{\max\lvert l - r\rvert}{\max\lvert r\rvert} \le \text{within}

    It prints ``identity NAME: ERROR < WITHIN``. ``within`` is the smallest error that it notices.

    Args:
        name: identifier of the sentence: lower-case words joined by hyphens.
        left: one way, any shape, at points that were not picked for it.
        right: the other way, the same shape.
        within: largest error, relative to the largest entry; at most 0.01.

    Raises:
        ValueError: if the name is malformed, the shapes differ, something is not finite, ``right``
            is nothing but zeros, or ``within`` lies outside (0, 0.01].
        AssertionError: if they do not agree.
    """
    _check_name(name)
    if not 0 < within <= 0.01:
        raise ValueError(f"within must lie in (0, 0.01], got {within}: more would be no identity")
    left, right = (torch.as_tensor(side).detach().double() for side in (left, right))
    if left.shape != right.shape:
        raise ValueError(f"left and right must have one shape, got {left.shape} and {right.shape}")
    if not (left.isfinite().all() and right.isfinite().all()):
        raise ValueError("left and right must be finite, got NaN or infinity")
    if not (scale := right.abs().max()) > 0:
        raise ValueError("right must not be all zeros: then a relative error has no meaning")
    error = ((left - right).abs().max() / scale).item()
    line = f"{error:.1e} < {within:.1e}"
    if not error < within:
        raise AssertionError(f"identity {name} does not hold: {line}")
    print(f"identity {name}: {line}")
