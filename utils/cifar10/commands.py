"""What the commands do once their words are understood; each returns its exit status."""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import torch
from torch import nn

from utils.atomic import write_atomically
from utils.cifar10 import compilation, determinism
from utils.cifar10.checkpoint import load_network, read
from utils.cifar10.classifier import cached_classifier
from utils.cifar10.config import TrainConfig
from utils.cifar10.data import load_images
from utils.cifar10.draw import draw, parse_class, save_grid
from utils.cifar10.evaluate import evaluate
from utils.cifar10.film import film
from utils.cifar10.precision import auto_precision
from utils.cifar10.presets import PRESETS
from utils.cifar10.pretrained import RECORDED, recorded_file
from utils.cifar10.processes import Processes, number_of_processes, pick_device
from utils.cifar10.train import CHECKPOINT, WEIGHTS, Run, train


def _precision(name: str, device: torch.device, checkpoint: Path | None = None) -> str:
    if name != "auto":
        return name
    if checkpoint is not None and checkpoint.exists():
        about, _ = read(checkpoint)
        if about["kind"] == "run":  # else it is refused, with the reason, when it is loaded
            return about["config"]["precision"]
    return auto_precision(device)


def _config(options: argparse.Namespace, device: torch.device) -> TrainConfig:
    preset = PRESETS[options.preset].config

    def given(names: Sequence[str]) -> dict[str, object]:
        return {
            name: getattr(options, name) for name in names if getattr(options, name) is not None
        }

    changes = given(("base_channels", "dropout"))
    if options.preset == "guide" and "dropout" in changes:
        raise ValueError("dropout is no part of the guide's network: leave --dropout away")
    network = dataclasses.replace(preset.network, **changes)
    names = [f.name for f in dataclasses.fields(preset) if f.name not in ("network", "precision")]
    precision = _precision(options.precision, device, options.out / CHECKPOINT)
    return dataclasses.replace(preset, network=network, precision=precision, **given(names))


def _layout(options: argparse.Namespace, precision: str) -> torch.memory_format:
    asked = options.channels_last
    last = precision != "fp32" if asked is None else asked
    return torch.channels_last if last else torch.contiguous_format


def _usable(mode: str, asked: str, device: torch.device, speaks: bool = True) -> str:
    """``mode``, or ``"off"`` if nothing can be compiled here and nobody asked for it by name."""
    wrong = None if mode == "off" else compilation.why_not(device)
    if wrong is None:
        return mode
    if asked != "auto":
        raise ValueError(wrong)
    if speaks:
        print(f"{wrong}, which spares you this line; going on without it, slower", flush=True)
    return "off"


def do_train(options: argparse.Namespace) -> int:
    """Train, or continue training."""
    defaults = PRESETS[options.preset].pace
    pace = {
        name: default if getattr(options, name) is None else getattr(options, name)
        for name, default in {"sample_early": 1, **defaults}.items()
    }
    # Checked before anything slow: the images, the network, the other processes.
    device = pick_device(options.device)
    config = _config(options, device)
    run = Run(
        out=options.out,
        compile=compilation.choose_mode(options.compile, device, number_of_processes()),
        channels_last=_layout(options, config.precision) == torch.channels_last,
        progress=options.progress,
        **pace,
    )
    determinism.set_deterministic(options.deterministic, device)
    processes = Processes(options.device)
    try:
        mode = _usable(run.compile, options.compile, processes.device, processes.is_main)
        run = dataclasses.replace(run, compile=mode)
        with processes.main_first():
            images = load_images(options.data, options.cache, options.sha256, options.per_class)
        stopped = train(config, images, run, processes)
        processes.wait()
    finally:
        processes.close()
    return 128 + stopped if stopped else 0  # as a shell reports a signal: not all steps are done


def _own_file(weights: str) -> Path | None:
    """The file that is meant; ``None`` for a run of the package. A run's folder: its weights."""
    path = Path(weights)
    if (path / WEIGHTS).is_file():
        return path / WEIGHTS
    return None if weights in RECORDED and not path.is_file() else path


