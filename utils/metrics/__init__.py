"""Numbers that say how good samples are, how straight the way to them was, and what a test can see.

``distances`` between sets of samples, ``ways`` of trajectories, ``power`` of tests.
"""

from utils.metrics.distances import (
    frechet_distance,
    mmd,
    sliced_wasserstein2,
    two_sample_baseline,
    wasserstein2,
)
from utils.metrics.power import (
    energy_distance,
    log_density_gap,
    mode_shares,
    mode_widths,
    permutation_test,
    smallest_noticed,
)
from utils.metrics.ways import count_crossings, order_violations, path_energy, path_length_ratio

__all__ = [
    "count_crossings",
    "energy_distance",
    "frechet_distance",
    "log_density_gap",
    "mmd",
    "mode_shares",
    "mode_widths",
    "order_violations",
    "path_energy",
    "path_length_ratio",
    "permutation_test",
    "sliced_wasserstein2",
    "smallest_noticed",
    "two_sample_baseline",
    "wasserstein2",
]
