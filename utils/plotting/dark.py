"""A figure for pages on a dark ground, from the figure for white paper: nothing is drawn anew.

Whoever draws knows nothing of it. While the figure is rendered a second time, every colour is
exchanged on its way to the canvas: ink and ground change places, the colours of the course get
counterparts that fit their names, and all others keep their hue and their contrast with the ground.
Photographs, and pictures in shades of grey, stay as they are; what is coloured by a colour map
keeps the order of its colours.

``python -m utils.plotting.dark FILM.webp`` writes ``FILM-dark.webp``, which the book shows on dark
pages, from a film of drawings.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from matplotlib import rcParams
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import Colormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, imsave
from matplotlib.text import Text

from utils.atomic import write_atomically
from utils.console import print_anything

GROUND, INK = "#121212", "#e6e6e6"  # GROUND is the page's own, so that a picture has no edge
# For each colour of utils.plotting.style the one that takes its place. The same names fit ("the
# blue points"), people with colour-blindness tell them apart at least as well as those of the day,
# and text in any of them can be read.
PAIRS = {
    "#0072b2": "#4489dc",
    "#d55e00": "#e56a24",
    "#999999": "#7f7f7f",
    "#009e73": "#74d8ac",
    "#cc79a7": "#da7fb4",
    "#56b4e9": "#35b0ec",
    "#e69f00": "#efae36",
    "#000000": INK,
    "#ffffff": GROUND,
}
READABLE = 4.5  # contrast of text with what lies below it, as WCAG asks for
GREY, COLOURED = 0.04, 0.1  # chroma (OKLab): greys up to here, colours from there on
# Linear RGB to the responses of the eye's cones, and their cube roots to OKLab (Ottosson 2020).
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_CONES), np.linalg.inv(_LAB)


def _linear(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _display(linear: np.ndarray) -> np.ndarray:
    bright = 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(linear <= 0.0031308, 12.92 * linear, bright)


def _from_lab(lab: np.ndarray) -> np.ndarray:
    return _display((lab @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T)


def luminance(color: str | tuple | np.ndarray) -> np.ndarray:
    """Relative luminance of a colour, or of rows of RGB: 0 is black, 1 is white."""
    rgb = np.asarray(color if isinstance(color, np.ndarray) else to_rgb(color), dtype=float)
    return _linear(rgb) @ np.array([0.2126, 0.7152, 0.0722])


def contrast(one: str | tuple | np.ndarray, other: str | tuple | np.ndarray) -> np.ndarray:
    """Contrast of two colours as WCAG measures it, 1 to 21."""
    light, dark = (
        np.maximum(luminance(one), luminance(other)),
        np.minimum(luminance(one), luminance(other)),
    )
    return (light + 0.05) / (dark + 0.05)


def darkened(rgb: np.ndarray, way: str = "ink") -> np.ndarray:
    """The colours that take the place of others where the ground is dark.

    Args:
        rgb: shape ``(n, 3)``, in [0, 1].
        way: ``"ink"``: a grey gets the contrast with the dark ground that it had with white, a
            colour keeps its hue and is at least as bright as it was. ``"turn"``: so do greys, and
            colours too: for colour maps that begin at white. ``"lift"``: the dark ones become
            brighter, in their order: for marks from other colour maps. ``"keep"``: the same.

    Returns:
        The same shape.
    """
    rgb = np.clip(np.asarray(rgb, dtype=float), 0, 1)
    if way == "keep":
        return rgb
    lab = np.cbrt(_linear(rgb) @ _CONES.T) @ _LAB.T
    if way == "lift":
        level = 0.45 + 0.5 * lab[:, 0]
    else:
        ground = luminance(GROUND)
        level = 1.05 * (ground + 0.05) / (lab[:, 0] ** 3 + 0.05) - 0.05
        level = np.cbrt(np.clip(level, 0, luminance(INK)))
    if way == "ink":
        chroma = np.hypot(lab[:, 1], lab[:, 2])
        share = np.clip((chroma - GREY) / (COLOURED - GREY), 0, 1)
        level += share * np.maximum(lab[:, 0] - level, 0)
    wanted = np.column_stack([level, lab[:, 1:]])
    found = _from_lab(wanted)
    for _ in range(12):  # what no screen shows loses chroma until one does
        outside = ((found < -1e-3) | (found > 1 + 1e-3)).any(1)
        if not outside.any():
            break
        wanted[outside, 1:] *= 0.85
        found[outside] = _from_lab(wanted[outside])
    if way == "ink":
        for day, night in PAIRS.items():
            same = (np.abs(rgb - to_rgb(day)) < 0.5 / 255).all(1)
            found[same] = to_rgb(night)
    return np.clip(found, 0, 1)


@lru_cache(maxsize=4096)
def _color(rgb: tuple[float, ...], way: str) -> tuple[float, ...]:
    """One colour: a figure has few, and names them thousands of times."""
    return tuple(map(float, darkened(np.array([rgb]), way)[0]))


class DarkRenderer(RendererAgg):
    """Draws what it is told to, in other colours."""

    way = "ink"  # how colours that come now are exchanged

    def _update_methods(self) -> None:
        super()._update_methods()
        renderer, changed, many = self._renderer, self._changed, self._many

        def draw_markers(gc, *arguments, **options):  # noqa: ANN001, ANN002, ANN003, ANN202
            *places, face = arguments if len(arguments) == 5 else (*arguments, None)
            return renderer.draw_markers(changed(gc), *places, self._one(face), **options)

        def draw_path_collection(gc, *arguments, **options):  # noqa: ANN001, ANN002, ANN003, ANN202
            parts = list(arguments)
            parts[5:7] = map(many, parts[5:7])  # faces and edges
            return renderer.draw_path_collection(changed(gc), *parts, **options)

        def draw_quad_mesh(gc, *arguments):  # noqa: ANN001, ANN002, ANN202
            parts = list(arguments)
            parts[6], parts[8] = many(parts[6]), many(parts[8])
            return renderer.draw_quad_mesh(changed(gc), *parts)

        def draw_gouraud_triangles(gc, triangles, colors, *rest):  # noqa: ANN001, ANN002, ANN202
            return renderer.draw_gouraud_triangles(changed(gc), triangles, many(colors), *rest)

        def draw_image(gc, x, y, image, *rest):  # noqa: ANN001, ANN002, ANN202
            shown = image if self.way == "keep" else _recoloured(np.asarray(image), self.way)
            return renderer.draw_image(gc, x, y, shown, *rest)

        self.draw_markers, self.draw_path_collection = draw_markers, draw_path_collection
        self.draw_quad_mesh, self.draw_image = draw_quad_mesh, draw_image
        self.draw_gouraud_triangles = draw_gouraud_triangles

    def _one(self, color: tuple | None) -> tuple | None:
        """One colour, with its opacity if it has one."""
        if color is None:
            return None
        return (*_color(tuple(map(float, color[:3])), self.way), *color[3:])

    def _many(self, colors: object) -> np.ndarray:
        """The colours of a collection; their opacity stays."""
        colors = np.asarray(colors, dtype=float)
        if colors.size == 0:
            return colors
        flat = colors.reshape(-1, colors.shape[-1]).copy()
        flat[:, :3] = darkened(flat[:, :3], self.way)
        return flat.reshape(colors.shape)

    def _changed(self, gc: object) -> object:
        """A graphics context with the same properties in other colours."""
        other = self.new_gc()
        other.copy_properties(gc)
        other._rgb = self._one(tuple(gc.get_rgb()))
        if gc.get_hatch_color() is not None:
            other.set_hatch_color(self._one(tuple(gc.get_hatch_color())))
        return other

    def draw_path(self, gc, path, transform, rgbFace=None) -> None:  # noqa: ANN001, N803
        """A line or an area."""
        face = None if rgbFace is None else self._one(tuple(rgbFace))
        super().draw_path(self._changed(gc), path, transform, face)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:  # noqa: ANN001
        """Words: they can be read on whatever lies below them."""
        other = self._changed(gc)
        color = np.array(other.get_rgb()[:3])
        below = self._below(mtext)
        if contrast(color, below) < READABLE:
            end = max(("#ffffff", "#000000"), key=lambda end: contrast(end, below))
            for share in np.linspace(0, 1, 21):
                better = (1 - share) * color + share * np.array(to_rgb(end))
                if contrast(better, below) >= READABLE:
                    break
            other._rgb = (*map(float, better), 1.0)
        super().draw_text(other, x, y, s, prop, angle, ismath, mtext)

    def _below(self, text: Text | None) -> np.ndarray:
        """The colour on which a text will stand: the median of the pixels there."""
        drawn = np.asarray(self.buffer_rgba())
        if text is not None:
            box = text.get_window_extent(self)
            rows = slice(max(0, int(self.height - box.y1)), max(0, int(self.height - box.y0)) + 1)
            place = drawn[rows, max(0, int(box.x0)) : max(0, int(box.x1)) + 1]
            if place.size and np.median(place[..., 3]) > 250:
                return np.median(place[..., :3].reshape(-1, 3), axis=0) / 255
        return np.array(to_rgb(GROUND))


def _recoloured(image: np.ndarray, way: str) -> np.ndarray:
    """An image of few colours, as a colour map makes it, in others."""
    pixels = np.ascontiguousarray(image).view(np.uint32).reshape(image.shape[:2])
    colors, places = np.unique(pixels, return_inverse=True)
    parts = colors.view(np.uint8).reshape(-1, 4).copy()
    parts[:, :3] = np.round(255 * darkened(parts[:, :3] / 255, way))
    return parts[places.reshape(pixels.shape)]


class DarkCanvas(FigureCanvasAgg):
    """A canvas with such a renderer."""

    def get_renderer(self) -> DarkRenderer:
        """Make one of the figure's size."""
        width, height = self.get_width_height(physical=True)
        key = width, height, self.figure.dpi
        if self._lastKey != key:
            self.renderer, self._lastKey = DarkRenderer(width, height, self.figure.dpi), key
        return self.renderer


