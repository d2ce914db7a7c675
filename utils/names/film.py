"""Film of names that are written letter by letter: ``python -m utils.names.film FILE.webp``.

The Hangul needs a font that has it, such as Noto Sans CJK KR.
"""

import sys

import torch
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from torch import Tensor

from utils.console import print_anything
from utils.discrete import sample_in_turn
from utils.names import decode, load, size, well_formed
from utils.plotting.film import save_film
from utils.plotting.style import COLORS, new_figure

FONTS = (
    "Noto Sans CJK KR",
    "Noto Sans CJK JP",  # matplotlib knows the file with all of them by this name
    "NanumGothic",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
)
NAMES = 5  # rows of each language


def ways(language: str, seed: int = 12) -> Tensor:
    """Five names from all masks to the end, one letter at a time, ``(D + 1, 5, D)``.

    The first five of a fixed seed that can be written in more than two signs.
    """
    letters, length = size(language)
    blank = torch.full((40, length), letters)
    g = torch.Generator().manual_seed(seed)
    way = sample_in_turn(load(language).posterior, blank, 1, g, return_trajectory=True)
    long = torch.tensor([len(name) > 2 for name in decode(way[-1], language)])
    return way[:, well_formed(way[-1], language) & long][:, :NAMES]


def font() -> str:
    """A font with Hangul.

    Raises:
        RuntimeError: if none of ``FONTS`` is installed.
    """
    have = {file.name for file in fontManager.ttflist}
    found = [name for name in FONTS if name in have]
    if not found:
        raise RuntimeError(f"one of these fonts is needed: {', '.join(FONTS)}")
    return found[0]


def draw(shown: dict[str, Tensor], known: int, most: int) -> Figure:
    """One moment: a column of names for each language; masks are boxes.

    Args:
        shown: language to states, shape ``(5, D)``.
        known: letters of the Korean names that are known.
        most: letters that they have.
    """
    fig, axes = new_figure(ncols=2, size=(6.0, 3.4))
    for ax, (language, x) in zip(axes, shown.items(), strict=True):
        ax.set(xlim=(0, 1), ylim=(NAMES, -0.2), xticks=(), yticks=())
        ax.spines[:].set_visible(False)
        for row, name in enumerate(decode(x, language, masked="\u25a1")):
            text = ax.text(0.0, row + 0.45, name, fontsize=19, family=font(), va="center",
                           color=COLORS["data" if known == most else "noise"])  # fmt: skip
            text.set_in_layout(False)
    fig.suptitle(f"level {known / most:.2f}", fontsize=14)
    return fig


def main(path: str) -> None:
    """Write the film."""
    tracks = {language: ways(language) for language in ("ko", "en")}
    steps = len(tracks["ko"]) - 1

    def pictures():
        for step in range(steps + 1):
            level = step / steps
            yield draw({language: way[round(level * (len(way) - 1))]
                        for language, way in tracks.items()}, step, steps)  # fmt: skip

    count = save_film(path, pictures(), milliseconds=450, rest=3000)
    print(f"{path}: {count} pictures")


if __name__ == "__main__":
    print_anything()
    main(sys.argv[1])
