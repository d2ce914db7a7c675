"""Repeat a recorded run of chapter 10: ``python -m utils.one_step plane --out FOLDER``."""

import argparse
import json
import platform
import time
from pathlib import Path

import torch
from safetensors.torch import save_file

from utils.console import print_anything
from utils.flow_maps import euler, sample_map
from utils.one_step.recorded import DIGIT_STARTS, digit_data, digit_starts, plane_data
from utils.one_step.training import FROM_DATA, TEACHER_SHARE, WITH_TEACHER, train_map

SETTINGS = {  # width, budget, methods
    "plane": (64, 8000, WITH_TEACHER + FROM_DATA),
    "digits": (256, 4000, ("distillation", "Lagrangian", "shortcut", "flow matching")),
}


def main() -> None:
    """Train, and write weights (the plane) or samples (the digits)."""
    parser = argparse.ArgumentParser(prog="python -m utils.one_step", description=__doc__)
    parser.add_argument("what", choices=tuple(SETTINGS), help="which of the two runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budget", type=int, help="evaluations of a network on a batch")
    choice = parser.parse_args()
    hidden, budget, methods = SETTINGS[choice.what]
    budget = choice.budget or budget
    data = plane_data() if choice.what == "plane" else digit_data()
    tensors, steps = {}, {}
    choice.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for seed in range(choice.seeds):
        teacher, _ = train_map(
            "flow matching", data, int(TEACHER_SHARE * budget), seed, hidden=hidden
        )
        for name in methods:
            began = time.perf_counter()
            helper = teacher if name in WITH_TEACHER else None
            model, steps[name] = train_map(name, data, budget, seed, helper, hidden)
            if choice.what == "plane":
                for key, weight in model.named_parameters():
                    tensors[f"{name}/{seed}/{key}"] = weight.half()
            else:
                for n in (1, 2, 4):
                    jumps = euler(model) if name == "flow matching" else model
                    ends = sample_map(jumps, digit_starts(), n)
                    tensors[f"{name}/{seed}/{n}"] = ends.half()
            print(f"{choice.what}, seed {seed}, {name}: {steps[name]} steps, "
                  f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip
        save_file(tensors, choice.out / f"{choice.what}.safetensors")
        about = {
            "budget": budget,
            "hidden": hidden,
            "steps": steps,
            "seeds": seed + 1,
            "starts": DIGIT_STARTS if choice.what == "digits" else None,
            "torch": torch.__version__,
            "python": platform.python_version(),
        }
        (choice.out / f"{choice.what}.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    print_anything()
    main()