def _network(weights: str, own: Path | None) -> tuple[nn.Module, dict]:
    if own is not None:
        return load_network(own)
    with resources.as_file(recorded_file(weights, WEIGHTS)) as path:
        return load_network(path)


def do_sample(options: argparse.Namespace) -> int:
    """Draw a grid of images."""
    device = pick_device(options.device)
    classes = torch.tensor([parse_class(name) for name in options.classes.split(",")])
    if options.rows < 1:
        raise ValueError(f"rows must be at least 1, got {options.rows}")
    own = _own_file(options.weights)
    model, _ = _network(options.weights, own)
    precision = _precision(options.precision, device)
    parts = draw(
        model.to(device, memory_format=_layout(options, precision)),
        classes.repeat(options.rows),
        options.steps,
        options.method,
        options.guidance,
        options.seed,
        precision,
        options.batch_size,
    )
    save_grid(options.out, torch.cat(list(parts)), len(classes))
    source = own or f"the package's run {options.weights}"
    print(
        f"{options.out}: {options.rows} rows, {options.steps} steps of {options.method}, "
        f"from {source}"
    )
    return 0


def _numbers(name: str, text: str, kind: type, words: str) -> list:
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"{name} must be {words} with commas between, got {text!r}") from error


def do_evaluate(options: argparse.Namespace) -> int:
    """Measure the distance of samples to the test images."""
    device = pick_device(options.device)
    step_counts = _numbers("steps", options.steps, int, "whole numbers")
    weights = _numbers("guidance", options.guidance, float, "numbers")
    if options.nearest < 0:
        raise ValueError(f"nearest must be at least 0, got {options.nearest}")
    precision = _precision(options.precision, device)
    own = _own_file(options.weights)
    model, about = _network(options.weights, own)
    model = model.to(device, memory_format=_layout(options, precision))
    # Guidance asks the network twice in each step, and in CUDA graphs the second answer lies where
    # the first one was: nobody gets that unasked.
    asked = options.compile
    mode = compilation.choose_mode(
        "on" if asked == "auto" and device.type == "cuda" else asked, device
    )
    model = compilation.compiled(model, _usable(mode, options.compile, device))
    images = load_images(options.data, options.cache, options.sha256, options.per_class)
    classifier, accuracy = cached_classifier(
        images, options.cache, options.classifier_epochs, options.classifier_width, device
    )
    print(f"classifier: {accuracy:.2%} of {len(images.test_labels)} test images", flush=True)
    found = evaluate(
        model,
        classifier,
        images,
        options.samples,
        step_counts,
        options.method,
        weights,
        options.seed,
        precision,
        options.batch_size,
        options.nearest,
    )
    print("Fréchet distance to the test images, in the classifier's features (not FID):")
    print(f"{found['baseline_samples']:7d} training images  {found['baseline']:9.4f}  (baseline)")
    for row in found["rows"]:
        print(
            f"{found['samples']:7d} samples, w = {row['guidance']:g}, {row['steps']:3d} steps "
            f"{row['distance']:9.4f}  {row['agreement']:.1%} in the class asked for"
        )
    for ruler in ("pixels", "features") if "nearest" in found else ():
        made, real = (found["nearest"][ruler][who] for who in ("generated", "test"))
        print(
            f"nearest training image in {ruler}: median {made['median']:.2f}, smallest "
            f"{made['smallest']:.2f} (of test images {real['median']:.2f}, {real['smallest']:.2f})"
        )
    result = {
        "weights": str(options.weights),
        "trained_steps": about["step"],
        "data": images.key,
        "classifier_accuracy": accuracy,
        "method": options.method,
        "seed": options.seed,
        **found,
    }
    out = options.out or (own.parent if own else Path()) / "evaluation.json"
    write_atomically(out, (json.dumps(result, indent=2) + "\n").encode())
    print(f"{out} written")
    return 0


def do_film(options: argparse.Namespace) -> int:
    """Put the grids of a run into one film."""
    frames = film(options.run, options.out)
    print(f"{options.out}: {frames} grids of {options.run}")
    return 0
