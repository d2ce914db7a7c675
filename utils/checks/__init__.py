"""Checks that say what is wrong: each tries the common mistakes and names the one it recognises.

Set ``utils.checks.language`` to ``"ko"`` or ``"en"``; the hints follow it. The notebooks of the
chapters set COURSE_LANGUAGE in the environment instead. A check raises ``AssertionError`` with the
hint, or prints one line when the answer is right; ``attempt`` prints in either case.
"""

import os

from utils.checks.attempt import attempt
from utils.checks.bits import check_bits
from utils.checks.broken import check_broken_claim, check_figure
from utils.checks.clipped_noise import check_clipped_noise
from utils.checks.distance import check_distance
from utils.checks.drift import check_drift
from utils.checks.guided import check_guided
from utils.checks.loss import check_loss
from utils.checks.number import check_number
from utils.checks.pairs import check_pairs
from utils.checks.policy import check_policy_velocity
from utils.checks.rescheduled import check_rescheduled
from utils.checks.sampler import check_sampler, contest_network
from utils.checks.unmasking import check_unmasking_step
from utils.checks.velocity import check_velocity
from utils.checks.velocity_of_map import check_velocity_of_map
from utils.checks.weighted_loss import check_weighted_loss

language = os.environ.get("COURSE_LANGUAGE", "ko")

__all__ = [
    "attempt",
    "check_bits",
    "check_broken_claim",
    "check_clipped_noise",
    "check_distance",
    "check_drift",
    "check_figure",
    "check_guided",
    "check_loss",
    "check_number",
    "check_pairs",
    "check_policy_velocity",
    "check_rescheduled",
    "check_sampler",
    "check_unmasking_step",
    "check_velocity",
    "check_velocity_of_map",
    "check_weighted_loss",
    "contest_network",
    "language",
]
