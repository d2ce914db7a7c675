"""Checks that say what is wrong: each tries the common mistakes and names the one it recognises.

Set ``utils.checks.language`` to ``"ko"`` or ``"en"``; the hints follow it. A check raises
``AssertionError`` with the hint, or prints one line when the answer is right.
"""

from utils.checks.loss import check_loss
from utils.checks.number import check_number
from utils.checks.velocity import check_velocity

language = "ko"

__all__ = [
    "check_loss",
    "check_number",
    "check_velocity",
    "language",
]
