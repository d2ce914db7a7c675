"""The contest: the best samples that four evaluations of a network can give."""

import hashlib
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from utils.checks.hints import hint
from utils.checks.number import check_number
from utils.metrics import energy_distance, mode_shares, mode_widths
from utils.mixtures import GaussianMixture
from utils.models import MLP
from utils.samplers import sample_ode

CALLS, POINTS, SEEDS = 4, 1000, 6
HIDDEN, DEPTH = 64, 3  # of the networks: 9,634 weights each
GIVEN = Path(__file__).with_name("given.npz")
PUBLIC = 100  # first seed of what students see; the hidden seeds come from elsewhere


class Task(NamedTuple):
    """A network, and the data that it was trained on.

    Attributes:
        velocity: the network, ``(x, t) -> (B, 2)``.
        data: the distribution of its data.
    """

    velocity: MLP
    data: GaussianMixture


def save(path: Path, task: Task) -> None:
    """Write a network and its data: weights in 16 bits, no code."""
    arrays = {
        f"net.{name}": value.half().numpy() for name, value in task.velocity.named_parameters()
    }
    for name in ("means", "stds", "weights"):
        arrays[name] = getattr(task.data, name).numpy()
    np.savez(path, **arrays)


def load(path: Path = GIVEN) -> Task:
    """Read what ``save`` has written.

    Args:
        path: the file; by default the network that students are given.

    Returns:
        The network without gradients, and its data.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: torch.from_numpy(file[name]).float() for name in file.files}
    network = MLP(dim=2, hidden=HIDDEN, depth=DEPTH)
    with torch.no_grad():
        for name, value in network.named_parameters():
            value.copy_(arrays[f"net.{name}"])
    network.eval().requires_grad_(False)
    return Task(network, GaussianMixture(arrays["means"], arrays["stds"], arrays["weights"]))


def contest_network() -> Task:
    """The network of the contest that is given out, and the distribution that it has learnt."""
    return load(GIVEN)


class FourCalls:
    """A network that answers four times, each time for as many points as there are samples.

    Attributes:
        calls: how often it was called, refused calls included.
    """

    def __init__(self, velocity: Callable, x_0: Tensor, allowed: int = CALLS) -> None:
        """Take the network, and the noise that tells how many points a call may hold."""
        self.velocity, self.shape, self.allowed, self.calls = velocity, x_0.shape, allowed, 0

    def __call__(self, x: Tensor, t: Tensor | float) -> Tensor:
        """Evaluate the network.

        Args:
            x: points, the shape of the noise.
            t: one time, or one for each point.

        Raises:
            RuntimeError: if it has answered four times already.
            ValueError: if ``x`` or ``t`` has another shape, or is not finite.
        """
        self.calls += 1
        if self.calls > self.allowed:
            raise RuntimeError(hint("fifth_call", name="velocity", allowed=self.allowed))
        t = torch.as_tensor(t, dtype=torch.float32)
        known = isinstance(x, Tensor) and x.shape == self.shape and x.is_floating_point()
        if not known or t.shape not in ((), self.shape[:1]):
            raise ValueError(hint("call_shape", name="velocity", want=tuple(self.shape)))
        if not (torch.isfinite(x).all() and torch.isfinite(t).all()):
            raise ValueError(hint("nan", name="velocity"))
        with torch.no_grad():
            return self.velocity(x.detach().float(), t)


def euler(velocity: Callable, x_0: Tensor, seed: int) -> Tensor:
    """Four equal Euler steps."""
    return sample_ode(velocity, x_0, steps=4)


def midpoint(velocity: Callable, x_0: Tensor, seed: int) -> Tensor:
    """Two equal midpoint steps."""
    return sample_ode(velocity, x_0, steps=2, method="midpoint")


def noise(seed: int) -> Tensor:
    """The noise that a seed stands for, ``(POINTS, 2)``."""
    return torch.randn(POINTS, 2, generator=torch.Generator().manual_seed(seed))


def draw(sample: Callable, task: Task, seed: int) -> Tensor:
    """Samples of a student's function, and that it kept the rules.

    Args:
        sample: ``(velocity, x_0, seed) -> samples``.
        task: the network.
        seed: of noise, and of what randomness the function adds.

    Returns:
        Shape ``(POINTS, 2)``.

    Raises:
        AssertionError: if it has called the network too often, failed, or returned no samples.
    """
    x_0 = noise(seed)
    counted = FourCalls(task.velocity, x_0)
    try:
        got = sample(counted, x_0.clone(), seed)
    except NotImplementedError:
        raise AssertionError(hint("unfinished", name="sample")) from None
    except Exception as error:
        if counted.calls > CALLS:
            raise AssertionError(hint("fifth_call", name="sample", allowed=CALLS)) from None
        text = f"{type(error).__name__}: {error}"
        raise AssertionError(hint("raised", name="sample", error=text)) from None
    if counted.calls > CALLS:  # it went on after the refusal
        raise AssertionError(hint("fifth_call", name="sample", allowed=CALLS))
    if not isinstance(got, Tensor):
        raise AssertionError(hint("not_tensor", name="sample", kind=type(got).__name__))
    if got.shape != x_0.shape:
        raise AssertionError(
            hint("shape", name="sample", got=tuple(got.shape), want=tuple(x_0.shape))
        )
    if not torch.isfinite(got).all():
        raise AssertionError(hint("nan", name="sample"))
    return got.detach().float()


def distance(samples: Tensor, task: Task, seed: int) -> float:
    """Energy distance to fresh data, times 1,000."""
    fresh = torch.Generator().manual_seed(10**6 + seed)
    return 1000 * energy_distance(samples, task.data.sample(len(samples), generator=fresh))


def faults(samples: Tensor, task: Task) -> dict[str, float]:
    """What is wrong with samples: the largest error of a share, and the mean ratio of widths."""
    shares = mode_shares(samples, task.data)
    widths = mode_widths(samples, task.data).ratios
    return {
        "shares": (shares.shares - shares.weights).abs().max().item(),
        "width": widths[widths.isfinite()].mean().item(),
    }


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    r"""Mean, and its standard error :math:`s / \sqrt{n}`."""
    mean = sum(values) / len(values)
    square = sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)
    return mean, math.sqrt(square / len(values))


def fingerprint(tasks: list[Task], seeds: list[int]) -> str:
    """Twelve digits that change with the networks and the seeds: only equal ones compare."""
    digest = hashlib.sha256(str(list(seeds)).encode())
    for task in tasks:
        for value in [*task.velocity.parameters(), task.data.means]:
            digest.update(value.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def scores(
    sample: Callable,
    tasks: list[Task],
    seeds: list[int],
    again: Callable[[str], Callable] | None = None,
    recorded: dict | None = None,
) -> list[float]:
    """Distance for each seed, a mean over the networks.

    Args:
        sample: the student's function.
        tasks: networks.
        seeds: of the noise.
        again: finds the function of that name in a new run, which remembers nothing.
        recorded: receives what a table shows.

    Returns:
        A distance for each seed, in thousandths; smaller is better.

    Raises:
        AssertionError: if it breaks a rule, or draws other samples when made afresh.
    """
    by_seed, last, found = [], None, []
    for seed in seeds:
        each = []
        for task in tasks:
            last = draw(sample, task, seed)
            each.append(distance(last, task, seed))
            found.append(faults(last, task))
        by_seed.append(sum(each) / len(each))
    if again is not None and not torch.equal(last, draw(again("sample"), tasks[-1], seeds[-1])):
        raise AssertionError(hint("not_repeatable", name="sample"))
    if recorded is not None:
        recorded["on"] = fingerprint(tasks, seeds)
        recorded["scores"] = [round(value, 4) for value in by_seed]
        for name in ("shares", "width"):
            recorded[name] = round(sum(each[name] for each in found) / len(found), 4)
    return by_seed


def better(one: list[float], other: list[float]) -> bool:
    r"""Whether one sampler is better by more than two standard errors of the paired differences.

    .. math:: \bar d < -2\,s_d / \sqrt{n}, \qquad d_i = a_i - b_i

    Args:
        one: distances, one for each seed.
        other: of another sampler on the same seeds.

    Returns:
        Whether it is.
    """
    mean, spread = mean_and_spread([a - b for a, b in zip(one, other, strict=True)])
    return mean < -2 * spread and mean < 0


def check_sampler(
    sample: Callable,
    than: str = "euler",
    tasks: list[Task] | None = None,
    seeds: list[int] | None = None,
    again: Callable[[str], Callable] | None = None,
    recorded: dict | None = None,
    gain: float | None = math.nan,
) -> None:
    """Check that a sampler keeps the rules, and is better than a simple one.

    Args:
        sample: the student's function ``(velocity, x_0, seed)``.
        than: ``"euler"`` or ``"midpoint"``.
        tasks: networks; by default the one that is given out.
        seeds: by default those that students see.
        again: see ``scores``.
        recorded: receives what a table shows.
        gain: how many times better than the simple one the student says that it is; within 30%.

    Raises:
        AssertionError: with a hint.
    """
    if not callable(sample):
        raise AssertionError(hint("not_function", name="sample", kind=type(sample).__name__))
    where = hint("where_hidden", number=len(tasks)) if tasks else hint("where_given")
    tasks = tasks or [contest_network()]
    seeds = seeds or [PUBLIC + i for i in range(SEEDS)]
    got = scores(sample, tasks, seeds, again, recorded)
    bar = scores({"euler": euler, "midpoint": midpoint}[than], tasks, seeds)
    values = {"got": mean_and_spread(got), "bar": mean_and_spread(bar)}
    told = {
        "name": "sample",
        "where": where,
        "than": hint(f"than_{than}"),
        "got": "{:.2f} ± {:.2f}".format(*values["got"]),
        "bar": "{:.2f} ± {:.2f}".format(*values["bar"]),
    }
    if not better(got, bar):
        raise AssertionError(hint("not_better", **told))
    if not (isinstance(gain, float) and math.isnan(gain)):
        want = values["bar"][0] / values["got"][0]
        check_number(
            "gain", gain, want=want, tolerance=0.3 * want, mistakes={"swapped_ratio": 1 / want}
        )
    print(hint("better", **told))
