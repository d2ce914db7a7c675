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
"""

import argparse
import copy
import dataclasses
import json
import platform
import statistics
import sys
import time

import torch
from torch import nn

from utils.cifar10.config import NetworkConfig, TrainConfig
from utils.cifar10.data import load_images
from utils.cifar10.presets import TINY_NETWORK
from utils.cifar10.processes import Processes
from utils.cifar10.train import Run, Trainer

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

    def __init__(self, model: nn.Module, config: TrainConfig, images: torch.Tensor) -> None:
        self.model, self.average, self.config = model, copy.deepcopy(model), config
        self.optimizer = torch.optim.Adam(model.parameters(), lr=config.lr)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min(step, config.warmup) / config.warmup
        )
        self.matcher = ConditionalFlowMatcher(sigma=0.0)
        self.images = images
        self.order = torch.randperm(len(images))
        self.model.train()

    def __call__(self, step: int) -> None:
        size = self.config.batch_size
        first = step * size % (len(self.images) - size + 1)
        self.optimizer.zero_grad()
        x_1 = self.images[self.order[first : first + size]].float() / 127.5 - 1
        mirror = torch.rand(size) < 0.5
        x_1[mirror] = x_1[mirror].flip(-1)
        x_0 = torch.randn_like(x_1)
        t, x_t, u_t = self.matcher.sample_location_and_conditional_flow(x_0, x_1)
        loss = torch.mean((self.model(x_t, t) - u_t) ** 2)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.schedule.step()
        source, target = self.model.state_dict(), self.average.state_dict()
        for name, value in source.items():
            target[name].copy_(target[name] * self.config.ema + value * (1 - self.config.ema))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--network", choices=("ours", "torchcfm"), default="ours", help="for both")
    parser.add_argument("--batch-size", type=int, default=16, help="(default: %(default)s)")
    parser.add_argument("--base-channels", type=int, default=32, help="(default: %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="the tiny network of the tests")
    parser.add_argument("--pairs", type=int, default=30, help="timed pairs (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="(default: %(default)s)")
    parser.add_argument("--data", help="folder or archive (default: random pixels; same cost)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON only")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    if options.data:
        found = load_images(options.data)
        images, labels = found.train_images, found.train_labels
    else:
        images = torch.randint(256, (5000, 3, 32, 32), dtype=torch.uint8)
        labels = torch.randint(10, (5000,))

    base = TINY_NETWORK if options.tiny else NetworkConfig(base_channels=options.base_channels)
    sizes = OurConfig(**dataclasses.asdict(base))
    object.__setattr__(sizes, "network", options.network)
    config = TrainConfig(network=sizes, batch_size=options.batch_size)
    trainer = Trainer(config, Processes("cpu"), Run(out=None, steps=1))
    theirs = TheirLoop(copy.deepcopy(trainer.model), config, images)

    def ours(step: int) -> None:
        trainer.step(step, trainer.batch(step, images, labels))

    times = {"ours": [], "torchcfm": []}
    loops = {"ours": ours, "torchcfm": theirs}
    for pair in range(-3, options.pairs):  # the first ones warm up
        for name in sorted(loops, reverse=pair % 2 == 0):  # who goes first changes in each pair
            began = time.perf_counter()
            loops[name](pair + 3)
            if pair >= 0:
                times[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = [b / a for a, b in zip(times["ours"], times["torchcfm"], strict=True)]
    result = {
        "network": options.network,
        "parameters": sum(p.numel() for p in trainer.model.parameters()),
        "batch_size": options.batch_size,
        "pairs": options.pairs,
        "threads": options.threads,
        "ms_ours": round(1e3 * medians["ours"], 2),
        "ms_torchcfm": round(1e3 * medians["torchcfm"], 2),
        "ratio_of_medians": round(medians["torchcfm"] / medians["ours"], 4),
        "median_of_ratios": round(statistics.median(ratios), 4),
        "torch": torch.__version__,
        "machine": platform.machine(),
    }
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:18s} {value}")
    print("a ratio above 1 means that this course's loop is the faster one")


if __name__ == "__main__":
    main()
