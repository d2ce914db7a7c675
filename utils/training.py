"""Training as a generator: it yields (step, loss), the caller decides what to do with them."""

import copy
import io
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from utils.atomic import write_atomically
from utils.losses import epsilon_loss, flow_matching_loss
from utils.tensors import at_least_float32, check_nonnegative, check_positive_int

__all__ = [
    "ExponentialMovingAverage",
    "epsilon_loss",
    "fit",
    "flow_matching_loss",
    "load_checkpoint",
    "move_average",
    "save_checkpoint",
    "train",
]

Loss = Callable[[nn.Module, int], Tensor]


@torch.no_grad()
def move_average(slow: list[Tensor], fast: list[Tensor], decay: float, updates: int) -> None:
    r"""Move averaged weights one step, in place.

    .. math:: \bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta

    After n updates d is at most (1 + n)/(10 + n), so that the random start is forgotten quickly.
    Source: Ho et al. 2020 (arXiv 2006.11239), appendix B (decay 0.9999).

    Args:
        slow: the averaged weights, float32 or better: in 16 bits a step of 1 - d is lost.
        fast: the weights to follow, of the same types.
        decay: d, in [0, 1).
        updates: n, number of updates before this one.

    Raises:
        TypeError: if an average has fewer digits than float32.
    """
    for weight in slow:
        if at_least_float32(weight) is not weight:
            raise TypeError(f"slow must be float32 or better, got {weight.dtype}")
    if not slow:  # a model without weights
        return
    d = min(decay, (1 + updates) / (10 + updates))
    get_ema_multi_avg_fn(d)(slow, fast, updates)  # all tensors in one call: a loop is far slower


