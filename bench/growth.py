"""How cost grows: series of cases that differ in one size. Rows that are there already count."""

from bench import sampling, training, transport
from bench.turns import Case

Series = tuple[str, list[Case]]


def series() -> list[Series]:
    """By number of pairs or points, dimension, batch and evaluations."""
    return [
        ("n", [transport.pairing("equal", n) for n in transport.SIZES[2:]]),
        ("n", [transport.distance("equal", n) for n in transport.SIZES[2:]]),
        ("D", [transport.pairing("equal", 256, dim) for dim in (64, 256, 1024, 4096)]),
        ("batch", [training.plane(batch) for batch in (1024, 2048, 4096, 8192)]),
        ("batch", [sampling.euler(batch, 8) for batch in (1024, 2048, 4096, 8192)]),
        ("steps", [sampling.euler(256, steps) for steps in (8, 20, 100)]),
    ]
