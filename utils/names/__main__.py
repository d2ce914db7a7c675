"""Train the networks of chapter 12: ``python -m utils.names --out runs/names``.

A few minutes on one core. Copy what it writes to ``utils/names/recorded/`` to
have the chapter use it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from utils.discrete import StringNet, sample_in_turn, unmasking_loss
from utils.names import DEPTH, HIDDEN, LANGUAGES, decode, encode, held_out, size

STEPS, BATCH, RATE, EVERY, DRAWS = 6000, 64, 2e-3, 250, 50
RECIPES = {"careful": (0.3, 1.0), "careless": (0.0, 0.0)}  # dropout, weight decay


@torch.no_grad()
def nats(net: StringNet, x: Tensor) -> float:
    """Mean bound on -log p of these names, the masks drawn 50 times for each."""
    g = torch.Generator().manual_seed(1)
    return unmasking_loss(net, x.repeat(DRAWS, 1), g).item()


def copies(net: StringNet, language: str, names: list[str], n: int = 500) -> float:
    """Share of samples that stand in the list."""
    blank = torch.full((n, net.length), net.letters)
    x = sample_in_turn(net.posterior, blank, 1, torch.Generator().manual_seed(2))
    known = set(names)
    return sum(name in known for name in decode(x, language)) / n


def train(
    language: str, dropout: float, decay: float, seed: int = 0, steps: int = STEPS
) -> tuple[StringNet, list[dict]]:
    """The network after its last step, and what was measured on the way."""
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(seed)
    kept, unseen = held_out(language)
    data, test = encode(kept, language), encode(unseen, language)
    net = StringNet(*size(language), hidden=HIDDEN, depth=DEPTH, dropout=dropout)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=decay)
    rows = []
    for step in range(1, steps + 1):
        batch = data[torch.randint(len(data), (BATCH,), generator=g)]
        optimizer.zero_grad()
        unmasking_loss(net, batch, g).backward()
        optimizer.step()
        if step % EVERY == 0:
            net.eval()
            rows.append({"step": step, "seen": nats(net, data), "unseen": nats(net, test),
                         "copies": copies(net, language, kept)})  # fmt: skip
            net.train()
    return net.eval(), rows


def main() -> None:
    """Train for both languages and write weights and measurements."""
    parser = argparse.ArgumentParser(prog="python -m utils.names", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    results = {}
    for language in LANGUAGES:
        for name, recipe in RECIPES.items():
            net, rows = train(language, *recipe, options.seed, options.steps)
            weights = {k: v.half().numpy() for k, v in net.state_dict().items()}
            np.savez_compressed(options.out / f"{language}-{name}.npz", **weights)
            results[f"{language}-{name}"] = rows
            print(language, name, rows[-1], flush=True)
    record = {"steps": options.steps, "batch": BATCH, "rate": RATE, "seed": options.seed, **results}
    (options.out / "results.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
