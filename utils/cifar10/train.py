"""The training loop: resumes bit for bit, on one process or many."""

import copy
import json
import math
import platform
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
from utils.cifar10.compilation import MODES, begin_pass, compiled
from utils.cifar10.config import CLASSES, TrainConfig
from utils.cifar10.data import Images
from utils.cifar10.draw import draw, save_grid
from utils.cifar10.precision import autocast
from utils.cifar10.processes import Processes
from utils.tensors import check_positive_int
from utils.training import move_average

CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "weights.safetensors"
LOG, SITTINGS = "log.jsonl", "sittings.jsonl"
FORECAST_AFTER = 20  # steps of a sitting after which its pace is told
AGREE_EVERY = 10  # steps after which several processes ask each other whether to stop


@dataclass(frozen=True)
class Run:
    """What a run does besides learning; none of it changes the weights.

    Attributes:
        out: folder of the checkpoint, the weights, the log and the sample grids.
        steps: train until this many steps are done.
        save_every: steps between checkpoints.
        sample_every: steps between sample grids; 0 draws none.
        sample_early: into so many parts the first of these stretches is cut, with a grid after
            each: the network learns most at first.
        sample_steps: steps of the solver for a sample grid.
        log_every: steps between lines of the log.
        compile: ``"off"``, ``"default"`` or ``"graphs"``, as in ``compilation.choose_mode``.
        channels_last: keep images with their channels innermost.
        progress: show a progress bar.
    """

    out: Path
    steps: int
    save_every: int = 5000
    sample_every: int = 10000
    sample_early: int = 1
    sample_steps: int = 50
    log_every: int = 50
    compile: str = "off"
    channels_last: bool = False
    progress: bool = True

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            TypeError: if a number is not an integer.
            ValueError: if a number is out of range.
        """
        for name in ("steps", "save_every", "sample_early", "sample_steps", "log_every"):
            check_positive_int(name, getattr(self, name))
        if self.sample_every:
            check_positive_int("sample_every", self.sample_every)
        if self.compile not in MODES:
            raise ValueError(f"compile must be one of {MODES}, got {self.compile!r}")

    def draws(self, done: int) -> bool:
        """Whether a grid is drawn after ``done`` steps."""
        if not self.sample_every:
            return False
        early = done < self.sample_every and self.sample_early > 1
        every = max(1, self.sample_every // self.sample_early) if early else self.sample_every
        return done % every == 0 or done == self.steps


class Trainer:
    """The network, its average and its optimiser, with one step as a method.

    Attributes:
        model: the network whose weights are trained.
        ema: its average.
        optimizer: Adam.
        scaler: keeps float16 gradients from vanishing; does nothing at another precision.
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
        # float16 has no numbers below 6e-8: the loss is multiplied before backward, the gradients
        # divided after it (Micikevicius et al. 2018, arXiv 1710.03740, section 3.2).
        self.scaler = torch.amp.GradScaler(
            processes.device.type, enabled=config.precision == "fp16"
        )
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
            self._network = compiled(network, self._compile).train()
        for group in self.optimizer.param_groups:
            # A number goes along with the launch of the fused kernel: no step waits for it.
            group["lr"] = config.lr * min(1.0, (step + 1) / max(1, config.warmup))
        if config.network.dropout:
            # Dropout draws from torch's default generators: tie them to the step, too.
            counter = step * self.processes.world_size + self.processes.rank
            torch.manual_seed(generator_for(config.seed, "dropout", counter).initial_seed())
        # Gradients of the step before would lie in memory that CUDA graphs write to from here on.
        self.optimizer.zero_grad(set_to_none=True)
        begin_pass(self._compile)
        with autocast(self.processes.device, config.precision):
            predicted = self._network(batch.x_t, batch.t, batch.labels)
        loss = (predicted.float() - batch.target).square().mean()
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        nn.utils.clip_grad_norm_(self._parameters, config.clip, foreach=True)
        self.scaler.step(self.optimizer)  # leaves out a step whose gradients have overflowed
        self.scaler.update()
        move_average(self._averaged, self._parameters, config.ema, step)
        return loss.detach()


