"""One process or many, on one machine or many: the rest of the code does not care.

``torchrun`` starts the processes, Hugging Face Accelerate connects them. Alone, neither is needed.
"""

import contextlib
import os
from collections.abc import Iterator

import torch
from torch import Tensor, nn


def pick_device(name: str) -> torch.device:
    """The device that was asked for.

    Args:
        name: ``"auto"`` (CUDA where there is any), ``"cpu"`` or ``"cuda"``.

    Returns:
        The device.

    Raises:
        ValueError: if the name is unknown, or CUDA is asked for and there is none.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        why = (
            "no CUDA device answers"
            if torch.version.cuda
            else f"torch {torch.__version__} was built without CUDA"
        )
        raise ValueError(
            f"device 'cuda' was asked for, but {why}: use --device cpu (or auto), or install a "
            "CUDA build of torch and check that nvidia-smi lists the card"
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def number_of_processes() -> int:
    """How many processes ``torchrun`` started, over all machines; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def _check_gpus(found: int) -> None:
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # torchrun says it, others may not
    # Some launchers show each process one GPU of its own: they name it, and nothing is wrong.
    named = {f"{maker}_VISIBLE_DEVICES" for maker in ("CUDA", "HIP", "ROCR")} & os.environ.keys()
    if here > found and not named:
        raise ValueError(
            f"{here} processes were started on this machine, which has GPUs for {found}: start one "
            f"for each (--nproc-per-node {found}), or compute on the CPU (--device cpu)"
        )


class Processes:
    """The processes of a run, as ``torchrun`` set them up.

    Attributes:
        rank: number of this process, from 0.
        local_rank: its number among the processes of its machine, from 0.
        world_size: number of processes.
        device: this process's device.
        is_main: whether this is the process that writes files.
    """

    def __init__(self, device: str = "auto") -> None:
        """Connect to the others, if there are any.

        Args:
            device: ``"auto"``, ``"cpu"`` or ``"cuda"``.

        Raises:
            ValueError: as ``pick_device``; or if this machine has fewer GPUs than processes.
            ImportError: if there are several processes and Accelerate is missing.
        """
        picked = pick_device(device)
        self.world_size = number_of_processes()
        self._accelerator = None
        if self.world_size == 1:  # no need to load Accelerate, which takes seconds
            self.rank, self.local_rank, self.device = 0, 0, picked
        else:
            if picked.type == "cuda":
                _check_gpus(torch.cuda.device_count())
            try:
                from accelerate import Accelerator, DistributedDataParallelKwargs
            except ImportError as error:
                raise ImportError(
                    "several processes need Accelerate: pip install accelerate"
                ) from error
            options = DistributedDataParallelKwargs(
                # Gradients lie where they are sent from: one copy of them less in memory.
                gradient_as_bucket_view=True,
                # The network's only buffer never changes: not sent again before every step.
                broadcast_buffers=False,
            )
            found = Accelerator(cpu=picked.type == "cpu", kwargs_handlers=[options])
            self._accelerator, self.device = found, found.device
            self.rank, self.local_rank = found.process_index, found.local_process_index
        self.is_main = self.rank == 0

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model with gradients that are averaged over the processes in ``backward``."""
        return model if self._accelerator is None else self._accelerator.prepare_model(model)

    def mean(self, value: Tensor) -> Tensor:
        """Mean of a number over the processes; all of them must call it."""
        if self._accelerator is None:
            return value
        return self._accelerator.reduce(value, reduction="mean")

    @contextlib.contextmanager
    def main_first(self) -> Iterator[None]:
        """Let the main process do something (as fill a cache) before the others do it.

        After it the first process of each other machine, whose cache may be another one; then the
        rest. So no two processes of one machine fill one cache, and no two machines that share it.
        """
        turn = 0 if self.is_main else 1 if self.local_rank == 0 else 2
        for _ in range(turn):
            self.wait()
        yield
        for _ in range(2 - turn):
            self.wait()

    def wait(self) -> None:
        """Wait until every process is here."""
        if self._accelerator is None:
            return
        # A sum to which each must add something. Accelerate's own way to wait asks for a GPU with
        # this process's number even where CPUs compute, and there may be none of that number.
        self.mean(torch.zeros((), device=self.device)).item()

    def close(self) -> None:
        """Say goodbye to the others, so that none of them waits in vain."""
        if self._accelerator is not None:
            self._accelerator.end_training()
