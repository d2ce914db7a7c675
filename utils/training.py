"""Training as a generator: it yields (step, loss), the caller decides what to do with them."""

import copy
import io
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from utils.atomic import write_atomically
from utils.losses import epsilon_loss, flow_matching_loss
from utils.tensors import check_nonnegative, check_positive_int

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
        slow: the averaged weights.
        fast: the weights to follow.
        decay: d, in [0, 1).
        updates: n, number of updates before this one.
    """
    d = min(decay, (1 + updates) / (10 + updates))
    get_ema_multi_avg_fn(d)(slow, fast, updates)  # all tensors in one call: a loop is far slower


class ExponentialMovingAverage:
    r"""A slow copy of a model: :math:`\bar\theta \leftarrow d\,\bar\theta + (1 - d)\,\theta`.

    The rule, with its cap on d early in training, is ``move_average``'s.

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
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step towards the model's present weights; buffers are copied."""
        slow, fast = list(self.model.parameters()), list(model.parameters())
        move_average(slow, fast, self.decay, self.updates)
        for slow, fast in zip(self.model.buffers(), model.buffers(), strict=True):
            slow.copy_(fast)
        self.updates += 1


def _lr(lr: float, step: int, steps: int, lr_schedule: str) -> float:
    return lr * 0.5 * (1 + math.cos(math.pi * step / steps)) if lr_schedule == "cosine" else lr


def train(
    model: nn.Module,
    loss_fn: Loss,
    steps: int,
    lr: float = 1e-3,
    ema: ExponentialMovingAverage | None = None,
    lr_schedule: str = "cosine",
    optimizer: torch.optim.Optimizer | None = None,
    start_step: int = 0,
) -> Iterator[tuple[int, float]]:
    r"""Minimise a loss with Adam, one optimiser step for each ``next()``.

    Args:
        model: trained in place.
        loss_fn: ``(model, step) -> loss``, 0-dim; draws its own batch.
        steps: number of steps in the whole run.
        lr: learning rate at the start.
        ema: updated after each step, if given.
        lr_schedule: ``"cosine"`` (falls to 0) or ``"constant"``.
        optimizer: to go on with, after ``load_checkpoint``; ``None`` makes an Adam.
        start_step: first step to run; the learning rate continues from there.

    Yields:
        ``(step, loss)`` after the optimiser step.

    Raises:
        ValueError: if a value is out of range, or ``lr_schedule`` is unknown.
        FloatingPointError: if the loss is NaN or infinite: the run cannot recover from it.
    """
    check_positive_int("steps", steps)
    if check_nonnegative("lr", lr) == 0:
        raise ValueError(f"lr must be positive, got {lr}")
    if lr_schedule not in ("cosine", "constant"):
        raise ValueError(f"lr_schedule must be 'cosine' or 'constant', got {lr_schedule!r}")
    if not 0 <= start_step <= steps:
        raise ValueError(f"start_step must lie in 0..{steps}, got {start_step}")
    if optimizer is None:
        parameters = list(model.parameters())
        # One fused kernel instead of a Python loop: a fifth of the time of a small model's step.
        fused = all(p.device.type in ("cpu", "cuda") for p in parameters)
        optimizer = torch.optim.Adam(parameters, lr=lr, fused=fused)
    return _steps(model, loss_fn, steps, lr, ema, lr_schedule, optimizer, start_step)


def _steps(model, loss_fn, steps, lr, ema, lr_schedule, optimizer, start_step):
    # Apart from train(), so that train() checks its arguments when called, not at the first next().
    model.train()
    for step in range(start_step, steps):
        for group in optimizer.param_groups:
            group["lr"] = _lr(lr, step, steps, lr_schedule)
        loss = loss_fn(model, step)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {step}: lower lr={lr}")
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
    state = {"step": int(step), "model": model.state_dict()}
    if optimizer is not None:
        state["optimizer"] = optimizer.state_dict()
    if ema is not None:
        state["ema"] = {"model": ema.model.state_dict(), "updates": ema.updates}
    if generator is not None:
        state["generator"] = generator.get_state()
    data = io.BytesIO()
    torch.save(state, data)
    write_atomically(path, data.getvalue())


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
        ValueError: if the file is damaged, belongs to another architecture, or lacks a part.
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
    try:
        model.load_state_dict(state["model"])
        if ema is not None:
            ema.model.load_state_dict(state["ema"]["model"])
            ema.updates = state["ema"]["updates"]
    except RuntimeError as error:
        raise ValueError(f"path {path} belongs to another architecture: {error}") from error
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    if generator is not None:
        generator.set_state(state["generator"])
    return state["step"]
