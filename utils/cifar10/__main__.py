"""The command line: ``python -m utils.cifar10 train|sample|evaluate``."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from utils.atomic import write_atomically
from utils.cifar10 import compilation, determinism
from utils.cifar10.checkpoint import load_network, read
from utils.cifar10.classifier import cached_classifier
from utils.cifar10.config import CLASSES, PRECISIONS, TIME_SAMPLING, TrainConfig
from utils.cifar10.data import load_images
from utils.cifar10.draw import draw, parse_class, save_grid
from utils.cifar10.evaluate import evaluate
from utils.cifar10.precision import auto_precision
from utils.cifar10.presets import PRESETS
from utils.cifar10.processes import Processes, number_of_processes, pick_device
from utils.cifar10.train import CHECKPOINT, Run, train
from utils.console import print_anything
from utils.samplers import ODE_STEPS

EXAMPLES = """examples:
  the network of chapter 7, on a GPU or a CPU (torchvision fetches the images):
    python -m utils.cifar10 train --preset guide --out runs/guide
  a large network on one GPU:
    python -m utils.cifar10 train --out runs/cifar10
  on eight GPUs of one machine, which share a batch of 1024:
    torchrun --nproc-per-node 8 -m utils.cifar10 train --out runs/cifar10-8gpu --batch-size 1024
  on two machines with eight GPUs each, the same line on both:
    torchrun --nnodes 2 --nproc-per-node 8 --rdzv-backend c10d --rdzv-endpoint HOST:29500 \\
      -m utils.cifar10 train --out runs/cifar10-16gpu --batch-size 1024
  a minute on a CPU, with images from an archive:
    python -m utils.cifar10 train --tiny --data cifar10.tar.xz --per-class 20 --out runs/tiny
  what came out:
    python -m utils.cifar10 sample --weights runs/cifar10/weights.safetensors --classes cat,ship
    python -m utils.cifar10 evaluate --weights runs/cifar10/weights.safetensors