class Stop:
    """Remembers that the user or the scheduler asked to stop (Ctrl-C or SIGTERM).

    Only a second Ctrl-C, a second or more after the first, stops at once and unsaved. Schedulers
    that signal every process, and torchrun, which hands on what it gets itself, send the same
    signal twice within moments.
    """

    def __init__(self) -> None:
        """Start with no signal."""
        self.signal, self._since = 0, 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while the block runs."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python delivers signals to the main thread only
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def note(number: int, frame: object) -> None:
            if not self.signal:
                self.signal, self._since = number, time.monotonic()
            elif number == signal.SIGINT and time.monotonic() - self._since > 1:
                raise KeyboardInterrupt

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
        start = load_run(path, config, images.key, *parts, scaler=trainer.scaler)
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
        if run.draws(start) and not _grid_file(run, start).exists():
            _grid(trainer, run, start)
        _say(processes, f"{path} has {start} steps already: nothing to train for {run.steps}")
        return 0
    stop = Stop()
    _note_sitting(processes, run, start)
    with stop.listening():
        done, stopped = _loop(trainer, images, run, start, stop)
    state = f"stopped after step {done}; the same command continues" if stopped else f"{done} steps"
    _say(processes, f"{state}: {path} and {WEIGHTS} saved")
    return stopped


def _say(processes: Processes, text: str) -> None:
    if processes.is_main:
        print(text, flush=True)


def _note_sitting(processes: Processes, run: Run, start: int) -> None:
    """Remember what computes from here on: a run may be continued on another machine."""
    if processes.is_main:
        device = processes.device
        sitting = {
            "from_step": start,
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": torch.cuda.get_device_name(device)
            if device.type == "cuda"
            else f"{platform.machine()} CPU",
            "processes": processes.world_size,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        with open(run.out / SITTINGS, "a", encoding="utf-8") as file:
            file.write(json.dumps(sitting) + "\n")


def _check_finite(trainer: Trainer, done: int) -> None:
    """Refuse to save weights that would only draw noise for ever."""
    for name, value in [*trainer.model.named_parameters(), *trainer.ema.named_parameters()]:
        if not torch.isfinite(value).all():
            raise FloatingPointError(
                f"after step {done} the weights of {name} are not finite; nothing was saved, and "
                f"{CHECKPOINT} is as it was before: start again with a lower --lr than "
                f"{trainer.config.lr}"
            )


def _save(trainer: Trainer, images: Images, run: Run, done: int) -> None:
    _check_finite(trainer, done)
    if trainer.processes.is_main:
        parts = (trainer.model, trainer.ema, trainer.optimizer)
        config = trainer.config
        save_run(run.out / CHECKPOINT, done, config, images.key, *parts, scaler=trainer.scaler)
        save_weights(run.out / WEIGHTS, done, config.network, trainer.ema)


def _grid_file(run: Run, done: int) -> Path:
    return run.out / f"samples-{done:07d}.png"


def _grid(trainer: Trainer, run: Run, done: int) -> None:
    """Eight images of each class, one class in a column; the same noise each time."""
    if trainer.processes.is_main:
        labels = torch.arange(len(CLASSES)).repeat(8)
        drawn = draw(trainer.ema, labels, run.sample_steps, seed=trainer.config.seed)
        save_grid(_grid_file(run, done), torch.cat(list(drawn)), len(CLASSES))


class _Pace:
    """Images per second since the last look, without a sitting's first steps.

    These wait for kernels to be compiled or chosen, and for memory.
    """

    WARM = 3

    def __init__(self, device: torch.device, batch_size: int) -> None:
        self._device, self._batch_size = device, batch_size
        self._cold, self._steps, self._began = self.WARM, 0, time.perf_counter()

    def step(self) -> None:
        """One step is on its way."""
        self._steps += 1
        if self._cold:
            self._cold -= 1
            self.reset()

    def reset(self) -> None:
        """Count from now on."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self._steps, self._began = 0, time.perf_counter()

    def look(self) -> tuple[float | None, float]:
        """Images per second, ``None`` if nothing was counted, and the seconds; counts anew."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        steps, seconds = self._steps, time.perf_counter() - self._began
        self.reset()
        return (steps * self._batch_size / seconds if steps else None), seconds


def _memory(device: torch.device) -> str:
    """The most memory that was in use so far, in words."""
    if device.type == "cuda":
        return f"{torch.cuda.max_memory_allocated(device) / 1e9:.1f} GB of the GPU"
    try:
        import resource
    except ImportError:  # Windows
        return "memory unknown"
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9:.1f} GB"


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def _forecast(trainer: Trainer, run: Run, done: int, rate: float) -> str:
    """What the user wants to know once the first steps are done."""
    config, device = trainer.config, trainer.processes.device
    whole = _duration(run.steps * config.batch_size / rate)
    rest = _duration((run.steps - done) * config.batch_size / rate)
    return (
        f"{rate:.0f} images/s, {_memory(device)}, {config.precision}: all {run.steps} steps take "
        f"about {whole} here, the rest {rest}"
    )


