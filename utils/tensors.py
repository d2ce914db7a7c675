"""Shapes, time broadcasting and the checks that every public function shares."""

import math
import numbers

import torch
from torch import Tensor


def expand_time(t: Tensor, x: Tensor) -> Tensor:
    """Reshape a time so that it broadcasts over the trailing dimensions of ``x``.

    ``t: ()`` stays 0-dim; ``t: (B,)`` becomes ``(B, 1, ..., 1)``.
    This is the only place in the package where a time is broadcast: ``t * x`` with ``t: (B,)`` and
    images whose width happens to be B would broadcast over the wrong axis without any error.

    Args:
        t: time, shape ``()`` or ``(B,)``.
        x: batch, shape ``(B, ...)``.

    Returns:
        ``t`` with ``x.ndim`` dimensions, or 0-dim.

    Raises:
        TypeError: if ``t`` is not a tensor.
        ValueError: if ``t`` is neither 0-dim nor one value per sample.
    """
    check_type("t", t, Tensor)
    if t.ndim == 0:
        return t
    if t.ndim != 1 or t.shape[0] != x.shape[0]:
        raise ValueError(
            f"t must have shape () or ({x.shape[0]},) to match x of shape {tuple(x.shape)}, "
            f"got {tuple(t.shape)}"
        )
    return t.reshape(-1, *([1] * (x.ndim - 1)))


def check_type(name: str, value: object, kind: type) -> None:
    """Refuse anything but an instance of a class.

    Args:
        name: the argument's name, for the message.
        value: the value.
        kind: the class.

    Raises:
        TypeError: if it is something else.
    """
    if not isinstance(value, kind):
        wanted = "torch.Tensor" if kind is Tensor else kind.__name__
        raise TypeError(f"{name} must be a {wanted}, got {type(value).__name__}: {value!r:.80}")


def at_least_float32(x: Tensor) -> Tensor:
    """``x`` itself, or in float32 if its own type has fewer digits.

    bfloat16 tells 8 bits, float16 11: a small step on a large number, or the thousandth of a time,
    is lost without a word. So sums, times and averages are kept in this type, and results are
    given back in the caller's.

    Args:
        x: any floating-point tensor.

    Returns:
        Same shape; float16 and bfloat16 become float32.
    """
    return x.to(torch.promote_types(x.dtype, torch.float32))


