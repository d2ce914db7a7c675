"""Images from a trained network, and many of them on one picture."""

import io
import os
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from utils.atomic import write_atomically
from utils.cifar10.batches import generator_for, to_pixels
from utils.cifar10.config import CLASSES, IMAGE_SIZE
from utils.cifar10.precision import autocast
from utils.guidance import guided
from utils.samplers import Field, sample_ode
from utils.tensors import check_positive_int


def parse_class(text: str) -> int:
    """A class by its number or its name.

    Args:
        text: as ``"3"`` or ``"cat"``.

    Returns:
        Its number.

    Raises:
        ValueError: if there is no such class.
    """
    name = text.strip().lower()
    if name in CLASSES:
        return CLASSES.index(name)
    if not name.isdecimal() or int(name) >= len(CLASSES):
        raise ValueError(
            f"class must be one of 0..{len(CLASSES) - 1} or {', '.join(CLASSES)}, got {text!r}"
        )
    return int(name)


def noise_for(seed: int, first: int, count: int) -> Tensor:
    """Noise for samples number ``first`` and on; a sample's noise belongs to its number alone.

    So the same seed gives the same images in batches of any size, and on any device.

    Args:
        seed: seed of the samples.
        first: number of the first sample.
        count: number of samples.

    Returns:
        Shape ``(count, 3, 32, 32)``, on the CPU.
    """
    shape = (3, IMAGE_SIZE, IMAGE_SIZE)
    return torch.stack(
        [
            torch.randn(shape, generator=generator_for(seed, "sample", number))
            for number in range(first, first + count)
        ]
    )


def _layout(model: nn.Module) -> torch.memory_format:
    """The memory format of the network's weights: images in another one are copied in each call."""
    for weight in model.parameters():
        if weight.ndim == 4 and not weight.is_contiguous():
            return torch.channels_last
    return torch.contiguous_format


def draw(
    model: nn.Module,
    labels: Tensor,
    steps: int = 50,
    method: str = "euler",
    guidance: float = 1.0,
    seed: int = 0,
    precision: str = "fp32",
    batch_size: int = 500,
) -> Iterator[Tensor]:
    """Draw one image for each label, batch by batch.

    Args:
        model: the network; its device is used.
        labels: classes, int64, shape ``(N,)``.
        steps: steps of the solver.
        method: ``"euler"``, ``"midpoint"`` or ``"heun"``.
        guidance: weight of classifier-free guidance; 1 is none.
        seed: of the noise.
        precision: ``"fp32"``, ``"bf16"`` or ``"fp16"``.
        batch_size: images at a time.

    Yields:
        uint8 images ``(B, 3, 32, 32)``, on the CPU.

    Raises:
        TypeError: if an argument has the wrong type.
        ValueError: if a value is out of range.
    """
    check_positive_int("batch_size", batch_size)
    device, layout = next(model.parameters()).device, _layout(model)
    for first in range(0, len(labels), batch_size):
        part = labels[first : first + batch_size].to(device)
        field = guided(model, part, guidance)
        noise = noise_for(seed, first, len(part)).to(device, memory_format=layout)

        def velocity(x: Tensor, t: Tensor, field: Field = field) -> Tensor:
            # Positions stay float32 whatever the network computes in: small steps would be lost.
            # Always a copy: a network in CUDA graphs writes all its answers to the same place.
            return field(x, t).to(torch.float32, copy=True)

        with torch.no_grad(), autocast(device, precision):
            x = sample_ode(velocity, noise, steps, method)
        if not x.isfinite().all():
            raise FloatingPointError(
                f"the network gives values that are not finite within {steps} steps of {method} at "
                f"guidance {guidance:g}: its weights are damaged, or the precision {precision} is "
                "too coarse for it"
            )
        yield to_pixels(x).cpu()


def png_grid(images: Tensor, columns: int, gap: int = 2) -> bytes:
    """Images in rows on a white ground, as the bytes of a PNG file.

    Apart from ``utils.plotting.image_grid`` on purpose: a training machine needs no matplotlib.

    Args:
        images: uint8, shape ``(N, 3, H, W)``.
        columns: images in a row.
        gap: pixels between images.

    Returns:
        The file.

    Raises:
        TypeError: if ``columns`` is not an integer.
        ValueError: if ``columns`` < 1.
    """
    from PIL import Image

    check_positive_int("columns", columns)
    count, _, height, width = images.shape
    rows = -(-count // columns)
    shape = (gap + rows * (height + gap), gap + columns * (width + gap), 3)
    canvas = torch.full(shape, 255, dtype=torch.uint8)
    for number, image in enumerate(images):
        top = gap + number // columns * (height + gap)
        left = gap + number % columns * (width + gap)
        canvas[top : top + height, left : left + width] = image.permute(1, 2, 0)
    buffer = io.BytesIO()
    Image.fromarray(canvas.numpy()).save(buffer, format="PNG")
    return buffer.getvalue()


def save_grid(path: str | os.PathLike, images: Tensor, columns: int) -> None:
    """Write ``png_grid`` atomically.

    Args:
        path: file to write.
        images: uint8, shape ``(N, 3, H, W)``.
        columns: images in a row.

    Raises:
        OSError: if it cannot be written.
    """
    write_atomically(path, png_grid(images, columns))