The same command continues a run that was stopped or killed. Ctrl-C and SIGTERM save first.
"""


def _add_data(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("images")
    group.add_argument(
        "--data",
        metavar="PATH",
        help="folder or tar archive of CIFAR-10: the official batches, or train/<class>/*.jpg and "
        "test/<class>/*.jpg (default: torchvision fetches it)",
    )
    group.add_argument(
        "--sha256", metavar="HEX", help="allow an archive with this SHA-256, besides the known ones"
    )
    group.add_argument(
        "--per-class",
        type=int,
        metavar="N",
        help="take only the first N images of each class, to try things out (default: all)",
    )
    group.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="folder for decoded images and the classifier (default: flow-matching-course in the "
        "user's cache folder)",
    )


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where to compute; auto takes CUDA where there is any (default: %(default)s)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        default="auto",
        help="bf16 and fp16 compute convolutions and products in 16 bits; auto takes what this "
        "machine computes fast: bf16 on a GPU from compute capability 8.0 and on a CPU with AMX or "
        "AVX512-BF16, fp16 with a scaled loss on older GPUs, else fp32; a run that goes on keeps "
        "its own (default: %(default)s)",
    )


def _add_compile(parser: argparse._ActionsContainer, default: str, text: str) -> None:
    parser.add_argument(
        "--compile",
        nargs="?",
        choices=compilation.ASKED,
        const="on",
        default=default,
        help=f"torch.compile the network: {text} (--compile alone is on; default: {default})",
    )
    parser.add_argument(
        "--no-compile", dest="compile", action="store_const", const="off", help="--compile off"
    )


def _add_channels_last(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--channels-last",
        action=argparse.BooleanOptionalAction,
        help="keep the channels of images innermost (default: where 16 bits are computed)",
    )


def _add_sampling(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        required=True,
        metavar="FILE",
        help="weights.safetensors or checkpoint.safetensors of a run",
    )
    parser.add_argument(
        "--guidance",
        type=float,
        default=1.0,
        metavar="W",
        help="weight of classifier-free guidance: 0 ignores the class, 1 is none, more follows the "
        "class more (default: %(default)s)",
    )
    parser.add_argument(
        "--method",
        choices=tuple(ODE_STEPS),
        default="euler",
        help="solver; midpoint and heun evaluate twice in a step (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the noise (default: %(default)s)"
    )
    parser.add_argument(
        "--batch-size", type=int, default=500, help="images at a time (default: %(default)s)"
    )
    _add_channels_last(parser)


def _add_train(commands: argparse._SubParsersAction, formatter: type) -> None:
    parser = commands.add_parser(
        "train", help="train, or continue training", epilog=EXAMPLES, formatter_class=formatter
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for checkpoint, weights, log and sample grids; continues what it holds",
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument(
        "--preset",
        choices=tuple(PRESETS),
        default="full",
        help="; ".join(f"{name}: {preset.about}" for name, preset in PRESETS.items())
        + " (default: %(default)s)",
    )
    sizes.add_argument(
        "--tiny", dest="preset", action="store_const", const="tiny", help="short for --preset tiny"
    )
    _add_device(parser)
    _add_data(parser)

    def add(group: argparse._ArgumentGroup, name: str, of: str, kind: type, text: str) -> None:
        # No default here: which one holds depends on the preset.
        values = {
            preset: (found.pace if of == "pace" else vars(getattr(found, of))).get(name)
            for preset, found in PRESETS.items()
        }
        values = {preset: value for preset, value in values.items() if value is not None}
        same = len(values) == len(PRESETS) and len(set(values.values())) == 1
        default = (
            next(iter(values.values()))
            if same
            else ", ".join(f"{preset} {value}" for preset, value in values.items())
        )
        option = "--" + name.replace("_", "-")
        group.add_argument(option, type=kind, metavar="N", help=f"{text} (default: {default})")

    numbers = parser.add_argument_group("what the weights depend on")
    helps = {
        "batch_size": "images in a step, over all processes together: with eight of them, 128 "
        "leaves 16 for each",
        "lr": "learning rate after the warm-up",
        "warmup": "steps over which the learning rate rises",
        "clip": "largest norm of the gradient",
        "ema": "decay of the averaged weights",
        "label_drop": "share of labels replaced by 'no class'",
        "logit_mean": "mean of the logit of t for logit-normal times; below 0 means more noise",
        "logit_std": "its standard deviation",
        "seed": "seed of everything random",
    }
    for name, text in helps.items():
        add(numbers, name, "config", type(getattr(TrainConfig(), name)), text)
    numbers.add_argument(
        "--time-sampling",
        choices=TIME_SAMPLING,
        help="how training times are drawn (default: uniform)",
    )
    network = parser.add_argument_group("the network")
    network.add_argument(
        "--base-channels",
        type=int,
        metavar="N",
        help="channels at 32x32 (default: tiny 8, guide 64, full 128)",
    )
    network.add_argument(
        "--dropout",
        type=float,
        metavar="P",
        help="share of values dropped; with 0 the weights do not depend on the number of processes "
        "(default: full 0.1; tiny 0; guide has none)",
    )

    pace = parser.add_argument_group("pace")
    helps = {
        "steps": "steps in all",
        "save_every": "steps between checkpoints",
        "sample_every": "steps between sample grids, 0 for none",
        "sample_early": "grids before the first of these, at equal distances",
        "sample_steps": "steps of the solver for a sample grid",
        "log_every": "steps between lines of log.jsonl",
    }
    for name, text in helps.items():
        add(pace, name, "pace", int, text)
    _add_compile(
        pace,
        "auto",
        "default (or on) is torch.compile's own mode; graphs puts it into CUDA graphs, too, on a "
        "single GPU (has not run on one yet); auto is default on CUDA, and nothing on a CPU or "
        "where there is no C compiler",
    )
    _add_channels_last(pace)
    pace.add_argument(
        "--deterministic",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="only kernels whose result does not depend on chance, so that a run on CUDA resumes "
        "bit for bit; an operation that has none is an error (default: on)",
    )
    pace.add_argument(
        "--progress", action=argparse.BooleanOptionalAction, default=True, help="show a bar"
    )
    parser.set_defaults(function=_train)


def _add_sample(commands: argparse._SubParsersAction, formatter: type) -> None:
    parser = commands.add_parser(
        "sample", help="draw a grid of images", epilog=EXAMPLES, formatter_class=formatter
    )
    _add_sampling(parser)
    _add_device(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("samples.png"), help="PNG to write (default: %(default)s)"
    )
    parser.add_argument(
        "--classes",
        default=",".join(CLASSES),
        help="numbers or names, with commas; one column for each (default: all ten)",
    )
    parser.add_argument(
        "--rows", type=int, default=8, help="images of each class (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", type=int, default=50, help="steps of the solver (default: %(default)s)"
    )
    parser.set_defaults(function=_sample)


def _add_evaluate(commands: argparse._SubParsersAction, formatter: type) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure the distance of samples to the test images",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    _add_sampling(parser)
    _add_device(parser)
    _add_data(parser)
    _add_compile(
        parser,
        "off",
        "pays for many samples; graphs puts it into CUDA graphs, too (not yet timed on a GPU)",
    )
    parser.add_argument(
        "--samples", type=int, default=10000, help="number of samples (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", default="5,10,20,50", help="step counts, with commas (default: %(default)s)"
    )
    parser.add_argument(
        "--classifier-epochs",
        type=int,
        default=15,
        help="passes of the classifier over the training images (default: %(default)s)",
    )
    parser.add_argument(
        "--classifier-width",
        type=int,
        default=64,
        help="channels of its first layers; four times as many features (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="JSON to write (default: evaluation.json beside the weights)",
    )
    parser.set_defaults(function=_evaluate)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all three commands."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m utils.cifar10",
        description="Flow matching on CIFAR-10: train, draw samples, measure them.",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    commands = parser.add_subparsers(required=True, metavar="train|sample|evaluate")
    _add_train(commands, formatter)
    _add_sample(commands, formatter)
    _add_evaluate(commands, formatter)
    return parser


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


def _train(options: argparse.Namespace) -> int:
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


def _sample(options: argparse.Namespace) -> int:
    device = pick_device(options.device)
    classes = torch.tensor([parse_class(name) for name in options.classes.split(",")])
    if options.rows < 1:
        raise ValueError(f"rows must be at least 1, got {options.rows}")
    model, _ = load_network(options.weights)
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
    print(f"{options.out}: {options.rows} rows, {options.steps} steps of {options.method}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    device = pick_device(options.device)
    try:
        step_counts = [int(text) for text in options.steps.split(",")]
    except ValueError as error:
        raise ValueError(f"steps must be whole numbers, got {options.steps!r}") from error
    precision = _precision(options.precision, device)
    model, about = load_network(options.weights)
    model = model.to(device, memory_format=_layout(options, precision))
    mode = compilation.choose_mode(options.compile, device)
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
        options.guidance,
        options.seed,
        precision,
        options.batch_size,
    )
    print("Fréchet distance to the test images, in the classifier's features (not FID):")
    print(f"{found['baseline_samples']:7d} training images  {found['baseline']:9.4f}  (baseline)")
    for row in found["rows"]:
        print(
            f"{found['samples']:7d} samples, {row['steps']:3d} steps {row['distance']:9.4f}  "
            f"{row['agreement']:.1%} in the class asked for"
        )
    result = {
        "weights": str(options.weights),
        "trained_steps": about["step"],
        "data": images.key,
        "classifier_accuracy": accuracy,
        "method": options.method,
        "guidance": options.guidance,
        "seed": options.seed,
        **found,
    }
    out = options.out or Path(options.weights).parent / "evaluation.json"
    write_atomically(out, (json.dumps(result, indent=2) + "\n").encode())
    print(f"{out} written")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a mistake of the user gives one line, not a traceback.

    Args:
        arguments: words of the command line; ``None`` takes those of this process.

    Returns:
        Exit status: 0, 2 for an error, 130 or 143 if Ctrl-C or SIGTERM stopped the training.
    """
    print_anything()
    options = build_parser().parse_args(arguments)
    try:
        return options.function(options)
    except torch.cuda.OutOfMemoryError as error:
        message = f"the GPU's memory is too small: take a smaller --batch-size ({error})"
    except OSError as error:
        message = error.strerror or str(error)
        if error.filename is not None:
            message = f"{error.filename}: {message}"
    except (ValueError, TypeError, ImportError, FloatingPointError) as error:
        message = str(error)
    except RuntimeError as error:
        if compilation.is_compile_error(error):
            message = compilation.compile_error(error)
        elif determinism.is_determinism_error(error):
            message = f"{error}: {determinism.ADVICE}"
        else:
            raise
    # In one line, also where a library's own words have several.
    print("error:", " ".join(message.split()), file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
