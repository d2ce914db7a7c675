"""A training step: this course's loops, torchcfm's and flow_matching's, as their examples do it."""

import argparse
import copy
import itertools
from collections.abc import Callable

import torch
from flow_matching.path import CondOTProbPath
from torch import Tensor, nn
from torchcfm.conditional_flow_matching import ConditionalFlowMatcher

from bench.cifar10_vs_torchcfm import TheirLoop, config_for
from bench.turns import OURS, Case
from utils.cifar10.processes import Processes
from utils.cifar10.trainer import Run, Trainer
from utils.losses import flow_matching_loss
from utils.models import MLP
from utils.paths import AffinePath, CondOT
from utils.training import train

Step = Callable[[Tensor], object]


def our_plane(model: nn.Module) -> Step:
    """``utils.training.train``, which also looks whether the loss is finite."""
    path, batch = AffinePath(CondOT()), []
    run = train(model, lambda model, step: flow_matching_loss(model, batch[0], path), 10**9)

    def step(x_1: Tensor) -> object:
        batch[:] = [x_1]
        return next(run)

    return step


def torchcfm_plane(model: nn.Module) -> Step:
    """The loop of torchcfm's examples in the plane."""
    matcher = ConditionalFlowMatcher(sigma=0.0)
    optimizer = torch.optim.Adam(model.parameters())

    def step(x_1: Tensor) -> object:
        optimizer.zero_grad()
        x_0 = torch.randn_like(x_1)
        t, x_t, u_t = matcher.sample_location_and_conditional_flow(x_0, x_1)
        loss = torch.mean((model(x_t, t) - u_t) ** 2)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def flow_matching_plane(model: nn.Module) -> Step:
    """The loop of flow_matching's examples in the plane."""
    path, optimizer = CondOTProbPath(), torch.optim.Adam(model.parameters())

    def step(x_1: Tensor) -> object:
        optimizer.zero_grad()
        x_0 = torch.randn_like(x_1)
        t = torch.rand(len(x_1), device=x_1.device)
        sample = path.sample(t=t, x_0=x_0, x_1=x_1)
        loss = torch.pow(model(sample.x_t, sample.t) - sample.dx_t, 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def plane(batch: int, device: str = "cpu", dim: int = 2) -> Case:
    """A step of the small network for points."""
    model = MLP(dim=dim).to(device)
    makers = {
        OURS: our_plane,
        "torchcfm": torchcfm_plane,
        "flow_matching": flow_matching_plane,
    }
    ways = {name: make(copy.deepcopy(model)) for name, make in makers.items()}
    draw = lambda: (torch.randn(batch, dim, device=device),)  # noqa: E731
    return Case("train_plane", {"batch": batch, "device": device}, ways, draw, device=device)


class MetaLoop(TheirLoop):
    """A step as in flow_matching's image example: AdamW, no clipping, average in a Python loop."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.path = CondOTProbPath()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=self.config.lr)

    def __call__(self, step: int) -> None:
        self.optimizer.zero_grad()
        x_1 = self.batch(step)
        t = torch.rand(len(x_1), device=x_1.device)
        sample = self.path.sample(t=t, x_0=torch.randn_like(x_1), x_1=x_1)
        loss = torch.pow(self.model(sample.x_t, sample.t) - sample.dx_t, 2).mean()
        loss.item()  # its example stops on a loss that is not finite
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.sub_((1 - self.config.ema) * (slow - fast))


def images(device: str = "cpu") -> Case:
    """A step of the UNet on images: the loop that trains on CIFAR-10, in full precision."""
    tiny = device == "cpu"
    sizes = argparse.Namespace(tiny=tiny, base_channels=64, batch_size=16 if tiny else 128)
    processes = Processes(device)
    pixels = torch.randint(256, (512, 3, 32, 32), dtype=torch.uint8, device=device)
    labels = torch.randint(10, (512,), device=device)
    run = Run(out=None, steps=1, compile="off")
    trainer = Trainer(config_for(sizes, "ours", "fp32"), processes, run)
    torchcfm, meta = (
        loop(copy.deepcopy(trainer.model), trainer.config, pixels) for loop in (TheirLoop, MetaLoop)
    )
    ways = {
        OURS: lambda step: trainer.step(step, trainer.batch(step, pixels, labels)),
        "torchcfm": torchcfm,
        "flow_matching": meta,
    }
    count, what = itertools.count(), {"batch": sizes.batch_size, "device": device}
    return Case("train_unet", what, ways, lambda: (next(count),), device=device)


def cases(quick: bool = False) -> list[Case]:
    """The plane and images, on the CPU and on a card if there is one."""
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    return [make(device) for device in devices for make in (lambda d: plane(256, d), images)]
