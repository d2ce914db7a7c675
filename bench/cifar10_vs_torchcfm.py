"""Time of a training step on CIFAR-10: this course's loop against torchcfm's, paired.

Both loops train the same network on the same uint8 images with the same batch size, in one
process, in turns: a step of one, a step of the other, so that whatever slows the machine slows
both. A step is all that a loop does: making the batch, forward, backward, clipping, Adam, average.

torchcfm's side uses its published package (ConditionalFlowMatcher and UNetModelWrapper) and follows
the order of the CIFAR-10 example in its repository: mirrored and normalised float images, Adam,
learning rate by LambdaLR, and an average that goes through the state dict tensor by tensor. The
images already lie in memory on both sides, which spares it the data loader of the example.

    pip install torchcfm
    python -m bench.cifar10_vs_torchcfm --network ours --batch-size 16
    python -m bench.cifar10_vs_torchcfm --network torchcfm --batch-size 16

On a GPU, one command gives a table, a line of JSON for each row: this course's loop compiled in
CUDA graphs, compiled, eager, and as it was before upsampling and attention were written for GPUs,
beside torchcfm's. Rows are blocks of steps, each after a warm-up, one after the other.

    python -m bench.cifar10_vs_torchcfm --gpu-table
"""

import argparse
import contextlib
import copy
import dataclasses
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from utils import unet
from utils.cifar10.compilation import ASKED, choose_mode
from utils.cifar10.config import PRECISIONS, NetworkConfig, TrainConfig
from utils.cifar10.data import load_images
from utils.cifar10.determinism import set_deterministic
from utils.cifar10.precision import auto_precision, autocast
from utils.cifar10.presets import TINY_NETWORK
from utils.cifar10.processes import Processes, pick_device
from utils.cifar10.trainer import Run, Trainer

try:
    from torchcfm.conditional_flow_matching import ConditionalFlowMatcher
    from torchcfm.models.unet.unet import UNetModelWrapper
except ImportError as error:
    sys.exit(f"this measurement needs torchcfm and what it imports ({error}): pip install torchcfm")


class TheirNetwork(nn.Module):
    """torchcfm's network with this course's order of arguments; labels are not used."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.inner = UNetModelWrapper(
            dim=(3, 32, 32),
            num_channels=config.base_channels,
            num_res_blocks=config.blocks_per_level,
            channel_mult=list(config.channel_multipliers),
            attention_resolutions=",".join(map(str, config.attention_resolutions)),
            num_heads=config.num_heads,
            dropout=config.dropout,
        )

    def forward(self, x, t, labels=None):
        return self.inner(t, x)


class OurConfig(NetworkConfig):
    """Sizes for ``Trainer``, with either network."""

    network = "ours"

    def build(self) -> nn.Module:
        return super().build() if self.network == "ours" else TheirNetwork(self)


class TheirLoop:
    """A step as in torchcfm's CIFAR-10 example, on images that are in memory."""

    def __init__(self, model: nn.Module, config: TrainConfig, images: Tensor) -> None:
        self.model, self.average, self.config = model, copy.deepcopy(model), config
        self.optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min(step, config.warmup) / config.warmup
        )
        self.scaler = torch.amp.GradScaler(images.device.type, enabled=config.precision == "fp16")
        self.matcher = ConditionalFlowMatcher(sigma=0.0)
        self.images = images
        self.order = torch.randperm(len(images), device=images.device)
        self.model.train()

    def batch(self, step: int) -> Tensor:
        """Mirrored and normalised float images."""
        size, device = self.config.batch_size, self.images.device
        first = step * size % (len(self.images) - size + 1)
        x_1 = self.images[self.order[first : first + size]].float() / 127.5 - 1
        # torch.where, so that a GPU need not wait for the number of mirrored images.
        mirror = torch.rand(size, 1, 1, 1, device=device) < 0.5
        return torch.where(mirror, x_1.flip(-1), x_1)

    def __call__(self, step: int) -> None:
        self.optimizer.zero_grad()
        x_1 = self.batch(step)
        x_0 = torch.randn_like(x_1)
        t, x_t, u_t = self.matcher.sample_location_and_conditional_flow(x_0, x_1)
        with autocast(self.images.device, self.config.precision):
            predicted = self.model(x_t, t)
        loss = torch.mean((predicted.float() - u_t) ** 2)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        source, target = self.model.state_dict(), self.average.state_dict()
        for name, value in source.items():
            target[name].copy_(target[name] * self.config.ema + value * (1 - self.config.ema))