class ExponentialMovingAverage:
    r"""A slow copy of a model: :math:`\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta`.

    The rule, with its cap on d early in training, is ``move_average``'s. Weights in 16 bits are
    averaged in float32 beside the model, which gets them rounded.

    Attributes:
        model: the averaged model, in evaluation mode, without gradients.
        updates: number of updates so far.
    """

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        """Start from the model's present weights.

        Args:
            model: the model to follow.
            decay: d, in [0, 1).

        Raises:
            ValueError: if ``decay`` lies outside [0, 1).
        """
        if not check_nonnegative("decay", decay) < 1:
            raise ValueError(f"decay must lie in [0, 1), got {decay}")
        self.decay, self.updates = decay, 0
        self.model = copy.deepcopy(_plain(model)).eval().requires_grad_(False)
        self._fine: dict[str, Tensor] = {}  # in float32, what the model holds in 16 bits

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step towards the model's present weights; buffers are copied."""
        average = dict(self.model.named_parameters())
        for name, weight in average.items():
            if at_least_float32(weight) is not weight:
                self._fine.setdefault(name, weight.float())
        slow = [self._fine.get(name, weight) for name, weight in average.items()]
        fast = [weight.to(s) for s, weight in zip(slow, model.parameters(), strict=True)]
        move_average(slow, fast, self.decay, self.updates)
        for name, weight in self._fine.items():
            average[name].copy_(weight)
        for slow, fast in zip(self.model.buffers(), model.buffers(), strict=True):
            slow.copy_(fast)
        self.updates += 1

    def state_dict(self) -> dict[str, Any]:
        """Everything that ``load_state_dict`` needs to go on."""
        state = {"model": self.model.state_dict(), "updates": self.updates}
        return state | ({"fine": self._fine} if self._fine else {})

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; RuntimeError if it belongs to another architecture."""
        self.model.load_state_dict(state["model"])
        self.updates, self._fine = state["updates"], dict(state.get("fine", {}))


def _plain(model: nn.Module) -> nn.Module:
    """The network itself, without the wrapper of ``torch.compile``, which renames its weights."""
    return getattr(model, "_orig_mod", model)


def _share(step: int, steps: int, lr_schedule: str | Callable[[int], float]) -> float:
    """The learning rate of a step as a share of that at the start."""
    if callable(lr_schedule):
        return lr_schedule(step)
    return 0.5 * (1 + math.cos(math.pi * step / steps)) if lr_schedule == "cosine" else 1.0


def train(
    model: nn.Module,
    loss_fn: Loss,
    steps: int,
    lr: float | None = None,
    ema: ExponentialMovingAverage | None = None,
    lr_schedule: str | Callable[[int], float] = "cosine",
    optimizer: torch.optim.Optimizer | None = None,
    start_step: int = 0,
) -> Iterator[tuple[int, float]]:
    r"""Minimise a loss, one optimiser step for each ``next()``.

    Args:
        model: trained in place.
        loss_fn: ``(model, step) -> loss``, 0-dim; draws its own batch.
        steps: number of steps in the whole run.
        lr: learning rate of Adam at the start; ``None`` is 1e-3. An optimiser of your own has its
            rates already.
        ema: updated after each step, if given.
        lr_schedule: ``"cosine"`` (falls to 0), ``"constant"``, or a function from the step to the
            share of the rate at the start, as ``torch.optim.lr_scheduler.LambdaLR`` takes it.
        optimizer: any, or the one to go on with after ``load_checkpoint``; ``None`` makes an Adam.
            Each of its groups keeps its own rate, which the schedule scales.
        start_step: first step to run; the learning rate continues from there.

    Yields:
        ``(step, loss)`` after the optimiser step.

    Raises:
        ValueError: if a value is out of range, ``lr_schedule`` is unknown, or ``lr`` differs from
            the rate of the given optimiser.
        FloatingPointError: if the loss is NaN or infinite: the run cannot recover from it.
    """
    check_positive_int("steps", steps)
    if lr is not None and check_nonnegative("lr", lr) == 0:
        raise ValueError(f"lr must be positive, got {lr}")
    if not callable(lr_schedule) and lr_schedule not in ("cosine", "constant"):
        known = "'cosine', 'constant' or a function"
        raise ValueError(f"lr_schedule must be {known}, got {lr_schedule!r}")
    if not 0 <= start_step <= steps:
        raise ValueError(f"start_step must lie in 0..{steps}, got {start_step}")
    if optimizer is None:
        parameters = list(model.parameters())
        # One fused kernel instead of a Python loop: a fifth of the time of a small model's step.
        fused = all(p.device.type in ("cpu", "cuda") for p in parameters)
        optimizer = torch.optim.Adam(parameters, lr=1e-3 if lr is None else lr, fused=fused)
    for group in optimizer.param_groups:  # the rate at the start, as torch's schedules note it
        resumed = lr is not None and start_step > 0  # from a file that does not hold it
        group.setdefault("initial_lr", lr if resumed else group["lr"])
        if lr is not None and group["initial_lr"] != lr:
            raise ValueError(
                f"lr is {lr}, but the given optimizer has {group['initial_lr']}: leave lr away, or "
                "give the optimizer that rate"
            )
    return _steps(model, loss_fn, steps, ema, lr_schedule, optimizer, start_step)


def _steps(model, loss_fn, steps, ema, lr_schedule, optimizer, start_step):
    # Apart from train(), so that train() checks its arguments when called, not at the first next().
    model.train()
    for step in range(start_step, steps):
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"] * _share(step, steps, lr_schedule)
        loss = loss_fn(model, step)
        if not torch.isfinite(loss):
            rates = ", ".join(f"{group['initial_lr']:g}" for group in optimizer.param_groups)
            raise FloatingPointError(f"loss is {loss.item()} at step {step}: lower lr={rates}")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if ema is not None:
            ema.update(model)
        yield step, loss.item()


def fit(
    model: nn.Module, loss_fn: Loss, steps: int, progress: bool = False, **options: object
) -> Tensor:
    """Run ``train`` to its end and collect the losses.

    Args:
        model: trained in place, left in evaluation mode.
        loss_fn: ``(model, step) -> loss``, 0-dim.
        steps: number of steps.
        progress: show a progress bar (needs tqdm).
        **options: passed on to ``train``.

    Returns:
        Loss of each step, shape ``(steps,)``, float64.

    Raises:
        ValueError: as ``train``.
        ImportError: if ``progress`` is asked for and tqdm is missing.
    """
    iterator = train(model, loss_fn, steps, **options)
    if progress:
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise ImportError("progress=True needs tqdm: pip install tqdm") from error
        iterator = tqdm(iterator, total=steps - options.get("start_step", 0), unit="step")
    losses = torch.tensor([loss for _, loss in iterator], dtype=torch.float64)
    model.eval()
    return losses


def save_checkpoint(
    path: str | os.PathLike,
    model: nn.Module,
    step: int,
    optimizer: torch.optim.Optimizer | None = None,
    ema: ExponentialMovingAverage | None = None,
    generator: torch.Generator | None = None,
) -> None:
    """Write everything needed to go on, atomically: the old file stays until the new one is whole.

    Args:
        path: file to write; its folder must exist.
        model: its weights are stored.
        step: number of steps done.
        optimizer: its state is stored, if given.
        ema: its weights and count are stored, if given.
        generator: its state is stored, if given.

    Raises:
        FileNotFoundError: if the folder does not exist.
        OSError: if the disk is full; an old checkpoint is untouched.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path must lie in an existing folder, got {path}")
    state = {"step": int(step), "model": _plain(model).state_dict()}
    if optimizer is not None:
        state["optimizer"] = optimizer.state_dict()
    if ema is not None:
        state["ema"] = ema.state_dict()
    if generator is not None:
        state["generator"] = generator.get_state()
    data = io.BytesIO()
    torch.save(state, data)
    write_atomically(path, data.getvalue())


