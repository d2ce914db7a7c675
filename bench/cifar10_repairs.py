"""What each repair of the guide's image example buys: one change at a time, three seeds.

The network is ``SimpleUNet`` throughout. "guide" has the guide's time embedding (sinusoids made for
positions up to 10,000, fed with t in [0, 1]), no class, its learning rate of 1e-4 and the weights
as they are after the last step. Every other row changes one thing, the last one all of them:

* time scale: the embedding of this course, which moves over [0, 1];
* class: the label, or "no class" one time in ten;
* learning rate: 2e-3 after a warm-up, gradient clipped, as in the preset;
* average: the averaged weights of the guide's own run (no further training).

Rows are judged on held-out images: the flow matching loss on 2,000 of them with fixed noise and
evenly spread times. With ``--samples`` they are judged on pictures, too: Fréchet distance to the
test images in the features of a classifier, 30 Euler steps, no guidance. Each run is appended to
``--out`` when it is done, and what is there is not run again: stop it and go on as you like.

    python -m bench.cifar10_repairs --data cifar10.tar.xz --out repairs.jsonl
"""

import argparse
import copy
import json
import math
import statistics
import time
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.cifar10.batches import make_batch, to_float
from utils.cifar10.classifier import Classifier, cached_classifier
from utils.cifar10.config import TrainConfig
from utils.cifar10.data import Images, load_images
from utils.cifar10.evaluate import evaluate
from utils.cifar10.precision import auto_precision, autocast
from utils.cifar10.processes import pick_device
from utils.simple_unet import SimpleUNet
from utils.training import move_average

CHANGES = {
    "guide": set(),
    "time scale": {"time"},
    "class": {"class"},
    "learning rate": {"lr"},
    "all": {"time", "class", "lr"},
}
EMA = 0.995  # a short run: an average over its last 200 steps


class Sinusoids(nn.Module):
    """A Transformer's embedding of positions, as the guide feeds it: with t itself."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        half = dim // 2
        self.register_buffer("rate", torch.exp(-math.log(1e4) * torch.arange(half) / (half - 1)))

    def forward(self, t: Tensor) -> Tensor:
        angle = t[:, None] * self.rate
        return torch.cat([angle.sin(), angle.cos()], dim=1)


def build(changes: set[str], channels: int, seed: int) -> SimpleUNet:
    torch.manual_seed(seed)
    model = SimpleUNet(base_channels=channels)
    if "time" not in changes:
        model.time[0] = Sinusoids(2 * channels)
    return model.to(memory_format=torch.channels_last)


def held_out_loss(model: nn.Module, images: Images, with_class: bool, precision: str) -> float:
    """Flow matching loss on test images: the same images, noise and times for every network."""
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(1)
    x_1, labels = to_float(images.test_images[::5]), images.test_labels[::5]
    x_0 = torch.randn(x_1.shape, generator=generator)
    t = (torch.arange(len(x_1)) + 0.5) / len(x_1)
    t = t[torch.randperm(len(x_1), generator=generator)]
    total = 0.0
    with torch.no_grad(), autocast(device, precision):
        for part in torch.arange(len(x_1)).split(250):
            x_t = torch.lerp(x_0[part], x_1[part], t[part, None, None, None]).to(device)
            x_t = x_t.contiguous(memory_format=torch.channels_last)
            label = labels[part].to(device) if with_class else None
            predicted = model(x_t, t[part].to(device), label)
            target = (x_1[part] - x_0[part]).to(device)
            total += (predicted.float() - target).square().mean(dim=(1, 2, 3)).sum().item()
    return total / len(x_1)


class _NoClass(nn.Module):
    """A network that was never told a class: it is asked for none."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.null_label = network, network.null_label

    def forward(self, x: Tensor, t: Tensor, labels: Tensor) -> Tensor:
        return self.network(x, t, None)


def picture_distance(
    model: nn.Module,
    judge: Classifier,
    images: Images,
    with_class: bool,
    options: argparse.Namespace,
) -> float:
    """Fréchet distance of ``--samples`` pictures to the test images."""
    field = model if with_class else _NoClass(model)
    precision = auto_precision(options.device)
    found = evaluate(field, judge, images, options.samples, [30], precision=precision)
    return found["rows"][0]["distance"]