def way_of(artist: Artist) -> str:
    """How the colours of something that has a colour map, or is an image, are exchanged."""
    colors: Colormap = artist.get_cmap()
    if isinstance(artist, AxesImage):
        grey = colors.name.removesuffix("_r") in ("gray", "grey", "Greys", "binary")
        if grey or np.ndim(artist.get_array()) == 3:
            return "keep"  # a picture
    shades = colors(np.linspace(0, 1, 33))[:, :3]
    if np.sqrt(luminance(shades)).max() > 0.85 and np.ptp(shades, axis=1).min() < 0.25:
        return "turn"  # it has a white, or nearly white, end or middle: nothing is there
    return "lift" if isinstance(artist, PathCollection | LineCollection) else "keep"


def _drawn(renderer: RendererAgg, artist: Artist, way: str) -> None:
    """Draw an artist whose colours are exchanged in a way of their own."""
    before, renderer.way = getattr(renderer, "way", "ink"), way
    try:
        type(artist).draw(artist, renderer)
    finally:
        renderer.way = before


@contextmanager
def _lent(figure: Figure) -> Iterator[None]:
    """Let what has a colour map tell the renderer so, and give the figure back as it was."""
    canvas, engine = figure.canvas, figure.get_layout_engine()
    mapped = [
        artist
        for artist in figure.findobj(lambda artist: isinstance(artist, ScalarMappable))
        if artist.get_array() is not None
    ]
    try:
        for artist in mapped:
            artist.draw = partial(_drawn, artist=artist, way=way_of(artist))
        figure.set_layout_engine("none")  # everything has its place from the first rendering
        yield
    finally:
        for artist in mapped:
            del artist.draw
        figure.set_layout_engine(engine)
        figure.set_canvas(canvas)


