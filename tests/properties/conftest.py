"""How many examples the properties try: few and always the same, or many and always others."""

import os
import time

import pytest
from hypothesis import HealthCheck, settings

calm = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("test", max_examples=10, derandomize=True, database=None, **calm)
settings.register_profile("fuzz", max_examples=300, print_blob=True, **calm)

# Seconds since 1970 at which a fuzzing round ends; tests/support/fuzz.py sets it.
UNTIL = float(os.environ.get("FUZZ_UNTIL", "0"))
settings.load_profile("fuzz" if UNTIL else "test")


def pytest_runtest_setup() -> None:
    if UNTIL and time.time() > UNTIL:
        pytest.skip("the time is up")
