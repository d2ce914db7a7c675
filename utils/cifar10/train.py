"""The training loop: resumes bit for bit, on one process or many."""

import copy
import json
import math
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.atomic import write_atomically
from utils.cifar10.batches import Batch, generator_for, make_batch
from utils.cifar10.checkpoint import load_run, save_run, save_weights
from utils.cifar10.config import CLASSES, TrainConfig
from utils.cifar10.data import Images
from utils.cifar10.draw import draw, save_grid
from utils.cifar10.processes import Processes, autocast
from utils.tensors import check_positive_int
from utils.training import move_average

CHECKPOINT, WEIGHTS, LOG = "checkpoint.safetensors", "weights.safetensors", "log.jsonl"


@dataclass(frozen=True)
class Run:
    """What a run does besides learning; none of it changes the weights.

    Attributes:
        out: folder of the checkpoint, the weights, the log and the sample grids.
        steps: train until this many steps are done.
        save_every: steps between checkpoints.
        sample_every: steps between sample grids; 0 draws none.
        sample_steps: steps of the solver for a sample grid.
        log_every: steps between lines of the log.
        compile: run the network through ``torch.compile``.
        channels_last: keep images with their channels innermost.
        progress: show a progress bar.
    """

    out: Path
    steps: int
    save_every: int = 5000
    sample_every: int = 10000
    sample_steps: int = 50
    log_every: int = 50
    compile: bool = False
    channels_last: bool = False
    progress: bool = True

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            TypeError: if a number is not an integer.
            ValueError: if a number is out of range.
        """
        for name in ("steps", "save_every", "sample_steps", "log_every"):
            check_positive_int(name, getattr(self, name))
        if self.sample_every:
            check_positive_int("sample_every", self.sample_every)


class Trainer:
    """The network, its average and its optimiser, with one step as a method.

    Attributes:
        model: the network whose weights are trained.
        ema: its average.
        optimizer: Adam.
    """

    def __init__(self, config: TrainConfig, processes: Processes, run: Run) -> None:
        """Build everything for step 0.

        Args:
            config: what the weights depend on.
            processes: the processes that share the work.
            run: whether to compile, and the memory format.
        """
        self.config, self.processes = config, processes
        with torch.random.fork_rng(devices=[]):  # on the CPU: the same weights on every device
            torch.manual_seed(generator_for(config.seed, "weights", 0).initial_seed())
            model = config.network.build()
        layout = torch.channels_last if run.channels_last else torch.contiguous_format
        self.layout = layout
        self.model = model.to(processes.device, memory_format=layout)
        self.ema = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.lr, fused=True)
        self._compile = run.compile
        self._parameters = list(self.model.parameters())
        self._averaged = list(self.ema.parameters())
        self._network: nn.Module | None = None

    def batch(self, step: int, images: Tensor, labels: Tensor) -> Batch:
        """This process's share of step k's batch, in the network's memory format."""
        rank, world = self.processes.rank, self.processes.world_size
        batch = make_batch(self.config, step, images, labels, rank, world)
        return batch._replace(x_t=batch.x_t.contiguous(memory_format=self.layout))

    def step(self, step: int, batch: Batch) -> Tensor:
        r"""One update: flow matching loss, clipped gradient, Adam, average.

        .. math:: E\,\lVert f_\theta(x_t, t, c) - (x_1 - x_0)\rVert^2 / D

        Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 9.

        Args:
            step: k, from 0.
            batch: this process's share.

        Returns:
            This process's loss, 0-dim, still on its device: reading it would stop the queue.
        """
        config = self.config
        if self._network is None:
            # Only now, after the weights were loaded: the wrapper hands rank 0's to all.
            network = self.processes.wrap(self.model)
            self._network = torch.compile(network) if self._compile else network
            self._network.train()
        for group in self.optimizer.param_groups:
            group["lr"] = config.lr * min(1.0, (step + 1) / max(1, config.warmup))
        if config.network.dropout:
            # Dropout draws from torch's default generators: tie them to the step, too.
            counter = step * self.processes.world_size + self.processes.rank
            torch.manual_seed(generator_for(config.seed, "dropout", counter).initial_seed())
        with autocast(self.processes.device, config.precision):
            predicted = self._network(batch.x_t, batch.t, batch.labels)
        loss = (predicted.float() - batch.target).square().mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._parameters, config.clip, foreach=True)
        self.optimizer.step()
        move_average(self._averaged, self._parameters, config.ema, step)
        return loss.detach()