def randn_like(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Standard normal noise with the shape, dtype and device of ``x``, from ``generator``.

    Args:
        x: any floating-point tensor.
        generator: source of randomness; ``None`` uses torch's default one.

    Returns:
        Noise of the same shape as ``x``.
    """
    return torch.randn(x.shape, dtype=x.dtype, device=x.device, generator=generator)


def check_floating(name: str, x: Tensor) -> None:
    """Refuse anything but a floating-point tensor: with whole numbers a time is cut to 0.

    Args:
        name: the argument's name, for the message.
        x: the tensor.

    Raises:
        TypeError: if it is something else.
    """
    check_type(name, x, Tensor)
    if not x.is_floating_point():
        raise TypeError(f"{name} must be a floating-point tensor, got dtype {x.dtype}")


def check_samples(name: str, x: Tensor, ndim: int | None = None) -> Tensor:
    """Refuse anything but a non-empty, finite, floating-point batch ``(B, ...)``.

    Args:
        name: the argument's name, for the message.
        x: the batch to check.
        ndim: the number of dimensions it must have, if that matters.

    Returns:
        ``x`` itself.

    Raises:
        TypeError: if ``x`` is not a floating-point tensor.
        ValueError: if it is empty, 0-dim, has another number of dimensions, or is not finite.
    """
    check_floating(name, x)
    if x.ndim == 0:
        raise ValueError(f"{name} must have a batch dimension, got the 0-dim tensor {x.item()}")
    if ndim is not None and x.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions, got shape {tuple(x.shape)}")
    if x.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(x.shape)}")
    # Both ends in one pass: a NaN spreads to them, an infinity is one of them.
    if not all(map(math.isfinite, (end.item() for end in torch.aminmax(x.detach())))):
        bad = x.detach()[~torch.isfinite(x.detach())].flatten()[0].item()
        raise ValueError(f"{name} must be finite, got {bad} among its values")
    return x


def check_unit_interval(name: str, t: Tensor) -> Tensor:
    """Refuse anything but floating-point values in [0, 1], of any shape.

    Args:
        name: the argument's name, for the message.
        t: the values.

    Returns:
        ``t`` itself.

    Raises:
        TypeError: if ``t`` is not a floating-point tensor.
        ValueError: if a value lies outside [0, 1] or is NaN.
    """
    check_floating(name, t)
    if not t.numel():
        return t
    low, high = (end.item() for end in torch.aminmax(t.detach()))  # both NaN if one value is
    if not (low >= 0 and high <= 1):
        bad = t.detach()[~((t >= 0) & (t <= 1))].flatten()[0].item()
        raise ValueError(f"{name} must lie in [0, 1], got {bad}")
    return t


def check_time(name: str, t: Tensor, x: Tensor | None = None) -> Tensor:
    """Refuse a time outside [0, 1], or one that does not fit the batch.

    Args:
        name: the argument's name, for the message.
        t: time, shape ``()`` or ``(B,)``; a Python number is accepted and becomes 0-dim.
        x: the batch it belongs to, shape ``(B, ...)``; sets dtype and device of a Python number.

    Returns:
        ``t`` as a tensor.

    Raises:
        TypeError: if ``t`` is not a number or a floating-point tensor.
        ValueError: if it is outside [0, 1], not finite, or of the wrong shape.
    """
    if isinstance(t, numbers.Real) and not isinstance(t, bool):
        like = {"dtype": x.dtype, "device": x.device} if x is not None else {}
        t = torch.tensor(float(t), **like)
    if not isinstance(t, Tensor):
        raise TypeError(f"{name} must be a number or a Tensor, got {type(t).__name__}: {t!r:.80}")
    check_unit_interval(name, t)
    if t.ndim > 1 or (x is not None and t.ndim == 1 and t.shape[0] != x.shape[0]):
        batch = "B" if x is None else x.shape[0]
        raise ValueError(f"{name} must have shape () or ({batch},), got {tuple(t.shape)}")
    if t.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(t.shape)}")
    return t


def check_same_shape(name_a: str, a: Tensor, name_b: str, b: Tensor) -> None:
    """Refuse a pair of tensors that do not belong together.

    Args:
        name_a: name of the first argument.
        a: the first tensor.
        name_b: name of the second argument.
        b: the second tensor.

    Raises:
        TypeError: if one is not a tensor, or their dtypes differ.
        ValueError: if their shapes or devices differ.
    """
    check_type(name_a, a, Tensor)
    check_type(name_b, b, Tensor)
    if a.shape != b.shape:
        raise ValueError(
            f"{name_a} and {name_b} must have the same shape, "
            f"got {tuple(a.shape)} and {tuple(b.shape)}"
        )
    if a.dtype != b.dtype:
        raise TypeError(f"{name_a} and {name_b} must share a dtype, got {a.dtype} and {b.dtype}")
    if a.device != b.device:
        raise ValueError(
            f"{name_a} and {name_b} must be on one device, got {a.device} and {b.device}"
        )


def check_output(name: str, value: Tensor, x: Tensor) -> Tensor:
    """Refuse a model's output of another shape than its input, which would broadcast unnoticed.

    Args:
        name: what the model is called, for the message.
        value: its output.
        x: its input, shape ``(B, ...)``.

    Returns:
        ``value`` itself.

    Raises:
        ValueError: if it is not a tensor of the shape of ``x``.
    """
    if not isinstance(value, Tensor) or value.shape != x.shape:
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name} must return shape {tuple(x.shape)}, got {got}")
    return value


def check_int(name: str, n: int) -> int:
    """Refuse anything but a whole number.

    Args:
        name: the argument's name, for the message.
        n: the value.

    Returns:
        ``n`` as an ``int``.

    Raises:
        TypeError: if ``n`` is not an integer.
    """
    if isinstance(n, bool) or not isinstance(n, numbers.Integral):
        raise TypeError(f"{name} must be an integer, got {type(n).__name__}: {n!r:.80}")
    return int(n)


def check_positive_int(name: str, n: int) -> int:
    """Refuse anything but a whole number of at least 1.

    Args:
        name: the argument's name, for the message.
        n: the value.

    Returns:
        ``n`` as an ``int``.

    Raises:
        TypeError: if ``n`` is not an integer.
        ValueError: if ``n`` is zero or negative.
    """
    if check_int(name, n) < 1:
        raise ValueError(f"{name} must be at least 1, got {n}")
    return int(n)


def check_nonnegative(name: str, value: float) -> float:
    """Refuse anything but a finite number of at least 0.

    Args:
        name: the argument's name, for the message.
        value: the value.

    Returns:
        ``value`` as a ``float``.

    Raises:
        TypeError: if ``value`` is not a real number.
        ValueError: if it is negative, NaN or infinite.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}: {value!r:.80}")
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return float(value)


