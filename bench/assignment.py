"""Time of an optimal pairing: this course's, POT's own and torchcfm's, in turns in one process.

    pip install torchcfm
    python -m bench.assignment

A row is a size and a kind of data. Each number is the median of its turns; the last column is the
time of the faster one of the other two over ours, so 1 means as fast and 0.95 is the least that
this project allows itself.
"""

import argparse
import json
import random
import statistics
import sys
import time

import ot
import torch

from utils.couplings import minibatch_ot_coupling

try:
    from torchcfm.optimal_transport import OTPlanSampler
except ImportError as error:
    sys.exit(f"this measurement needs torchcfm and what it imports ({error}): pip install torchcfm")


def sets(kind: str, n: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    dim = 3072 if kind == "images" else 2
    x_0, x_1 = torch.randn(2, n, dim, generator=generator)
    if kind == "shifted":
        x_1 = x_1 + torch.tensor([3.0, 0.0])
    elif kind == "modes":
        angle = torch.randint(8, (n,), generator=generator) * torch.pi / 4
        x_1 = 0.3 * x_1 + 4 * torch.stack([angle.cos(), angle.sin()], dim=1)
    return x_0, x_1


def pot(x_0: torch.Tensor, x_1: torch.Tensor) -> torch.Tensor:
    a, b = x_0.double().numpy(), x_1.double().numpy()
    plan = ot.emd([], [], ot.dist(a, b), numItermax=10**9)
    return x_1[torch.as_tensor(plan.argmax(1))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="64,128,256,512,1024,2048")
    parser.add_argument("--kinds", default="equal,shifted,modes,images")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one line of JSON for each row")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sampler, generator = OTPlanSampler(method="exact"), torch.Generator().manual_seed(0)
    ways = {
        "ours": lambda a, b: minibatch_ot_coupling(a, b),
        "pot": pot,
        "torchcfm": lambda a, b: sampler.sample_plan(a, b, replace=False),
    }
    for kind in options.kinds.split(","):
        for n in map(int, options.sizes.split(",")):
            times = {name: [] for name in ways}
            for turn in range(-1, options.turns):  # the first one warms up
                pair = sets(kind, n, generator)  # by chance, one pair suits one solver
                for name in random.sample(list(ways), len(ways)):  # a fixed order favours one
                    way = ways[name]
                    began = time.process_time()  # other programs do not count
                    way(*pair)
                    if turn >= 0:
                        times[name].append(time.process_time() - began)
            ms = {name: 1e3 * statistics.median(values) for name, values in times.items()}
            ratio = min(ms["pot"], ms["torchcfm"]) / ms["ours"]
            if options.json:
                print(json.dumps({"kind": kind, "n": n, **ms, "ratio": ratio}), flush=True)
            else:
                row = "".join(f"  {name} {value:9.2f} ms" for name, value in ms.items())
                print(f"{kind:8s} n = {n:5d}{row}  ratio {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
