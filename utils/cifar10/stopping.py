"""When a run stops early: the user or the scheduler asks, and all processes agree."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from utils.cifar10.processes import Processes

AGREE_EVERY = 10  # steps after which several processes ask each other whether to stop


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


def agreed(processes: Processes, stop: Stop, done: int) -> int:
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
