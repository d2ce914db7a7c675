"""The command line: ``python -m utils.pusht train|evaluate|compare``."""

import argparse
import io
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import torch

from utils.atomic import write_atomically
from utils.console import print_anything
from utils.pusht.data import Demonstrations, load_demonstrations
from utils.pusht.evaluate import MAX_STEPS, SEEDS, Planner, plan_latency, run_episodes, summary
from utils.pusht.recorded import Episode
from utils.pusht.train import CHECKPOINT, POLICIES, WEIGHTS, Config, load_policy, train_policy
from utils.robots.control import Rollout
from utils.robots.policies import Policy

STEPS = (1, 2, 4, 8, 16, 32, 100)
# The samplers that the comparison sweeps: name, policy, options.
SAMPLERS = {
    "flow, Euler": ("flow", {}),
    "diffusion, DDIM": ("diffusion", {"eta": 0.0}),
    "diffusion, DDPM": ("diffusion", {"eta": 1.0}),
}
# Episodes that the pictures show: label, and the run it comes from.
SHOWN = {
    "flow, 8": ("flow, Euler", 8),
    "DDPM, 100": ("diffusion, DDPM", 100),
    "two-step, 2": ("two-step", 2),
    "regression, 1": ("regression", 1),
}
EXAMPLES = """examples:
  train the flow policy and evaluate it over 50 episodes; --policy diffusion for its twin:
    python -m utils.pusht train --policy flow --out runs/pusht/flow
  what the weights do with other numbers of evaluations:
    python -m utils.pusht evaluate --weights runs/pusht/flow/weights.safetensors --steps 1,4,16
  everything the chapter shows, on two processes:
    python -m utils.pusht compare --out runs/pusht --jobs 2

The same command continues a run that was stopped or killed. The demonstrations come from LeRobot's
data set lerobot/pusht_keypoints, or from a file named with --data.
"""


def _demonstrations(options: argparse.Namespace) -> Demonstrations:
    if options.data is None:
        from utils.pusht.lerobot import fetch

        return load_demonstrations(fetch())
    return load_demonstrations(options.data)


def _describe(found: dict) -> str:
    return (
        f"score {found['score']:.3f} ± {found['score_se']:.3f}, "
        f"success {found['success']:.0%} ± {found['success_se']:.0%}, "
        f"{found['latency_ms']:.1f} ms per plan (99th percentile {found['latency_p99_ms']:.1f} ms)"
    )


def _measure(policy: Policy, steps: int, seed: int, **options: float) -> tuple[dict, Rollout]:
    run = run_episodes(Planner(policy, steps, seed=seed, **options), SEEDS)
    eta = options.get("eta", 0.0)
    return {"steps": steps, **options, **summary(run), **plan_latency(policy, steps, eta)}, run


def _write(path: Path, result: dict) -> None:
    write_atomically(path, (json.dumps(result, indent=1) + "\n").encode())
    print(f"{path} written", flush=True)


def _commit() -> str:
    folder = Path(__file__).resolve().parents[2]
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=7"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def hardware() -> str:
    """What this runs on, in words."""
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{os.cpu_count()} {platform.machine()} cores{gpu}, torch {torch.__version__}"


def _config(options: argparse.Namespace, policy: str) -> Config:
    given = {f.name: getattr(options, f.name) for f in fields(Config) if f.name != "policy"}
    return Config(policy=policy, **given)