def config_for(options: argparse.Namespace, network: str, precision: str) -> TrainConfig:
    base = TINY_NETWORK if options.tiny else NetworkConfig(base_channels=options.base_channels)
    if options.tiny and network == "torchcfm":  # it normalises in 32 groups
        base = dataclasses.replace(base, base_channels=32)
    sizes = OurConfig(**dataclasses.asdict(base))
    object.__setattr__(sizes, "network", network)
    return TrainConfig(network=sizes, batch_size=options.batch_size, precision=precision)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was told: launching is not computing."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def gigabytes(device: torch.device) -> float | None:
    """The most memory that tensors took since the peak was reset; ``None`` on a CPU."""
    if device.type != "cuda":
        return None
    return round(torch.cuda.max_memory_allocated(device) / 1e9, 2)


def machine(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()


# --- the table


def _attention_before(self: unet.SelfAttention, x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    qkv = self.qkv(self.norm(x))
    qkv = qkv.reshape(batch, 3, self.num_heads, channels // self.num_heads, height * width)
    q, k, v = qkv.transpose(-1, -2).unbind(1)
    h = F.scaled_dot_product_attention(q, k, v)
    return x + self.out(h.transpose(-1, -2).reshape(batch, channels, height, width))


@contextlib.contextmanager
def before(upsampling: bool, attention: bool) -> Iterator[None]:
    """The network as it was before these parts were written for GPUs."""
    with contextlib.ExitStack() as stack:
        if upsampling:
            nearest = {"scale_factor": 2.0, "mode": "nearest"}
            change = mock.patch.object(unet, "double_size", lambda x: F.interpolate(x, **nearest))
            stack.enter_context(change)
        if attention:
            change = mock.patch.object(unet.SelfAttention, "forward", _attention_before)
            stack.enter_context(change)
        yield


def timed(step: Callable[[int], None], device: torch.device, warm: int, steps: int) -> dict:
    """Milliseconds of a step in a block of steps after a warm-up, and the memory."""
    for number in range(warm):
        step(number)
    synchronize(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    for number in range(warm, warm + steps):
        step(number)
    synchronize(device)
    seconds = (time.perf_counter() - began) / steps
    return {"ms": round(1e3 * seconds, 2), "GB": gigabytes(device), "seconds": seconds}


def table(options: argparse.Namespace, images: Tensor, labels: Tensor) -> None:
    """One line of JSON for each way to compute a step; a row that fails says why."""
    processes = Processes(options.device)
    device = processes.device
    precision = auto_precision(device) if options.precision == "auto" else options.precision
    modes = ("graphs", "default") if device.type == "cuda" else ()
    if options.compile not in ("auto", "on"):
        modes = () if options.compile == "off" else (options.compile,)

    def ours(mode: str, last: bool, deterministic: bool) -> Callable[[int], None]:
        set_deterministic(deterministic, device)
        run = Run(out=None, steps=1, compile=mode, channels_last=last)
        trainer = Trainer(config_for(options, options.network, precision), processes, run)
        return lambda step: trainer.step(step, trainer.batch(step, images, labels))

    def theirs(number_format: str) -> Callable[[int], None]:
        set_deterministic(False, device)
        config = config_for(options, "torchcfm", number_format)
        return TheirLoop(config.network.build().to(device), config, images)

    def row(what: str, build: Callable[[], Callable[[int], None]], **about: object) -> None:
        try:
            found = timed(build(), device, options.warm, options.steps)
            seconds = found.pop("seconds")
            found = {"images_per_second": round(options.batch_size / seconds, 1)} | found
        except Exception as error:  # the other rows are still worth having
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        about |= {"machine": machine(device), "torch": torch.__version__}
        print(json.dumps({"what": what, **about, **found}), flush=True)
        torch._dynamo.reset()
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()

    short = precision != "fp32"
    for deterministic in (True, False):
        for mode in (*modes, "off"):
            about = {"precision": precision, "compile": mode, "deterministic": deterministic}
            about["channels_last"] = short
            row("ours", lambda: ours(mode, short, deterministic), **about)  # noqa: B023
    for mode in (*modes[-1:], "off"):
        about = {"precision": precision, "compile": mode, "deterministic": True}
        for upsampling, attention in ((True, False), (False, True), (True, True)):
            parts = {"upsampling": upsampling, "attention": attention}
            names = " and ".join(name for name, old in parts.items() if old)
            with before(**parts):
                what, more = f"ours, {names} as before", about | {"channels_last": short}
                row(what, lambda: ours(mode, short, True), **more)  # noqa: B023
        row("ours", lambda: ours(mode, not short, True), **about, channels_last=not short)  # noqa: B023
    for number_format in dict.fromkeys((precision, "fp32")):
        row("torchcfm", lambda: theirs(number_format), precision=number_format, compile="off")  # noqa: B023


def pairs(options: argparse.Namespace, images: Tensor, labels: Tensor) -> dict:
    """Steps of both loops in turns, with the same network."""
    processes = Processes(options.device)
    device = processes.device
    precision = "fp32" if options.precision == "auto" else options.precision
    # torchcfm's loop runs the network as it is, so by default this one does, too.
    mode = "off" if options.compile == "auto" else choose_mode(options.compile, device)
    trainer = Trainer(
        config_for(options, options.network, precision),
        processes,
        Run(out=None, steps=1, compile=mode),
    )
    theirs = TheirLoop(copy.deepcopy(trainer.model), trainer.config, images)

    def ours(step: int) -> None:
        trainer.step(step, trainer.batch(step, images, labels))

    times = {"ours": [], "torchcfm": []}
    loops = {"ours": ours, "torchcfm": theirs}
    for pair in range(-3, options.pairs):  # the first ones warm up
        for name in sorted(loops, reverse=pair % 2 == 0):  # who goes first changes in each pair
            synchronize(device)
            began = time.perf_counter()
            loops[name](pair + 3)
            synchronize(device)
            if pair >= 0:
                times[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = [b / a for a, b in zip(times["ours"], times["torchcfm"], strict=True)]
    return {
        "network": options.network,
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "batch_size": options.batch_size,
        "precision": precision,
        "compile": mode,
        "pairs": options.pairs,
        "threads": options.threads,
        "ms_ours": round(1e3 * medians["ours"], 2),
        "ms_torchcfm": round(1e3 * medians["torchcfm"], 2),
        "ratio_of_medians": round(medians["torchcfm"] / medians["ours"], 4),
        "median_of_ratios": round(statistics.median(ratios), 4),
        "GB_both": gigabytes(device),
        "torch": torch.__version__,
        "machine": machine(device),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=("ours", "torchcfm"), default="ours", help="for both")
    parser.add_argument("--batch-size", type=int, help="(default: 16; in the table 128)")
    parser.add_argument("--base-channels", type=int, help="(default: 32; in the table 128)")
    parser.add_argument("--tiny", action="store_true", help="the tiny network of the tests")
    parser.add_argument("--pairs", type=int, default=30, help="timed pairs (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="(default: cpu; or auto)")
    parser.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        default="auto",
        help="of both loops (default: fp32; in the table what the device computes fast)",
    )
    parser.add_argument(
        "--compile",
        choices=ASKED,
        default="auto",
        help="this course's network; (default: off; in the table, on CUDA, "
        "graphs, default and off)",
    )
    parser.add_argument(
        "--gpu-table", action="store_true", help="a table of ways to compute a step, in place of it"
    )
    parser.add_argument(
        "--warm", type=int, default=10, help="steps before a row is timed (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", type=int, default=40, help="timed steps of a row (default: %(default)s)"
    )
    parser.add_argument("--data", help="folder or archive (default: random pixels; same cost)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON only")
    options = parser.parse_args()
    options.batch_size = options.batch_size or (128 if options.gpu_table else 16)
    options.base_channels = options.base_channels or (128 if options.gpu_table else 32)
    options.device = options.device or ("auto" if options.gpu_table else "cpu")
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    try:
        device = pick_device(options.device)
    except ValueError as error:
        sys.exit(f"error: {error}")
    set_deterministic(options.gpu_table, device)  # before CUDA starts: cuBLAS looks only then
    if options.data:
        found = load_images(options.data)
        images, labels = found.train_images, found.train_labels
    else:
        images = torch.randint(256, (5000, 3, 32, 32), dtype=torch.uint8)
        labels = torch.randint(10, (5000,))
    images, labels = images.to(device), labels.to(device)
    if options.gpu_table:
        table(options, images, labels)
        return
    result = pairs(options, images, labels)
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:18s} {value}")
    print("a ratio above 1 means that this course's loop is the faster one")


if __name__ == "__main__":
    main()