def pale_texts(figure: Figure) -> list[str]:
    """Texts that cannot be read on white. What is white itself stands on something dark."""
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    return [
        text.get_text()
        for text in texts
        if contrast(text.get_color(), "white") < READABLE and luminance(text.get_color()) < 0.9
    ]


def _cut(canvas: DarkCanvas) -> np.ndarray | None:
    """What is drawn with a margin around it, or None if something lies beyond the canvas."""
    figure, dpi = canvas.figure, canvas.figure.dpi
    box = figure.get_tightbbox(canvas.get_renderer())  # inches
    size, slack = figure.get_size_inches(), 1 / dpi
    if min(*box.min) < -slack or (box.max > size + slack).any():
        return None
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    left, low = np.round(dpi * (box.min - rcParams["savefig.pad_inches"])).astype(int)
    wide, high = (dpi * (box.size + 2 * rcParams["savefig.pad_inches"])).astype(int)
    top = drawn.shape[0] - low - high
    shown = np.full((high, wide, 3), np.round(255 * np.array(to_rgb(GROUND))), np.uint8)
    rows, columns = slice(max(0, top), top + high), slice(max(0, left), left + wide)
    part = drawn[rows, columns]
    shown[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]] = part
    return shown


def dark_png(figure: Figure, tight: bool = False, dpi: float | None = None) -> bytes:
    """Render a figure for a dark page.

    Args:
        figure: as drawn for a white one, and rendered once; it is not changed.
        tight: leave out the empty edges, as notebooks do.
        dpi: pixels an inch; ``None`` is the figure's own.

    Returns:
        A PNG file.
    """
    file = io.BytesIO()
    with _lent(figure):
        canvas = DarkCanvas(figure)
        shown = _cut(canvas) if tight and dpi is None else None
        if shown is None:
            box = {"bbox_inches": "tight"} if tight else {}
            canvas.print_figure(file, format="png", dpi=dpi or figure.dpi, **box)
        else:  # as matplotlib would, which draws everything twice for it
            imsave(file, shown, format="png", dpi=figure.dpi)
    return file.getvalue()


def dark_film(path: str | os.PathLike, quality: int = 75) -> Path:
    """Write the dark version of a film of drawings beside it, pixel by pixel.

    Args:
        path: an animated WebP, such as ``flow.webp``.
        quality: of the compression, 1 to 100.

    Returns:
        The file that was written, such as ``flow-dark.webp``.

    Raises:
        FileNotFoundError: if there is no such film.
        ValueError: if it is the dark version of another.
    """
    from PIL import Image, ImageSequence

    path = Path(path)
    if path.stem.endswith("-dark"):
        raise ValueError(f"path must be that of a film for light pages, got {path.name}")
    frames, times = [], []
    with Image.open(path) as film:
        for frame in ImageSequence.Iterator(film):
            frames.append(Image.fromarray(_recoloured(np.asarray(frame.convert("RGBA")), "ink")))
            times.append(frame.info.get("duration", 100))
    frames = [frame.convert("RGB") for frame in frames]
    options = {"duration": times, "loop": 0, "quality": quality, "method": 6}
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], **options)
    made = path.with_name(f"{path.stem}-dark{path.suffix}")
    write_atomically(made, file.getvalue())
    return made


if __name__ == "__main__":
    print_anything()
    for name in sys.argv[1:]:
        print(dark_film(name))
