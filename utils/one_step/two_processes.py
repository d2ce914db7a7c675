"""Do two processes agree on the gradient? The trap of ``jvp`` in data-parallel training.

``python -m utils.one_step.two_processes`` starts two processes on the CPU and prints what they say.
DistributedDataParallel averages gradients only for what went through its own ``forward``. MeanFlow
calls ``jvp``, which takes a function: hand it ``ddp.module`` and nothing is averaged, silently.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.console import print_anything
from utils.flow_maps import AverageVelocity, draw, eulerian_loss

SIZE = 64  # points for each process


class LossModule(nn.Module):
    """The loss as a module: jvp happens inside ``forward``, which DDP can wrap."""

    def __init__(self, network: nn.Module) -> None:
        """Take the network."""
        super().__init__()
        self.network = network

    def forward(self, x_1: Tensor, seed: int) -> Tensor:
        """MeanFlow's loss on a batch, 0-dim."""
        batch = draw(x_1, torch.Generator().manual_seed(seed))
        return eulerian_loss(self.network, batch, batch.dx_s)


def _network() -> AverageVelocity:
    torch.manual_seed(0)
    return AverageVelocity(dim=2, hidden=8, depth=1)


def _batch(rank: int) -> Tensor:
    return torch.randn(SIZE, 2, generator=torch.Generator().manual_seed(10 + rank)) + rank


def _gradient(network: nn.Module) -> Tensor:
    return torch.cat([weight.grad.flatten() for weight in network.parameters()])


def one_process(rank: int, port: int) -> dict[str, list[float]]:
    """What process ``rank`` of two holds as its gradient, after each of the two ways."""
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    ddp = nn.parallel.DistributedDataParallel
    found = {}
    bypassed = ddp(_network())
    LossModule(bypassed.module)(_batch(rank), rank).backward()  # DDP never sees a forward
    found["around"] = _gradient(bypassed.module).tolist()
    wrapped = ddp(LossModule(_network()))
    wrapped(_batch(rank), rank).backward()
    found["through"] = _gradient(wrapped.module.network).tolist()
    torch.distributed.destroy_process_group()
    return found


def gradients() -> dict[str, Tensor]:
    """Gradients of MeanFlow's loss in two processes, and in one that holds both batches.

    Returns:
        ``"around"`` and ``"through"`` DDP, shape ``(2, W)``: a row for each process;
        ``"alone"``, shape ``(W,)``: the mean over both batches.

    Raises:
        RuntimeError: if a process fails.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    network = _network()
    sum(LossModule(network)(_batch(rank), rank) for rank in (0, 1)).div(2).backward()
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{rank}.json" for rank in (0, 1)]
        command = [sys.executable, "-m", "utils.one_step.two_processes"]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]),
            "OMP_NUM_THREADS": "1",
        }
        running = [
            subprocess.Popen(
                [*command, str(rank), str(port), str(file)], env=environment, stderr=subprocess.PIPE
            )
            for rank, file in enumerate(files)
        ]
        said = [process.communicate(timeout=120)[1].decode() for process in running]
        if any(process.returncode for process in running):
            raise RuntimeError(f"a process failed: {said}")
        rows = [json.loads(file.read_text()) for file in files]
    return {
        "around": torch.tensor([row["around"] for row in rows]),
        "through": torch.tensor([row["through"] for row in rows]),
        "alone": _gradient(network),
    }


def main() -> None:
    """Start both processes, or be one of them."""
    if len(sys.argv) == 4:
        found = one_process(int(sys.argv[1]), int(sys.argv[2]))
        Path(sys.argv[3]).write_text(json.dumps(found))
        return
    found = gradients()
    scale = found["alone"].norm()
    for way in ("around", "through"):
        apart = (found[way][0] - found[way][1]).norm() / scale
        print(f"{way} DDP: the two processes differ by {apart:.2f} of the gradient")


if __name__ == "__main__":
    print_anything()
    main()
