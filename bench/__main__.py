"""This course's code beside the libraries of the field: one command, one run, one table.

    python -m bench            # as make bench: within ten minutes on two cores
    python -m bench --quick    # about a minute, fewer sizes and wider spreads
    python -m bench --write    # and into CONTRIBUTING, in both languages

Everything is measured in one process with one thread, in turns (see ``bench.turns``).
"""

import argparse
import os
import random
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded

import torch
from tqdm import tqdm

from bench import peers, table
from bench.turns import Case, Row, measure
from book.timings import machine
from utils.console import print_anything

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- bench:start -->", "<!-- bench:end -->"
PLACES = {"en": "CONTRIBUTING.md", "ko": "CONTRIBUTING.ko.md"}
FULL, QUICK = 6.0, 1.0  # seconds for a case; the large ones take what five rounds take


def write(file: Path, text: str) -> None:
    """Put the tables between the markers of a page."""
    before, rest = file.read_text("utf-8").split(START)
    file.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}", "utf-8")


def device() -> str:
    """The machine, and its card if there is one."""
    card = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return machine().replace("no GPU", card)


def main() -> None:
    print_anything()
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="about a minute: fewer sizes")
    parser.add_argument("--write", action="store_true", help="write the table into CONTRIBUTING")
    parser.add_argument("--only", metavar="GROUPS", help="such as euler,ddim; for work on them")
    options = parser.parse_args()
    if options.write and (options.quick or options.only):
        parser.error("--write is for the whole run, without --quick and --only")
    peers.need()
    from bench import growth, sampling, training, transport  # what they import is there, then

    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    began, measured = time.perf_counter(), {}

    def row(case: Case) -> Row:
        key = (case.group, *case.what.items())
        if key not in measured:
            measured[key] = measure(case, QUICK if options.quick else FULL)
        return measured[key]

    wanted = [
        case for part in (training, sampling, transport) for case in part.cases(options.quick)
    ]
    series = [] if options.quick else growth.series()
    if options.only:
        groups = options.only.split(",")
        wanted = [case for case in wanted if case.group in groups]
        series = [(by, cases) for by, cases in series if cases[0].group in groups]
    rows = [row(case) for case in tqdm(wanted, desc="bench", disable=None)]
    grown = [
        table.Growth(by, [row(case) for case in cases])
        for by, cases in tqdm(series, desc="growth", disable=None)
    ]
    about = {
        "date": date.today().isoformat(),
        "machine": device(),
        "versions": peers.versions(),
    }
    for language, place in PLACES.items() if options.write else [("en", "")]:
        text = table.page(rows, grown, language, **about)
        print(f"\n{text}")
        if options.write:
            write(ROOT / place, text)
    print(f"\nbench: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
