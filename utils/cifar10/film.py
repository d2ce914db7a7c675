"""A film of learning: the grids that a run has drawn, one after the other."""

import io
import os
import re
from pathlib import Path

from utils.atomic import write_atomically


def grids(run: str | os.PathLike) -> dict[int, Path]:
    """The sample grids of a run, by the steps that were done.

    Args:
        run: its folder.

    Returns:
        Step to file, in order.

    Raises:
        FileNotFoundError: if there is no such folder, or no grid in it.
    """
    folder = Path(run)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder")
    found = {
        int(match[1]): file
        for file in folder.glob("samples-*.png")
        if (match := re.fullmatch(r"samples-(\d+)\.png", file.name))
    }
    if not found:
        raise FileNotFoundError(f"{folder} holds no samples-*.png: was --sample-every 0?")
    return dict(sorted(found.items()))


def film(
    run: str | os.PathLike,
    out: str | os.PathLike,
    rows: int = 4,
    scale: int = 2,
    steps_per_epoch: int = 391,
    seconds: float = 1.0,
) -> int:
    """Write the grids as an animated WebP; the last one stays longest. It plays once.

    Args:
        run: folder of the run.
        out: file to write.
        rows: rows of each grid that are shown.
        scale: how often each pixel is repeated along each side.
        steps_per_epoch: to tell the epoch from the step.
        seconds: for which each frame is shown.

    Returns:
        Number of frames.

    Raises:
        FileNotFoundError: as ``grids``.
        OSError: if the file cannot be written.
    """
    from PIL import Image, ImageDraw, ImageFont

    frames, font = [], ImageFont.load_default(size=11 * scale)
    for step, file in grids(run).items():
        with Image.open(file) as grid:
            part = grid.convert("RGB").crop((0, 0, grid.width, min(grid.height, 34 * rows + 2)))
        part = part.resize((part.width * scale, part.height * scale), Image.Resampling.NEAREST)
        frame = Image.new("RGB", (part.width, part.height + 18 * scale), "white")
        frame.paste(part, (0, 18 * scale))
        text = f"epoch {round(step / steps_per_epoch)}  (step {step:,})"
        ImageDraw.Draw(frame).text((4 * scale, 2 * scale), text, fill="black", font=font)
        frames.append(frame)
    lasts = [int(1000 * seconds)] * (len(frames) - 1) + [int(4000 * seconds)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=lasts,
        loop=1,
        quality=80,
        method=6,
    )
    write_atomically(out, buffer.getvalue())
    return len(frames)