def run(
    name: str, seed: int, images: Images, judge: Classifier | None, options: argparse.Namespace
) -> dict:
    device, changes = options.device, CHANGES[name]
    precision = auto_precision(device)
    with_class, fast = "class" in changes, "lr" in changes
    model = build(changes, options.channels, seed).to(device).train()
    average, parameters = copy.deepcopy(model), list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-4, fused=True)
    config = TrainConfig(batch_size=options.batch_size, seed=seed, precision=precision)
    pixels, labels = images.train_images.to(device), images.train_labels.to(device)
    began = time.process_time()
    for step in range(options.steps):
        batch = make_batch(config, step, pixels, labels)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100) if fast else 1e-4
        x_t = batch.x_t.contiguous(memory_format=torch.channels_last)
        with autocast(device, precision):
            predicted = model(x_t, batch.t, batch.labels if with_class else None)
        loss = (predicted.float() - batch.target).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if fast:
            nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        move_average(list(average.parameters()), parameters, EMA, step)
    judged = (model.eval(), average.eval())
    plain, averaged = (held_out_loss(each, images, with_class, precision) for each in judged)
    pictures = {}
    if judge is not None:
        distances = [picture_distance(each, judge, images, with_class, options) for each in judged]
        pictures = dict(zip(("distance", "distance_average"), distances, strict=True))
    return {
        "run": name,
        "seed": seed,
        "steps": options.steps,
        "batch_size": options.batch_size,
        "channels": options.channels,
        "held_out": plain,
        "held_out_average": averaged,
        **pictures,
        "samples": options.samples,
        "precision": precision,
        "cpu_seconds": round(time.process_time() - began),
    }


def table(rows: list[dict]) -> str:
    """Mean and standard deviation over the seeds, "guide" first and "all" with its average last."""

    def number(found: list[dict], key: str) -> str:
        values = [row[key] for row in found if key in row]
        if not values:
            return ""
        spread = statistics.stdev(values) if len(values) > 1 else math.nan
        return f"{statistics.mean(values):9.4f} +- {spread:.4f}"

    lines = [f"{'':22s} {'held-out loss':>19s} {'distance':>19s}"]
    by_run = {name: [row for row in rows if row["run"] == name] for name in CHANGES}
    ends = [(name, "") for name in CHANGES] + [("guide", "_average"), ("all", "_average")]
    for name, end in ends:
        found = by_run[name]
        if found:
            label = name + (" + average" if end else "")
            loss, distance = (number(found, key + end) for key in ("held_out", "distance"))
            lines.append(f"{label:22s} {loss:>19s} {distance:>19s}  ({len(found)} seeds)")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder or archive of CIFAR-10 (default: torchvision)")
    parser.add_argument("--out", type=Path, default=Path("repairs.jsonl"), help="what is appended")
    parser.add_argument("--steps", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--batch-size", type=int, default=64, help="(default: %(default)s)")
    parser.add_argument("--channels", type=int, default=32, help="(default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    parser.add_argument("--first-seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--samples", type=int, default=0, help="pictures to judge (default: none)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    parser.add_argument("--cache", type=Path, help="folder (default: the user's)")
    options = parser.parse_args()
    options.device = pick_device(options.device)
    rows = []
    if options.out.exists():
        rows = [json.loads(line) for line in options.out.read_text("utf-8").splitlines()]
    sizes = {
        name: getattr(options, name) for name in ("steps", "batch_size", "channels", "samples")
    }
    if any(row.get(name, 0) != value for row in rows for name, value in sizes.items()):
        parser.error(f"{options.out} holds runs of other sizes: choose another --out")
    done = {(row["run"], row["seed"]) for row in rows}
    images = load_images(options.data, options.cache)
    judge = None
    if options.samples:
        judge, accuracy = cached_classifier(images, options.cache, 15, device=options.device)
        print(f"classifier: {accuracy:.2%} of the test images")
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name in CHANGES:
            if (name, seed) not in done:
                rows.append(run(name, seed, images, judge, options))
                with open(options.out, "a", encoding="utf-8") as file:
                    file.write(json.dumps(rows[-1]) + "\n")
                print(json.dumps(rows[-1]), flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