def check_images(x: Tensor, t: Tensor, channels: int, divisor: int = 1) -> None:
    """Refuse a batch of images, or times, that a network cannot take.

    Args:
        x: images, shape ``(B, C, H, W)``.
        t: time, shape ``()`` or ``(B,)``; its values are not looked at, which would make an
            accelerator wait.
        channels: C.
        divisor: what height and width must be multiples of.

    Raises:
        TypeError: if the images are not floating-point.
        ValueError: if a shape does not match.
    """
    check_floating("x", x)
    if x.ndim != 4 or x.shape[1] != channels or x.shape[2] % divisor or x.shape[3] % divisor:
        sizes = "H, W" if divisor == 1 else f"H, W, both multiples of {divisor}"
        raise ValueError(f"x must have shape (B, {channels}, {sizes}), got {tuple(x.shape)}")
    if t.ndim > 1 or (t.ndim == 1 and t.shape[0] != x.shape[0]):
        raise ValueError(f"t must have shape () or ({x.shape[0]},), got {tuple(t.shape)}")


def whole(name: str, n: Tensor) -> Tensor:
    """Whole numbers as int64, in which every comparison is right: int8 takes 1000 for -24.

    Args:
        name: the argument's name, for the message.
        n: any type of integer, any shape.

    Returns:
        Same shape, int64.

    Raises:
        TypeError: if they are not a tensor of integers.
    """
    check_type(name, n, Tensor)
    if n.is_floating_point() or n.is_complex() or n.dtype == torch.bool:
        raise TypeError(f"{name} must be integers, got dtype {n.dtype}")
    return n.long()


def check_labels(labels: Tensor | None, x: Tensor, null_label: int) -> Tensor:
    """The label of each image, as an index into a table of ``null_label + 1`` embeddings.

    Values are checked on the CPU only. To look at values on an accelerator would make it wait at
    every step, and a compiled network cannot stop to look at all.

    Args:
        labels: classes 0..K-1, or K for "no class", shape ``(B,)``, any type of integer; ``None``
            means "no class" for all.
        x: the images, shape ``(B, ...)``.
        null_label: K.

    Returns:
        int64, shape ``(B,)``.

    Raises:
        TypeError: if ``labels`` are not integers.
        ValueError: if their shape does not match, or a label is out of range.
    """
    if labels is None:
        return torch.full((x.shape[0],), null_label, device=x.device)
    labels = whole("labels", labels)
    if labels.shape != x.shape[:1]:
        raise ValueError(f"labels must have shape ({x.shape[0]},), got {tuple(labels.shape)}")
    if labels.device.type == "cpu" and not torch.compiler.is_compiling():
        outside = (labels < 0) | (labels > null_label)
        if outside.any():
            bad = labels[outside][0].item()
            raise ValueError(f"labels must lie in 0..{null_label}, got {bad}")
    return labels
