"""One training step, and what a run does besides."""

import copy
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.cifar10.batches import Batch, generator_for, make_batch
from utils.cifar10.compilation import MODES, begin_pass, compiled
from utils.cifar10.config import TrainConfig
from utils.cifar10.precision import autocast
from utils.cifar10.processes import Processes
from utils.tensors import check_positive_int
from utils.training import move_average


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
