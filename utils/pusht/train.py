"""Training a policy on Push-T: resumes where it was stopped, weights travel as safetensors."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from utils.atomic import write_atomically
from utils.pusht.data import ACTION, Demonstrations, windows
from utils.pusht.features import FEATURES, features, reflect
from utils.robots.policies import (
    Policy,
    RegressionPolicy,
    RobotDiffusionPolicy,
    RobotFlowPolicy,
    TwoStepPolicy,
)
from utils.tensors import check_nonnegative, check_positive_int
from utils.training import ExponentialMovingAverage, load_checkpoint, save_checkpoint, train

POLICIES: dict[str, type[Policy]] = {
    "flow": RobotFlowPolicy,
    "diffusion": RobotDiffusionPolicy,
    "regression": RegressionPolicy,
    "two-step": TwoStepPolicy,
}
# As in Chi et al. 2023, table 1 and appendix A, for states.
OBS_HORIZON, HORIZON, CHUNK = 2, 16, 8
CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"


@dataclass(frozen=True)
class Config:
    """What the weights depend on, besides the data.

    Attributes:
        policy: one of ``POLICIES``.
        hidden: width of the network.
        depth: number of its residual blocks.
        steps: steps of AdamW.
        batch_size: windows in a step.
        lr: learning rate at the start; it falls to 0 along a cosine.
        weight_decay: of AdamW.
        ema: decay of the averaged weights, which are the ones that act.
        mirror: add every demonstration's mirror image.
        seed: of the first weights and of every draw.
    """

    policy: str = "flow"
    hidden: int = 256
    depth: int = 4
    steps: int = 40000
    batch_size: int = 128
    lr: float = 1e-3
    weight_decay: float = 1e-4
    ema: float = 0.999
    mirror: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range.

        Raises:
            TypeError: if a number has the wrong type.
            ValueError: if a value is out of range.
        """
        if self.policy not in POLICIES:
            raise ValueError(f"policy must be one of {', '.join(POLICIES)}, got {self.policy!r}")
        for name in ("hidden", "depth", "steps", "batch_size"):
            check_positive_int(name, getattr(self, name))
        for name in ("lr", "weight_decay", "ema"):
            check_nonnegative(name, getattr(self, name))

    def build(self) -> Policy:
        """The untrained policy."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            kind, sizes = POLICIES[self.policy], (self.hidden, self.depth)
            return kind(FEATURES, ACTION, HORIZON, OBS_HORIZON, *sizes)


def training_set(demonstrations: Demonstrations, mirror: bool) -> tuple[Tensor, Tensor]:
    """Features ``(N, 2, 8)`` and actions ``(N, 16, 2)`` of all windows, in pixels."""
    states, actions = windows(demonstrations, OBS_HORIZON, HORIZON, CHUNK)
    if mirror:
        mirrored = reflect(states, actions)
        states = torch.cat([states, mirrored[0]])
        actions = torch.cat([actions, mirrored[1]])
    return features(states), actions


def fingerprint(demonstrations: Demonstrations) -> str:
    """A short name for the data: the start of a hash of every number."""
    sha = hashlib.sha256()
    for x in (demonstrations.state, demonstrations.action, demonstrations.ends):
        sha.update(x.numpy().tobytes())
    return sha.hexdigest()[:16]


def train_policy(
    config: Config,
    demonstrations: Demonstrations,
    out: Path,
    device: str = "cpu",
    save_every: int = 2000,
    progress: bool = True,
) -> Policy:
    """Train until ``config.steps`` steps are done, continuing what ``out`` holds.

    Args:
        config: what the weights depend on.
        demonstrations: the data.
        out: folder of the checkpoint and the weights.
        device: where to compute.
        save_every: steps between checkpoints.
        progress: show a progress bar.

    Returns:
        The averaged policy, on the CPU, in evaluation mode.

    Raises:
        ValueError: if ``out`` holds another run or a damaged file.
        FloatingPointError: if the loss is NaN or infinite; the last checkpoint is kept.
        OSError: if a file cannot be written; the one before it is kept.
    """
    from tqdm import tqdm

    check_positive_int("save_every", save_every)
    about = {"config": asdict(config), "data": fingerprint(demonstrations)}
    out.mkdir(parents=True, exist_ok=True)
    if (out / WEIGHTS).exists():
        policy, kept = load_policy(out / WEIGHTS)
        _check_same(out / WEIGHTS, kept, about)
        return policy  # the run is done: the weights are written last
    run_file = out / "run.json"
    if run_file.exists():
        _check_same(run_file, json.loads(run_file.read_text("utf-8")), about)
    write_atomically(run_file, json.dumps(about, indent=2).encode())

    seen, actions = training_set(demonstrations, config.mirror)
    policy = config.build()
    policy.fit_normalizers(seen, actions)
    policy, seen, actions = policy.to(device), seen.to(device), actions.to(device)
    generator = torch.Generator(device).manual_seed(config.seed)
    ema = ExponentialMovingAverage(policy, config.ema)
    optimizer = torch.optim.AdamW(
        policy.parameters(), lr=config.lr, weight_decay=config.weight_decay, fused=True
    )
    parts, start = (policy, optimizer, ema, generator), 0
    if (out / CHECKPOINT).exists():
        start = load_checkpoint(out / CHECKPOINT, *parts)

    def loss(model: Policy, step: int) -> Tensor:
        rows = (config.batch_size,)
        i = torch.randint(len(seen), rows, generator=generator, device=device)
        return model.loss(seen[i], actions[i], generator)

    steps = train(policy, loss, config.steps, config.lr, ema, optimizer=optimizer, start_step=start)
    options = {"total": config.steps, "initial": start, "unit": "step", "mininterval": 1}
    with tqdm(steps, desc=config.policy, disable=not progress, **options) as bar:
        mean = None
        for step, value in bar:
            mean = value if mean is None else 0.99 * mean + 0.01 * value
            if step % 50 == 0:
                bar.set_postfix(loss=f"{mean:.4f}", refresh=False)
            if (step + 1) % save_every == 0 and step + 1 < config.steps:
                save_checkpoint(out / CHECKPOINT, policy, step + 1, *parts[1:])
    policy = ema.model.cpu()
    save_policy(out / WEIGHTS, policy, about)
    (out / CHECKPOINT).unlink(missing_ok=True)
    return policy


def _check_same(path: Path, kept: dict, asked: dict) -> None:
    if kept["data"] != asked["data"]:
        raise ValueError(f"{path} belongs to other demonstrations: choose another --out")
    changes = [
        f"{name} {kept['config'].get(name)!r} -> {value!r}"
        for name, value in asked["config"].items()
        if kept["config"].get(name) != value
    ]
    if changes:
        raise ValueError(
            f"{path} is another run ({'; '.join(changes)}): give its options or another --out"
        )


def save_policy(path: str | os.PathLike, policy: Policy, about: dict) -> None:
    """Write weights and what they are, atomically.

    Args:
        path: file to write.
        policy: the policy.
        about: its ``config`` and ``data``.

    Raises:
        OSError: if the file cannot be written; the one before it is untouched.
    """
    from safetensors.torch import save

    write_atomically(path, save(policy.state_dict(), {"course": json.dumps(about)}))


def load_policy(path: str | os.PathLike) -> tuple[Policy, dict]:
    """Read what ``save_policy`` wrote.

    Args:
        path: the file.

    Returns:
        The policy in evaluation mode, without gradients, and what it is.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged, or holds something else.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file; train first, or name the weights to use")
    try:
        with safe_open(path, "pt") as opened:
            about = json.loads((opened.metadata() or {}).get("course", "null"))
            state = {name: opened.get_tensor(name) for name in opened.keys()}
        policy = Config(**about["config"]).build()
        policy.load_state_dict(state)
    except (SafetensorError, OSError, TypeError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged or holds no Push-T policy: {error}") from error
    return policy.eval().requires_grad_(False), about
