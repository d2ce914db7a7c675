"""The words of the command line."""

import argparse
from pathlib import Path

from utils.cifar10 import commands, compilation
from utils.cifar10.config import CLASSES, PRECISIONS, TIME_SAMPLING, TrainConfig
from utils.cifar10.presets import PRESETS
from utils.cifar10.pretrained import RECORDED
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
  pictures at once, from weights that come with the package:
    python -m utils.cifar10 sample --weights guide --guidance 2
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
        help="weights.safetensors or checkpoint.safetensors of a run, or its folder; or the name "
        f"of a run whose weights come with the package ({', '.join(RECORDED)})",
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


def _add_train(subparsers: argparse._SubParsersAction, formatter: type) -> None:
    parser = subparsers.add_parser(
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
        "single GPU; auto is graphs there, default on several, and nothing on a CPU or where "
        "there is no C compiler",
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
    parser.set_defaults(function=commands.do_train)


def _add_sample(subparsers: argparse._SubParsersAction, formatter: type) -> None:
    parser = subparsers.add_parser(
        "sample", help="draw a grid of images", epilog=EXAMPLES, formatter_class=formatter
    )
    _add_sampling(parser)
    _add_device(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("samples.png"), help="PNG to write (default: %(default)s)"
    )
    parser.add_argument(
        "--guidance",
        type=float,
        default=1.0,
        metavar="W",
        help="weight of classifier-free guidance: 0 ignores the class, 1 is none, more follows "
        "the class more (default: %(default)s)",
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
    parser.set_defaults(function=commands.do_sample)


def _add_evaluate(subparsers: argparse._SubParsersAction, formatter: type) -> None:
    parser = subparsers.add_parser(
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
        "pays for many samples; graphs puts it into CUDA graphs, too (not tried with guidance)",
    )
    parser.add_argument(
        "--guidance",
        default="1",
        metavar="W",
        help="weights of classifier-free guidance, with commas: 0 ignores the class, 1 is none, "
        "more follows the class more (default: %(default)s)",
    )
    parser.add_argument(
        "--samples", type=int, default=10000, help="number of samples (default: %(default)s)"
    )
    parser.add_argument(
        "--steps", default="5,10,20,50", help="step counts, with commas (default: %(default)s)"
    )
    parser.add_argument(
        "--nearest",
        type=int,
        default=200,
        metavar="N",
        help="hold so many samples against all training images: are they copies? "
        "(default: %(default)s; 0 for no)",
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
    parser.set_defaults(function=commands.do_evaluate)


def _add_film(subparsers: argparse._SubParsersAction, formatter: type) -> None:
    parser = subparsers.add_parser(
        "film",
        help="put the grids of a run into one film",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    parser.add_argument(
        "--run", type=Path, required=True, metavar="DIR", help="folder of the run, with its grids"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("film.webp"), help="WebP to write (default: %(default)s)"
    )
    parser.set_defaults(function=commands.do_film)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m utils.cifar10",
        description="Flow matching on CIFAR-10: train, draw samples, measure them.",
        epilog=EXAMPLES,
        formatter_class=formatter,
    )
    subparsers = parser.add_subparsers(required=True, metavar="train|sample|evaluate|film")
    _add_train(subparsers, formatter)
    _add_sample(subparsers, formatter)
    _add_evaluate(subparsers, formatter)
    _add_film(subparsers, formatter)
    return parser
