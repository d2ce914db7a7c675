"""Projects: a claim of the course that a changed setting breaks, and a figure measured again."""

import json
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

from utils.checks.hints import hint

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
_NUMBER = r"-?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf)"
_LINE = re.compile(rf"^claim ([a-z0-9-]+): (?:({_NUMBER}) < )?{_NUMBER} ([<>]) ({_NUMBER})", re.M)
Bound = tuple[float, float]


def bounds(folder: Path = NOTEBOOKS) -> dict[str, Bound]:
    """The bounds of all claims, from what the course's notebooks have printed.

    Args:
        folder: ``notebooks/`` of the course.

    Returns:
        Lowest and highest allowed value by claim; nothing where there are no notebooks.
    """
    found: dict[str, Bound] = {}
    for path in sorted(folder.glob("*/*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                for match in _LINE.finditer("".join(output.get("text", []))):
                    name, low, sign, bound = match.groups()
                    number = float(bound)
                    low = float(low) if low else (number if sign == ">" else -math.inf)
                    found[name] = (low, number if sign == "<" else math.inf)
    return found


def bound_of(name: str) -> Bound | None:
    """The bound of one claim.

    Args:
        name: such as ``"fm-radius"``.

    Returns:
        Lowest and highest allowed value; None where the course's notebooks are not at hand.

    Raises:
        AssertionError: if there is no such claim.
    """
    known = bounds()
    if not known:
        return None
    if name not in known:
        raise AssertionError(hint("no_claim", name="claim_name", value=f"{name!r:.60}"))
    return known[name]


def _value(measure: Callable, seed: int, setting: dict) -> float:
    """One number from the student's function."""
    try:
        got = measure(seed, **setting)
    except NotImplementedError:
        raise AssertionError(hint("unfinished", name="measure")) from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise AssertionError(hint("raised", name="measure", error=text)) from None
    if isinstance(got, Tensor) and got.numel() == 1:
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, int | float) or not math.isfinite(got):
        raise AssertionError(hint("not_number", name="measure", value=f"{got!r:.80}"))
    return float(got)


def _keeps(value: float, bound: Bound) -> bool:
    return bound[0] < value < bound[1]


def _shown(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def check_broken_claim(
    claim_name: str,
    measure: Callable,
    original: dict,
    changed: dict,
    seeds: Sequence[int] = (0, 1),
    recorded: dict | None = None,
) -> None:
    """Check that a claim holds under one setting and is missed under another.

    Args:
        claim_name: of the page of claims.
        measure: ``(seed, **setting) -> number``: what the claim bounds, measured.
        original: the course's setting, under which the bound is kept.
        changed: the same but for one value, under which it is missed for every seed.
        seeds: with which both are measured.
        recorded: receives what was measured.

    Raises:
        AssertionError: with a hint.
    """
    if not isinstance(claim_name, str):
        raise AssertionError(hint("unfinished", name="claim_name"))
    bound = bound_of(claim_name)
    for name, setting in (("original", original), ("changed", changed)):
        if not isinstance(setting, dict):
            kind = type(setting).__name__
            raise AssertionError(hint("not_setting", name=name, kind=kind))
    if original.keys() != changed.keys():
        raise AssertionError(hint("other_keys", name="changed"))
    different = [name for name in original if original[name] != changed[name]]
    if len(different) != 1:
        raise AssertionError(hint("one_change", name="changed", count=len(different)))
    if not callable(measure):
        raise AssertionError(hint("not_function", name="measure", kind=type(measure).__name__))
    ours = [_value(measure, seed, original) for seed in seeds]
    theirs = [_value(measure, seed, changed) for seed in seeds]
    if recorded is not None:
        limits = ["" if math.isinf(side) else side for side in bound or ()]
        recorded |= {"claim": claim_name, "bound": limits, "change": different[0]}
        recorded |= {"original": [float(f"{v:.4g}") for v in ours]}
        recorded |= {"changed": [float(f"{v:.4g}") for v in theirs]}
    if ours != [_value(measure, seed, original) for seed in seeds[:1]] + ours[1:]:
        raise AssertionError(hint("not_seeded", name="measure"))
    if bound is None:
        print(hint("no_bounds", name="measure", original=_shown(ours), changed=_shown(theirs)))
        return
    said = " < ".join(f"{side:.4g}" for side in bound if math.isfinite(side))
    values = {"name": "measure", "claim": claim_name, "bound": said}
    if not all(_keeps(value, bound) for value in ours):
        raise AssertionError(hint("original_misses", values=_shown(ours), **values))
    if any(_keeps(value, bound) for value in theirs):
        raise AssertionError(hint("still_holds", values=_shown(theirs), **values))
    print(hint("broken", values=_shown(theirs), **values))


def _several(name: str, got: object, least: int) -> list[float]:
    """A list of finite numbers."""
    if isinstance(got, Tensor):
        got = got.flatten().tolist()
    whole = isinstance(got, list | tuple) and all(
        isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in got
    )
    if not whole or len(got) < least:
        raise AssertionError(hint("not_numbers", name=name, least=least, value=f"{got!r:.80}"))
    return [float(value) for value in got]


def check_figure(
    measure: Callable,
    measured: object,
    published: object,
    least: int = 3,
    seed: int | None = None,
    recorded: dict | None = None,
) -> None:
    """Check that the numbers of a figure are measured by the code that was handed in.

    Args:
        measure: ``(seed) -> numbers``, as many as ``published``.
        measured: what it gave with seed 0.
        published: what was read from the figure.
        least: how few numbers make a figure.
        seed: another one, with which it has to run as well.
        recorded: receives the numbers.

    Raises:
        AssertionError: with a hint.
    """
    if not callable(measure):
        raise AssertionError(hint("not_function", name="measure", kind=type(measure).__name__))
    for name, value in (("measured", measured), ("published", published)):
        if value is None:
            raise AssertionError(hint("unfinished", name=name))
    there = _several("published", published, least)
    said = _several("measured", measured, least)
    runs = []
    for each in (0, *([] if seed is None else [seed])):
        try:
            runs.append(_several("measure", measure(each), least))
        except NotImplementedError:
            raise AssertionError(hint("unfinished", name="measure")) from None
        except AssertionError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            raise AssertionError(hint("raised", name="measure", error=text)) from None
    if recorded is not None:
        recorded |= {"published": there, "measured": [float(f"{v:.4g}") for v in runs[0]]}
    if not len(there) == len(said) == len(runs[0]):
        counts = {"want": len(there), "got": len(runs[0]), "said": len(said)}
        raise AssertionError(hint("other_count", name="measure", **counts))
    # Another machine adds in another order; a trained network may carry that to the third digit.
    pairs = zip(said, runs[0], strict=True)
    if any(abs(a - b) > 0.02 * max(abs(a), abs(b)) + 1e-6 for a, b in pairs):
        raise AssertionError(hint("not_measured", name="measured", values=_shown(runs[0])))
    print(hint("right", name="measured"))
