"""Films: pictures one after the other."""

import io
import os
from collections.abc import Callable, Iterable, Iterator

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor

from utils.atomic import write_atomically
from utils.tensors import check_positive_int


def moments(
    draw: Callable[[Tensor, Tensor, int], Figure], first: Tensor, second: Tensor, every: int = 1
) -> Iterator[Figure]:
    """Pictures of two ways through the same times, one after the other.

    Args:
        draw: draws both at one of their steps.
        first: positions, shape ``(S + 1, ...)``.
        second: positions, shape ``(S + 1, ...)``.
        every: steps from picture to picture.

    Yields:
        One figure at a time.
    """
    for step in range(0, len(first), every):
        yield draw(first, second, step)


def save_film(
    path: str | os.PathLike,
    pictures: Iterable[Figure],
    milliseconds: int = 80,
    rest: int = 1500,
    dpi: int = 100,
    quality: int = 75,
) -> int:
    """Write an animated WebP that plays again and again; every figure is closed after its turn.

    Args:
        path: file to write.
        pictures: figures of one size, in order; a generator keeps only one in memory.
        milliseconds: for which each is shown.
        rest: milliseconds for which the last one is shown.
        dpi: pixels an inch.
        quality: of the compression, 1 to 100.

    Returns:
        Number of pictures.

    Raises:
        ValueError: if there is no picture, or a number is less than 1.
        OSError: if the file cannot be written.
    """
    from PIL import Image

    numbers = {"milliseconds": milliseconds, "rest": rest, "dpi": dpi, "quality": quality}
    for name, value in numbers.items():
        check_positive_int(name, value)
    frames = []
    for figure in pictures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
        plt.close(figure)
        frames.append(Image.open(buffer).convert("RGB"))
    if not frames:
        raise ValueError("pictures must hold at least one figure, got none")
    film = io.BytesIO()
    frames[0].save(
        film,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=[milliseconds] * (len(frames) - 1) + [rest],
        loop=0,
        quality=quality,
        method=6,
    )
    write_atomically(path, film.getvalue())
    return len(frames)
