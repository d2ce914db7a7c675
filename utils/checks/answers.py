"""Call a student's function, and compare what it returns with the right value."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from utils.checks.hints import hint

# float32 and another order of operations stay far below this; every mistake is far above.
RTOL, ATOL = 1e-3, 1e-4


def close(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors agree in shape and, up to rounding, in value."""
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=RTOL, atol=ATOL)


def untouched(before: Tensor, after: Tensor) -> bool:
    """Whether a tensor is what it was, in shape and value; NaN that stayed NaN counts as equal."""
    if before.shape != after.shape:
        return False
    return bool(torch.all((before == after) | (before.isnan() & after.isnan())))


def answer(name: str, function: Callable, args: Sequence) -> Tensor:
    """Call a student's function and insist on a tensor.

    Args:
        name: the function's name, for the hint.
        function: the student's function.
        args: its arguments; tensors among them are copied first.

    Returns:
        What it returns, detached; a Python number becomes a 0-dim tensor.

    Raises:
        AssertionError: if it is unfinished, fails, returns no tensor or overwrites its arguments.
    """
    copies = [arg.clone() if isinstance(arg, Tensor) else arg for arg in args]
    try:
        got = function(*copies)
    except NotImplementedError:
        raise AssertionError(hint("unfinished", name=name)) from None
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        raise AssertionError(hint("raised", name=name, error=text)) from error
    for before, after in zip(args, copies, strict=True):
        if isinstance(before, Tensor) and not untouched(before, after):
            raise AssertionError(hint("mutated", name=name))
    if isinstance(got, int | float):
        got = torch.tensor(float(got))
    if not isinstance(got, Tensor):
        raise AssertionError(hint("not_tensor", name=name, kind=type(got).__name__))
    return got.detach()


def general_mistake(got: Tensor, want: Tensor) -> tuple[str, dict]:
    """Recognise a mistake that any function can make; shapes already agree.

    Args:
        got: the student's value.
        want: the right value.

    Returns:
        The key of a hint, and what its text mentions.
    """
    got, want = got.double(), want.double()
    if close(got, -want):
        return "sign", {}
    if close(got, want.square()):
        return "squared", {}
    if close(got.square(), want):
        return "rooted", {}
    factor = (got * want).sum() / want.square().sum().clamp(min=1e-12)
    # One number is always a multiple of another: say so only where there are several.
    if want.numel() > 1 and factor.abs() > 1e-3 and close(got, factor * want):
        return "factor", {"factor": factor.item()}
    wrong = ((got - want).abs() > ATOL + RTOL * want.abs()).flatten()
    first = int(wrong.nonzero()[0])
    return "differs", {"got": got.flatten()[first].item(), "want": want.flatten()[first].item()}


def check_shape(name: str, got: Tensor, want: Tensor) -> None:
    """Refuse a value of another shape, or one that is not finite.

    Args:
        name: the function's name, for the hint.
        got: the student's value.
        want: the right value.

    Raises:
        AssertionError: with the hint.
    """
    if got.shape != want.shape:
        key = "transposed" if want.ndim > 1 and got.shape == want.mT.shape else "shape"
        shapes = {"got": tuple(got.shape), "want": tuple(want.shape)}
        raise AssertionError(hint(key, name=name, **shapes))
    if not torch.isfinite(got).all():
        raise AssertionError(hint("nan", name=name))


def check_function(
    name: str,
    function: Callable,
    right: Callable,
    mistakes: Mapping[str, Callable],
    cases: Sequence[Sequence],
) -> None:
    """Compare a student's function with the right one; when wrong, try the mistakes.

    Args:
        name: the function's name, for the hint.
        function: the student's function.
        right: the right function, with the same arguments.
        mistakes: functions that make one mistake each, by the key of its hint.
        cases: argument lists.

    Raises:
        AssertionError: with the hint of the first mistake that explains every case.
    """
    wants = [right(*case) for case in cases]
    gots = []
    for case, want in zip(cases, wants, strict=True):
        gots.append(answer(name, function, case))
        # The sum or the norm of too many axes is a mistake with a shape of its own.
        shapes = [wrong(*case).shape for wrong in mistakes.values()]
        if gots[-1].shape not in shapes or not torch.isfinite(gots[-1]).all():
            check_shape(name, gots[-1], want)
    pairs = list(zip(gots, wants, strict=True))
    if all(close(got, want) for got, want in pairs):
        print(hint("right", name=name))
        return
    for key, wrong in mistakes.items():
        if all(close(got, wrong(*case)) for got, case in zip(gots, cases, strict=True)):
            raise AssertionError(hint(key, name=name))
    got, want = next(pair for pair in pairs if not close(*pair))
    check_shape(name, got, want)
    key, values = general_mistake(got, want)
    raise AssertionError(hint(key, name=name, **values))
