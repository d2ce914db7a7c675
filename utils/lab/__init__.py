"""A laboratory for the page: the trained networks of a chapter, run in the reader's browser."""

import base64
import math
from collections.abc import Mapping

import numpy as np
from torch import Tensor

from utils.lab.source import module
from utils.lab.widget import PageWidget, anywidget, traitlets
from utils.models import MLP
from utils.plotting import COLORS
from utils.schedulers import DiscreteVP
from utils.tensors import check_positive_int, check_samples

__all__ = ["FlowLab", "module"]

SAMPLERS = {"velocity": ("euler", "midpoint", "heun", "sde"), "epsilon": ("ddim", "ddpm")}
SCHEDULERS = ("condot", "cosine", "vp")
FOLLOW = ("network", "pairs")


def _packed(x: Tensor | np.ndarray, dtype: str = "<f4") -> str:
    numbers = x.detach().cpu().numpy() if isinstance(x, Tensor) else x
    return base64.b64encode(numbers.astype(dtype).tobytes()).decode()


def _network(name: str, network: MLP) -> dict:
    if not isinstance(network, MLP):
        raise TypeError(f"network {name!r} must be a utils.models.MLP, got {network!r:.80}")
    if network.dim != 2:
        raise ValueError(f"network {name!r} must be for points in the plane, got dim={network.dim}")
    linear = [layer for layer in network.net if hasattr(layer, "out_features")]
    weights = np.concatenate(
        [p.detach().cpu().numpy().ravel() for layer in linear for p in (layer.weight, layer.bias)]
    )
    if not np.isfinite(weights).all():
        raise ValueError(f"network {name!r} must have finite weights")
    return {
        "widths": [linear[0].in_features, *(layer.out_features for layer in linear)],
        "frequencies": network.embed.frequencies.tolist(),
        "weights": _packed(weights),
    }


def _points(name: str, x: Tensor) -> Tensor:
    check_samples(name, x, ndim=2)
    if x.shape[1] != 2 or not 16 <= len(x) <= 10_000:
        raise ValueError(f"{name} must have shape (16..10000, 2), got {tuple(x.shape)}")
    return x


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {allowed}, got {value!r}")
    return value


def lab_state(
    velocity: Mapping[str, MLP] | None = None,
    epsilon: Mapping[str, MLP] | None = None,
    *,
    data: Tensor,
    noise: Tensor,
    schedule: DiscreteVP | None = None,
    batches: Mapping[str, int] | None = None,
    model: str | None = None,
    sampler: str | None = None,
    steps: int = 10,
    scheduler: str = "condot",
    follow: str = "network",
    lines: bool = True,
    field: bool = False,
    point: tuple[float, float] = (0.9, 0.4),
) -> dict:
    """Everything that the laboratory needs, ready for JSON; see ``FlowLab`` for the arguments."""
    velocity, epsilon, batches = dict(velocity or {}), dict(epsilon or {}), dict(batches or {})
    if not velocity and not epsilon:
        raise ValueError("velocity or epsilon must name at least one network, got none")
    if twice := velocity.keys() & epsilon.keys():
        raise ValueError(f"velocity and epsilon must have different names, both have {twice}")
    if epsilon and not isinstance(schedule, DiscreteVP):
        raise TypeError(
            f"schedule must be the DiscreteVP of the epsilon networks, got {schedule!r}"
        )
    models = {}
    for kind, networks in (("velocity", velocity), ("epsilon", epsilon)):
        for name, network in networks.items():
            models[name] = {"kind": kind, **_network(name, network)}
    for name, size in batches.items():
        _one_of("batches", name, tuple(models))
        models[name]["batch"] = check_positive_int(f"batches[{name!r}]", size)
    model = next(iter(models)) if model is None else _one_of("model", model, tuple(models))
    allowed = SAMPLERS[models[model]["kind"]]
    sampler = allowed[0] if sampler is None else _one_of("sampler", sampler, allowed)
    _one_of("scheduler", scheduler, SCHEDULERS)
    if sampler == "heun" and scheduler == "vp":
        raise ValueError("sampler='heun' needs the velocity at t = 1, infinite for scheduler='vp'")
    if check_positive_int("steps", steps) > 1000:
        raise ValueError(f"steps must be at most 1000, got {steps}")
    x, y = (float(value) for value in point)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"point must be finite, got {point}")
    start = {"model": model, "sampler": sampler, "steps": steps, "scheduler": scheduler}
    start |= {"follow": _one_of("follow", follow, FOLLOW), "lines": bool(lines)}
    start |= {"field": bool(field), "data": True, "point": [x, y]}
    limits = max(2.8, 1.1 * _points("data", data).abs().max().item())
    state = {"models": models, "data": _packed(data), "noise": _packed(_points("noise", noise))}
    if epsilon:
        state["betas"] = _packed(schedule.betas, "<f8")
    return state | {"limits": round(limits, 3), "colors": COLORS, "start": start}


class FlowLab(PageWidget):
    """Particles that flow from noise to data through networks trained in this notebook.

    In Jupyter and Colab it is a widget (package ``anywidget``); on the pages of the book the same
    JavaScript runs without a kernel. Nothing is computed in Python: the browser gets the weights.
    A widget that is shown follows its ``lab``: set it to another laboratory's to show that.
    """

    if anywidget:
        _esm = traitlets.Unicode(module()).tag(sync=True)
        lab = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        velocity: Mapping[str, MLP] | None = None,
        epsilon: Mapping[str, MLP] | None = None,
        *,
        data: Tensor,
        noise: Tensor,
        **start,
    ) -> None:
        """Take networks, points and what to show first.

        Args:
            velocity: networks that predict the velocity on the CondOT path, by name. The names
                ``flow``, ``diffusion``, ``random`` and ``ot`` are shown in the page's language.
            epsilon: networks that predict the noise of ``schedule``, by name.
            data: samples of the data in random order, shape ``(N, 2)``: shown, paired, and
                compared with (W2).
            noise: where the particles start, shape ``(B, 2)``; pair i is ``(noise[i], data[i])``.
            **start: ``schedule`` (the ``DiscreteVP`` of the epsilon networks), ``batches`` (size of
                the batches in which a network's pairs were made by optimal transport), and the
                first settings: ``model``, ``sampler``, ``steps``, ``scheduler`` ("condot",
                "cosine" or "vp"), ``follow`` ("network" or "pairs"), ``lines``, ``field``,
                ``point``.

        Raises:
            TypeError: if an argument has the wrong type.
            ValueError: if a value or a shape is wrong.
        """
        state = lab_state(velocity, epsilon, data=data, noise=noise, **start)
        super().__init__(lab=state)

    def __repr__(self) -> str:
        """A short line, the same on every run; of another state after ``lab`` has been set."""
        noise = base64.b64decode(self.lab.get("noise", ""))  # two numbers of four bytes each
        return f"FlowLab({', '.join(self.lab.get('models', ()))}: {len(noise) // 8} particles)"