def _loop(trainer: Trainer, images: Images, run: Run, start: int, stop: Stop) -> tuple[int, int]:
    """Train from step ``start``; returns the steps done and the signal that stopped it, or 0."""
    from tqdm import tqdm

    processes, config = trainer.processes, trainer.config
    log = _Log(run.out / LOG, start) if processes.is_main else None
    pixels = images.train_images.to(processes.device)
    labels = images.train_labels.to(processes.device)
    total, counted = torch.zeros((), device=processes.device), 0
    pace, first = (_Pace(processes.device, config.batch_size) for _ in range(2))
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
            total += trainer.step(step, trainer.batch(step, pixels, labels))
            done, counted = step + 1, counted + 1
            pace.step()
            bar.update()
            if done - start <= FORECAST_AFTER:
                first.step()
                if done - start == FORECAST_AFTER and processes.is_main:
                    bar.write(_forecast(trainer, run, done, first.look()[0]))
            logs = done % run.log_every == 0 or done == run.steps
            saves = done % run.save_every == 0 or done == run.steps
            stopped = _agreed(processes, stop, done)
            if logs or saves or stopped:
                loss = processes.mean(total / counted).item()
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"the loss is {loss} within the {counted} steps before {done}: start again "
                        f"with a lower --lr than {config.lr}; {CHECKPOINT} is as it was before"
                    )
                rate, seconds = pace.look()
                if rate is not None:
                    bar.set_postfix(loss=f"{loss:.4f}", img_s=f"{rate:.0f}", refresh=False)
                if log is not None:
                    log.write(step=done, loss=loss, images_per_second=rate, seconds=seconds)
                total.zero_()
                counted = 0
            if saves or stopped:
                _save(trainer, images, run, done)
            if stopped:
                return done, stopped
            if run.draws(done):
                _grid(trainer, run, done)
            if saves or run.draws(done):
                pace.reset()  # neither files nor pictures are training
    return run.steps, 0


def _agreed(processes: Processes, stop: Stop, done: int) -> int:
    """The signal that stops all processes after this step, or 0.

    Alone, a process stops at once. Several must leave the loop after the same step, so they ask
    each other every few steps: torchrun gives them 30 s from its signal.
    """
    if processes.world_size == 1:
        return stop.signal
    if done % AGREE_EVERY:
        return 0
    flag = torch.tensor(float(stop.signal), device=processes.device)
    return (stop.signal or signal.SIGTERM) if processes.mean(flag).item() > 0 else 0
