"""The training loop: resumes bit for bit, on one process or many."""

import json
import math
import platform
import sys
import time
from pathlib import Path

import torch

from utils.atomic import write_atomically
from utils.cifar10.checkpoint import load_run, save_run, save_weights
from utils.cifar10.config import CLASSES, TrainConfig
from utils.cifar10.data import Images
from utils.cifar10.draw import draw, save_grid
from utils.cifar10.pace import Pace, forecast
from utils.cifar10.processes import Processes
from utils.cifar10.stopping import Stop, agreed
from utils.cifar10.trainer import Run, Trainer

CHECKPOINT, WEIGHTS = "checkpoint.safetensors", "weights.safetensors"
LOG, SITTINGS = "log.jsonl", "sittings.jsonl"
FORECAST_AFTER = 20  # steps of a sitting after which its pace is told


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


def _loop(trainer: Trainer, images: Images, run: Run, start: int, stop: Stop) -> tuple[int, int]:
    """Train from step ``start``; returns the steps done and the signal that stopped it, or 0."""
    from tqdm import tqdm

    processes, config = trainer.processes, trainer.config
    log = _Log(run.out / LOG, start) if processes.is_main else None
    pixels = images.train_images.to(processes.device)
    labels = images.train_labels.to(processes.device)
    total, counted = torch.zeros((), device=processes.device), 0
    pace, first = (Pace(processes.device, config.batch_size) for _ in range(2))
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
                    bar.write(forecast(trainer, run, done, first.look()[0]))
            logs = done % run.log_every == 0 or done == run.steps
            saves = done % run.save_every == 0 or done == run.steps
            stopped = agreed(processes, stop, done)
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
