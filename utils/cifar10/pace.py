"""How fast a run is, and how long all of it will take here."""

import sys
import time

import torch

from utils.cifar10.trainer import Run, Trainer


class Pace:
    """Images per second since the last look, without a sitting's first steps.

    These wait for kernels to be compiled or chosen, and for memory.
    """

    WARM = 3

    def __init__(self, device: torch.device, batch_size: int) -> None:
        """Start to count."""
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


def forecast(trainer: Trainer, run: Run, done: int, rate: float) -> str:
    """What the user wants to know once the first steps are done."""
    config, device = trainer.config, trainer.processes.device
    whole = _duration(run.steps * config.batch_size / rate)
    rest = _duration((run.steps - done) * config.batch_size / rate)
    return (
        f"{rate:.0f} images/s, {_memory(device)}, {config.precision}: all {run.steps} steps take "
        f"about {whole} here, the rest {rest}"
    )
