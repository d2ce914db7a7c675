"""Properties with many random examples, round after round, until one fails or the time is up.

``make fuzz MINUTES=20``. A failure prints the smallest example that still fails, and the line that
repeats it; the next round tries it first.
"""

import os
import subprocess
import sys
import time

ROUND = [sys.executable, "-m", "pytest", "tests/properties", "-p", "no:cacheprovider"]


def main(minutes: float) -> int:
    """Rounds of one pytest each; 0 if nothing failed."""
    until, rounds = time.time() + 60 * minutes, 0
    while time.time() < until:
        seed = int.from_bytes(os.urandom(4), "big")
        rounds += 1
        print(f"fuzz: round {rounds}, seed {seed}, {until - time.time():.0f} s left", flush=True)
        environment = os.environ | {"FUZZ_UNTIL": str(until)}
        code = subprocess.call([*ROUND, f"--hypothesis-seed={seed}"], env=environment)
        if code:
            return code
    print(f"fuzz: nothing found in {minutes:g} minutes, {rounds} rounds")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