def _steps(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise ValueError(f"steps must be whole numbers, got {text!r}") from error


def _train(options: argparse.Namespace) -> int:
    torch.set_num_threads(options.threads)
    began, config = time.perf_counter(), _config(options, options.policy)
    fresh = not any((options.out / name).exists() for name in (WEIGHTS, CHECKPOINT))
    policy = train_policy(
        config, _demonstrations(options), options.out, options.device, progress=options.progress
    )
    about = options.out / "training.json"
    if fresh:  # a run in several parts has no wall time of its own
        seconds = time.perf_counter() - began
        _write(about, {"seconds": seconds, "threads": options.threads, "hardware": hardware()})
    if not options.evaluate:
        return 0
    steps = [8] if options.policy != "diffusion" else [8, 100]
    rows = []
    for n in steps:
        rows.append(_measure(policy, n, options.seed)[0])
        print(f"{options.policy}, {n} evaluations: {_describe(rows[-1])}", flush=True)
    _write(options.out / "evaluation.json", {"policy": options.policy, "rows": rows})
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    policy, about = load_policy(options.weights)
    extra = {k: v for k, v in (("eta", options.eta), ("warm", options.warm)) if v is not None}
    rows = []
    for steps in _steps(options.steps):
        rows.append(_measure(policy, steps, options.seed, **extra)[0])
        print(f"{steps:3d} evaluations: {_describe(rows[-1])}", flush=True)
    out = options.out or Path(options.weights).parent / "evaluation.json"
    _write(out, {"weights": str(options.weights), **about, "rows": rows})
    return 0


def _compare(options: argparse.Namespace) -> int:
    """Train all policies as processes of their own, then sweep the samplers."""
    waiting = [name for name in POLICIES if not (options.out / name / WEIGHTS).exists()]
    running: list[subprocess.Popen] = []
    shared = ["--no-evaluate", "--threads", str(options.threads), "--device", options.device]
    shared += [
        f"--{f.name.replace('_', '-')}={getattr(options, f.name)}"
        for f in fields(Config)
        if f.name not in ("policy", "mirror")
    ]
    shared += [] if options.mirror else ["--no-mirror"]
    shared += ["--data", str(options.data)] if options.data else []
    shared += [] if options.progress else ["--no-progress"]
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name = waiting.pop(0)
            command = [sys.executable, "-m", "utils.pusht", "train", "--policy", name]
            running.append(subprocess.Popen([*command, "--out", str(options.out / name), *shared]))
        done = running.pop(0)
        if done.wait():
            raise ValueError(f"training failed: {' '.join(done.args[2:])}")
    return _sweep(options)


def _sweep(options: argparse.Namespace) -> int:
    from utils.pusht.film import episode_strip, save_film

    policies, training = {}, {}
    for name in POLICIES:
        policies[name], about = load_policy(options.out / name / WEIGHTS)
        file = options.out / name / "training.json"
        training[name] = json.loads(file.read_text("utf-8")) if file.exists() else {}
        training[name] |= {"config": about["config"], "data": about["data"]}
    rows, runs = [], {}
    for name, (kind, extra) in SAMPLERS.items():
        for steps in STEPS:
            row, runs[name, steps] = _measure(policies[kind], steps, options.seed, **extra)
            rows.append({"sampler": name, **row})
            print(f"{name}, {steps} evaluations: {_describe(row)}", flush=True)
    for name, steps, extra in (
        ("regression", 1, {}),
        ("two-step", 2, {}),
        ("flow, warm start", 4, {"warm": 0.5}),
    ):
        row, runs[name, steps] = _measure(
            policies[name.split(",")[0]], steps, options.seed, **extra
        )
        rows.append({"sampler": name, **row})
        print(f"{name}, {steps} evaluations: {_describe(row)}", flush=True)
    result = {
        "date": date.today().isoformat(),
        "commit": _commit(),
        "hardware": hardware(),
        "seeds": [SEEDS[0], SEEDS[-1]],
        "training": training,
        "rows": rows,
    }
    _write(options.out / "results.json", result)

    episodes = {label: _episodes(runs[key]) for label, key in SHOWN.items()}
    _write_episodes(options.out / "episodes.npz", episodes)
    strip = episode_strip({label: found[0] for label, found in episodes.items()})
    strip.savefig(options.out / "strip.png", dpi=130)
    for label in list(SHOWN)[:2]:
        film = options.out / f"{label.split(',')[0].lower()}.webp"
        save_film(film, {f"{label} #{i}": found for i, found in enumerate(episodes[label])})
    return 0


def _episodes(run: Rollout, n: int = 4) -> list[Episode]:
    states = torch.stack([run.observations[min(k, len(run.actions))] for k in range(MAX_STEPS + 1)])
    return [(states[:, i], int(run.lengths[i]), float(run.best[i])) for i in range(n)]


def _write_episodes(path: Path, episodes: dict[str, list[Episode]]) -> None:
    data = io.BytesIO()
    columns = [[list(column) for column in zip(*found, strict=True)] for found in episodes.values()]
    np.savez_compressed(
        data,
        labels=np.array(list(episodes)),
        states=np.stack([torch.stack(states).numpy() for states, _, _ in columns]),
        lengths=np.array([lengths for _, lengths, _ in columns]),
        scores=np.array([scores for _, _, scores in columns], dtype=np.float32),
    )
    write_atomically(path, data.getvalue())


def _add_training(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what the weights depend on")
    for field in fields(Config):
        if field.name not in ("policy", "mirror"):
            flag = "--" + field.name.replace("_", "-")
            kind = {"int": int, "float": float}[getattr(field.type, "__name__", field.type)]
            group.add_argument(flag, type=kind, default=field.default, help="default: %(default)s")
    group.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=Config.mirror,
        help="add every demonstration's mirror image (default: %(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="PATH", help=".npz file or folder of lerobot/pusht_keypoints"
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: %(default)s)")
    parser.add_argument("--progress", action=argparse.BooleanOptionalAction, default=True)


def build_parser() -> argparse.ArgumentParser:
    """The options of all commands."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m utils.pusht", description=__doc__, epilog=EXAMPLES, formatter_class=raw
    )
    commands = parser.add_subparsers(required=True, metavar="train|evaluate|compare")
    train = commands.add_parser("train", help="train a policy, then evaluate it")
    train.add_argument("--policy", choices=tuple(POLICIES), default="flow")
    train.add_argument("--out", type=Path, required=True, metavar="DIR")
    _add_training(train)
    train.add_argument("--evaluate", action=argparse.BooleanOptionalAction, default=True)
    train.set_defaults(function=_train)
    evaluate = commands.add_parser("evaluate", help="score, smoothness and latency of weights")
    evaluate.add_argument("--weights", type=Path, required=True, metavar="FILE")
    evaluate.add_argument("--steps", default="1,2,4,8,16,32,100", help="default: %(default)s")
    evaluate.add_argument("--eta", type=float, help="diffusion: 0 is DDIM, 1 is DDPM")
    evaluate.add_argument("--warm", type=float, metavar="T", help="flow: warm start at time T")
    evaluate.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    evaluate.add_argument("--out", type=Path, metavar="FILE")
    evaluate.set_defaults(function=_evaluate)
    compare = commands.add_parser("compare", help="train all policies and sweep their samplers")
    compare.add_argument("--out", type=Path, required=True, metavar="DIR")
    compare.add_argument("--jobs", type=int, default=1, help="trainings at a time (default: 1)")
    _add_training(compare)
    compare.set_defaults(function=_compare)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a mistake of the user gives one line, not a traceback.

    Args:
        arguments: words of the command line; ``None`` takes those of this process.

    Returns:
        Exit status: 0, or 2 for an error.
    """
    print_anything()
    options = build_parser().parse_args(arguments)
    try:
        if getattr(options, "device", "cpu") == "cuda" and not torch.cuda.is_available():
            raise ValueError("no CUDA here: leave out --device cuda")
        return options.function(options)
    except OSError as error:
        message = error.strerror or str(error)
        if error.filename is not None:
            message = f"{error.filename}: {message}"
    except (ValueError, TypeError, ImportError, FloatingPointError) as error:
        message = str(error)
    except KeyboardInterrupt:
        message = "stopped; the same command continues from the last checkpoint"
    print("error:", " ".join(message.split()), file=sys.stderr, flush=True)
    return 2


if __name__ == "__main__":
    sys.exit(main())
