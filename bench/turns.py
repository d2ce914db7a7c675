"""Time several ways to do the same, in turns: what slows the machine slows all of them.

In each round every way runs once on the same data, in an order drawn anew: with a fixed one, a way
inherits caches and memory always from the same neighbour, which alone was worth a fifth. A round
gives one ratio for each rival; a row is the median of these ratios, and the quartiles its spread.
"""

import math
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

OURS = "ours"
FLOOR = "network"  # not a rival: what every sampler has to pay
Way = Callable[..., Any]


@dataclass
class Case:
    """One row: a piece of work, our way to do it, and those of others.

    Attributes:
        group: the kind of work, a key of ``bench.words.GROUPS``.
        what: what the row's name is filled with, such as ``{"batch": 256}``.
        ways: ``"ours"`` and the rivals; each is called with what ``draw`` returns.
        draw: new data for a round, the same for all ways.
        same: whether two results are the same work done; ``None`` where chance is part of it.
    """

    group: str
    what: dict[str, object]
    ways: dict[str, Way]
    draw: Callable[[], tuple] = tuple
    same: Callable[[Any, Any], bool] | None = None
    device: str = "cpu"


class Ratio(NamedTuple):
    """A rival's time over ours: above 1, ours is the faster one."""

    median: float
    low: float
    high: float


@dataclass
class Row:
    """What was measured for a case; seconds of one call, in medians over the rounds."""

    group: str
    what: dict[str, object]
    seconds: dict[str, float]
    ratios: dict[str, Ratio] = field(default_factory=dict)
    rounds: int = 0


def ratio(ours: list[float], theirs: list[float]) -> Ratio:
    """Median and quartiles of the ratios of the rounds, not the ratio of two medians."""
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    if len(ratios) == 1:
        return Ratio(ratios[0], ratios[0], ratios[0])
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high)


def exponent(sizes: list[float], seconds: list[float]) -> float:
    """Slope of the straight line through log time over log size, by least squares."""
    return statistics.linear_regression([*map(math.log, sizes)], [*map(math.log, seconds)]).slope


def clock(device: str) -> float:
    """Seconds of this process on a CPU, so that other programs do not count; else of the wall."""
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()  # launching is not computing
    return time.perf_counter()


def seconds(way: Way, data: tuple, calls: int, device: str) -> float:
    """Time of one call, from as many in a row as make the clock's own steps small."""
    began = clock(device)
    for _ in range(calls):
        way(*data)
    return (clock(device) - began) / calls


def measure(case: Case, budget: float, shortest: float = 0.005, most: int = 200) -> Row:
    """Run a case in rounds until its budget of seconds is used up, five rounds at least."""
    started, data = time.perf_counter(), case.draw()
    results = {name: way(*data) for name, way in case.ways.items()}  # the first calls warm up
    for name, result in results.items():
        if name != FLOOR and case.same is not None and not case.same(results[OURS], result):
            raise SystemExit(f"bench: {case.group} {case.what}: {name} gives another result")
    calls = max(1, math.ceil(shortest / max(seconds(case.ways[OURS], data, 1, case.device), 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in case.ways}
    rounds = 0
    while rounds < 5 or (rounds < most and time.perf_counter() - started < budget):
        data = case.draw()
        for name in random.sample(list(case.ways), len(case.ways)):
            times[name].append(seconds(case.ways[name], data, calls, case.device))
        rounds += 1
    return Row(
        case.group,
        case.what,
        {name: statistics.median(values) for name, values in times.items()},
        {name: ratio(times[OURS], times[name]) for name in case.ways if name != OURS},
        rounds,
    )