def _check_fits(path: Path, model: nn.Module, weights: dict[str, Any]) -> None:
    """Refuse weights of other names or shapes; torch would write what fits before it says so."""
    mine, given = (
        {(name, getattr(value, "shape", None)) for name, value in state.items()}
        for state in (model.state_dict(), weights)
    )
    if mine != given:
        names = ", ".join(sorted({name for name, _ in mine ^ given}))
        raise ValueError(f"path {path} belongs to another architecture: it differs in {names:.200}")


def load_checkpoint(
    path: str | os.PathLike,
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    ema: ExponentialMovingAverage | None = None,
    generator: torch.Generator | None = None,
) -> int:
    """Restore what ``save_checkpoint`` wrote, into objects of the same make.

    Args:
        path: file to read.
        model: receives the weights.
        optimizer: receives its state, if given.
        ema: receives its weights and count, if given.
        generator: receives its state, if given.

    Returns:
        Number of steps done: the ``start_step`` to go on with.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the file is damaged, belongs to another architecture, or lacks a part. Then
            nothing has been changed.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"path must be a checkpoint, got {path}: no such file")
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch raises many kinds for a damaged file
        raise ValueError(f"path {path} is not a readable checkpoint: {error}") from error
    if not isinstance(state, dict) or not {"step", "model"} <= state.keys():
        raise ValueError(f"path {path} holds no checkpoint written by save_checkpoint")
    wanted = {"optimizer": optimizer, "ema": ema, "generator": generator}
    for name, value in wanted.items():
        if value is not None and name not in state:
            raise ValueError(f"path {path} holds no state for {name}")
    _check_fits(path, _plain(model), state["model"])  # all before anything is written
    if ema is not None:
        _check_fits(path, ema.model, state["ema"]["model"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    _plain(model).load_state_dict(state["model"])
    if ema is not None:
        ema.load_state_dict(state["ema"])
    if generator is not None:
        generator.set_state(state["generator"])
    return state["step"]
