"""The environment of the kernels that nbval starts: this checkout first, one thread."""

import os
from pathlib import Path

ROOT = str(Path(__file__).parent)
os.environ["PYTHONPATH"] = os.pathsep.join([ROOT, os.environ.get("PYTHONPATH", "")])
os.environ["OMP_NUM_THREADS"] = "1"  # sums in a fixed order