class _Stop:
    """Remembers that the user or the scheduler asked to stop (Ctrl-C or SIGTERM)."""

    def __init__(self) -> None:
        self.signal = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while the block runs; a second Ctrl-C stops at once."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python delivers signals to the main thread only
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def note(number: int, frame: object) -> None:
            self.signal = number
            signal.signal(number, before[number])

        for number in before:
            signal.signal(number, note)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Log:
    """Lines of JSON, one for each ``log_every`` steps, each step at most once."""

    def __init__(self, path: Path, start: int) -> None:
        """Open the log, without lines of steps that are about to be repeated."""
        self.path = path
        if path.exists():
            kept = b"".join(
                line for line in path.read_bytes().splitlines(True) if _before(line, start)
            )
            write_atomically(path, kept)

    def write(self, **values: float) -> None:
        """Add one line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")


def _before(line: bytes, start: int) -> bool:
    try:
        return json.loads(line)["step"] <= start
    except (ValueError, KeyError, TypeError):
        return False  # half a line: the process was killed while it wrote


def train(config: TrainConfig, images: Images, run: Run, processes: Processes) -> int:
    """Train until ``run.steps`` steps are done, continuing from the checkpoint if there is one.

    Args:
        config: what the weights depend on.
        images: the data.
        run: where the files go, and how often.
        processes: the processes that share the work.

    Returns:
        0 if all steps are done, or the number of the signal that stopped it early. In both cases
        the checkpoint and the weights are saved.

    Raises:
        ValueError: if the checkpoint is damaged or belongs to another run.
        FloatingPointError: if the loss is NaN or infinite; the last good checkpoint is kept.
        OSError: if a file cannot be written; the last good checkpoint is kept.
    """
    run.out.mkdir(parents=True, exist_ok=True)
    trainer, path = Trainer(config, processes, run), run.out / CHECKPOINT
    start = 0
    if path.exists():
        parts = (trainer.model, trainer.ema, trainer.optimizer)
        start = load_run(path, config, images.key, *parts)
    everywhere = processes.mean(torch.tensor(float(start), device=processes.device)).item()
    if everywhere != start:
        raise ValueError(
            f"out must be a folder that all machines share, but {run.out} holds {start} steps for "
            f"process {processes.rank} and another number for others"
        )
    if start >= run.steps:
        # The run may have been killed after its last checkpoint, before what follows that.
        if processes.is_main:
            save_weights(run.out / WEIGHTS, start, config.network, trainer.ema)
        if run.sample_every and not _grid_file(run, start).exists():
            _grid(trainer, run, start)
        _say(processes, f"{path} has {start} steps already: nothing to train for {run.steps}")
        return 0
    stop = _Stop()
    with stop.listening():
        done, stopped = _loop(trainer, images, run, start, stop)
    state = f"stopped after step {done}; the same command continues" if stopped else f"{done} steps"
    _say(processes, f"{state}: {path} and {WEIGHTS} saved")
    return stopped


def _say(processes: Processes, text: str) -> None:
    if processes.is_main:
        print(text, flush=True)


def _save(trainer: Trainer, images: Images, run: Run, done: int) -> None:
    if trainer.processes.is_main:
        parts = (trainer.model, trainer.ema, trainer.optimizer)
        save_run(run.out / CHECKPOINT, done, trainer.config, images.key, *parts)
        save_weights(run.out / WEIGHTS, done, trainer.config.network, trainer.ema)


def _grid_file(run: Run, done: int) -> Path:
    return run.out / f"samples-{done:07d}.png"


def _grid(trainer: Trainer, run: Run, done: int) -> None:
    """Eight images of each class, one class in a column; the same noise each time."""
    if trainer.processes.is_main:
        labels = torch.arange(len(CLASSES)).repeat(8)
        drawn = draw(trainer.ema, labels, run.sample_steps, seed=trainer.config.seed)
        save_grid(_grid_file(run, done), torch.cat(list(drawn)), len(CLASSES))


def _loop(trainer: Trainer, images: Images, run: Run, start: int, stop: _Stop) -> tuple[int, int]:
    """Train from step ``start``; returns the steps done and the signal that stopped it, or 0."""
    from tqdm import tqdm

    processes, config = trainer.processes, trainer.config
    log = _Log(run.out / LOG, start) if processes.is_main else None
    pixels = images.train_images.to(processes.device)
    labels = images.train_labels.to(processes.device)
    total, counted, seconds = torch.zeros((), device=processes.device), 0, 0.0
    bar = tqdm(
        total=run.steps,
        initial=start,
        unit="step",
        dynamic_ncols=True,
        mininterval=0.2 if sys.stderr.isatty() else 30,  # a log file needs no moving picture
        disable=not (run.progress and processes.is_main),
    )
    with bar:
        for step in range(start, run.steps):
            began = time.perf_counter()
            total += trainer.step(step, trainer.batch(step, pixels, labels))
            done, counted = step + 1, counted + 1
            seconds += time.perf_counter() - began
            bar.update()
            # Several processes agree on stopping when they meet anyway, not in every step.
            logs = done % run.log_every == 0 or done == run.steps
            saves = done % run.save_every == 0 or done == run.steps
            stopped = stop.signal if processes.world_size == 1 else 0
            if logs or saves or stopped:
                began = time.perf_counter()
                loss = processes.mean(total / counted).item()  # waits for the device
                seconds += time.perf_counter() - began
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"the loss is {loss} within the {counted} steps before {done}: start again "
                        f"with a lower --lr than {config.lr}; {CHECKPOINT} is as it was before"
                    )
                rate = counted * config.batch_size / seconds
                bar.set_postfix(loss=f"{loss:.4f}", img_s=f"{rate:.0f}", refresh=False)
                if log is not None:
                    log.write(step=done, loss=loss, images_per_second=rate, seconds=seconds)
                total.zero_()
                counted, seconds = 0, 0.0
                if processes.world_size > 1:
                    flag = torch.tensor(float(stop.signal), device=processes.device)
                    asked = processes.mean(flag).item() > 0
                    stopped = (stop.signal or signal.SIGTERM) if asked else 0
            if saves or stopped:
                _save(trainer, images, run, done)
            if stopped:
                return done, stopped
            if run.sample_every and (done % run.sample_every == 0 or done == run.steps):
                _grid(trainer, run, done)
    return run.steps, 0
