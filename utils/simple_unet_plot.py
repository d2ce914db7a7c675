"""A drawing of ``SimpleUNet``, made from the network itself: shapes and skips are watched."""

from typing import NamedTuple

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from torch import Tensor, nn

from utils.plotting import COLORS, FONT_SIZE, new_figure

Shape = tuple[int, ...]


class Call(NamedTuple):
    """One module at work.

    Attributes:
        name: of the module in the network.
        given: shape of its input, without the batch.
        made: shape of its output, without the batch.
        kept: the earlier module whose output stands behind the input's first channels, or ``""``.
        told: whether it takes the embedding of time and class.
    """

    name: str
    given: Shape
    made: Shape
    kept: str
    told: bool


def watch(model: nn.Module, size: int = 32) -> list[Call]:
    """Send one image through a network and note what each of its parts does.

    Args:
        model: network ``(x, t) -> (B, C, H, W)`` with an attribute ``in_channels``; its parts are
            called one after another.
        size: height and width of the image.

    Returns:
        The calls of the parts that handle images, in order.
    """
    calls: list[Call] = []
    outputs: dict[str, Tensor] = {}

    def note(name: str, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x, more = inputs[0], inputs[1:]
        if x.ndim != 4:
            return  # time or class
        before = calls[-1].name if calls else ""
        extra = x.shape[1] - outputs[before].shape[1] if before else 0
        kept = next((k for k, v in outputs.items() if extra > 0 and _ends_with(x, v, extra)), "")
        calls.append(Call(name, tuple(x.shape[1:]), tuple(output.shape[1:]), kept, bool(more)))
        outputs[name] = output

    hooks = [
        part.register_forward_hook(lambda _, i, o, name=name: note(name, i, o))
        for name, part in model.named_children()
    ]
    device = next(model.parameters()).device
    try:
        with torch.no_grad():
            x = torch.randn(
                1, model.in_channels, size, size, generator=torch.Generator().manual_seed(0)
            )
            model(x.to(device), torch.tensor(0.5, device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return calls


def _ends_with(x: Tensor, output: Tensor, channels: int) -> bool:
    tail = x[:, -channels:]
    return tail.shape == output.shape and torch.equal(tail, output)


def _size(shape: Shape) -> str:
    return " × ".join(map(str, shape))


class _Pen:
    """Boxes and arrows in units of one level."""

    WIDTH, HEIGHT = 1.9, 0.62

    def __init__(self, ax: Axes) -> None:
        self.ax = ax

    def box(self, at: tuple[float, float], name: str, shape: Shape, color: str, fill: str) -> None:
        left, low = at[0] - self.WIDTH / 2, at[1] - self.HEIGHT / 2
        style = "round,pad=0,rounding_size=0.12"
        self.ax.add_patch(
            FancyBboxPatch((left, low), self.WIDTH, self.HEIGHT, boxstyle=style,
                           facecolor=fill, edgecolor=color, linewidth=1.6)
        )  # fmt: skip
        text = {"ha": "center", "va": "center", "family": "sans-serif", "color": "black"}
        self.ax.text(at[0], at[1] + 0.14, name, fontsize=FONT_SIZE, weight="bold", **text)
        self.ax.text(at[0], at[1] - 0.15, _size(shape), fontsize=FONT_SIZE, **text)

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], color: str, width: float = 1.4
    ) -> None:
        arrow = {"arrowstyle": "-|>", "color": color, "lw": width, "shrinkA": 0, "shrinkB": 0}
        self.ax.annotate("", end, start, arrowprops=arrow)


def draw_unet(model: nn.Module, size: int = 32) -> tuple[Figure, Axes]:
    """Draw the network as a U: down on the left, up on the right, what is kept straight across.

    Args:
        model: as for ``watch``, with as many parts on the way up as on the way down around its
            middle one.
        size: height and width of the image.

    Returns:
        Figure and axes.
    """
    calls = watch(model, size)
    half = len(calls) // 2
    fig, ax = new_figure(size=(5.2, 6.4))
    pen, places = _Pen(ax), {}
    for i, call in enumerate(calls):
        level = half - abs(i - half)  # 0 at the top, half in the middle
        x = 2.75 if i == half else 1.0 if i < half else 4.5
        places[call.name] = (x, -level)
    ends = {"$x_t$": (1.0, 1.0), "velocity": (4.5, 1.0)}
    pen.box(ends["$x_t$"], "noisy image $x_t$", calls[0].given, COLORS["noise"], "#e6f1f8")
    pen.box(ends["velocity"], "velocity", calls[-1].made, COLORS["velocity"], "#e5f5f0")
    for call in calls:
        color, fill = (COLORS["data"], "#fbefe6") if call.told else ("#666666", "#f4f4f4")
        pen.box(places[call.name], call.name, call.made, color, fill)
    way = [ends["$x_t$"], *places.values(), ends["velocity"]]
    for start, end in zip(way[:-1], way[1:], strict=True):
        _step(pen, start, end)
    for call in calls:
        if call.kept:
            start, end = places[call.kept], places[call.name]
            edge = pen.WIDTH / 2
            pen.arrow((start[0] + edge, start[1]), (end[0] - edge, end[1]), COLORS["noise"], 2.0)
            middle = ((start[0] + end[0]) / 2, start[1] + 0.08)
            kept = call.given[0] - calls[calls.index(call) - 1].made[0]
            label = f"{call.given[0] - kept} + {kept}\nchannels"
            ax.text(*middle, label, fontsize=FONT_SIZE, ha="center", va="bottom",
                    family="sans-serif", linespacing=1.1)  # fmt: skip
    ax.text(2.75, 1.0, "time and class:\nto every\norange box", fontsize=FONT_SIZE, ha="center",
            va="center", family="sans-serif", color="#8a3d00")  # fmt: skip
    ax.set(xlim=(-0.02, 5.52), ylim=(-half - 0.4, 1.4))
    ax.set_axis_off()
    return fig, ax


def _step(pen: _Pen, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow down, up, or round the bottom of the U."""
    half = pen.HEIGHT / 2
    if start[0] == end[0]:
        down = 1 if end[1] < start[1] else -1
        pen.arrow((start[0], start[1] - down * half), (end[0], end[1] + down * half), "#666666")
    elif end[1] < start[1]:  # into the middle, from the left
        pen.ax.plot([start[0]] * 2, [start[1] - half, end[1]], color="#666666", lw=1.4)
        pen.arrow((start[0], end[1]), (end[0] - pen.WIDTH / 2, end[1]), "#666666")
    else:
        pen.ax.plot([start[0] + pen.WIDTH / 2, end[0]], [start[1]] * 2, color="#666666", lw=1.4)
        pen.arrow((end[0], start[1]), (end[0], end[1] - half), "#666666")
