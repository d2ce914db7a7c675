"""The licences of all dependencies: ``supply/licences.csv``, checked by the tests.

A row has the licence as SPDX writes it, as a person has read it, beside what the package's own
metadata say. ``make licences`` writes that last column anew from what is installed, and rows for
new packages, whose licence is then to be filled in. The licence is that of the package itself:
binary wheels may bring libraries under their own, such as GEOS in shapely or FFmpeg and Qt in
opencv-python (LGPL).
"""

import csv
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from supply.lock import CONSTRAINTS, LOCKED, pins

TABLE = Path(__file__).with_name("licences.csv")
COLUMNS = ("package", "licence", "its metadata say")
# What may be used, changed, and passed on with the course's own code.
ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause",
    "BSL-1.0", "BlueOak-1.0.0", "CC0-1.0", "CNRI-Python", "ISC", "LicenseRef-Public-Domain",
    "MIT", "MIT-0",
    "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib",
}  # fmt: skip
# What is used though its licence is none of these, and why it may be.
EXCEPTIONS = {
    "flow-matching": (
        "CC-BY-NC-4.0",
        "only compared with, in chapter 7 and in tests: utils does not import it; not for "
        "commercial use, which the READMEs say",
    ),
    "pygame": (
        "LGPL-2.1-or-later",
        "draws for gym-pusht; it is installed as it is, never changed or passed on",
    ),
}
# Of npm's packages, which `make audit` runs, the lock has the licences, but for these.
NPM_UNSAID = {"parse-cache-control": "BSD-3-Clause"}


def said(package: Distribution) -> str:
    """What a package's metadata say of its licence, on one line."""
    about = package.metadata
    if expression := about.get("License-Expression"):
        return expression
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    text = (about.get("License") or "").strip().partition("\n")[0][:80].strip()
    return "; ".join(filter(None, [text, *dict.fromkeys(classifiers)]))


def installed(name: str, version: str) -> Distribution | None:
    """The package, if this version of it is installed here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return found if found.version.partition("+")[0] == version else None


def needed() -> dict[str, set[str]]:
    """Every package of the lock, and torch, with its versions."""
    found: dict[str, set[str]] = {}
    for pin in [*pins(LOCKED), *pins(CONSTRAINTS)]:
        (version,) = pin.specifier
        found.setdefault(canonicalize_name(pin.name), set()).add(version.version)
    return found


def table() -> dict[str, dict[str, str]]:
    """The rows by package."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["package"]: row for row in csv.DictReader(file)}


def licences(expression: str) -> set[str]:
    """The licences that an expression requires: of a choice, the first that is allowed."""
    required = set()
    for part in expression.strip("()").split(" AND "):
        choices = [choice.strip("() ") for choice in part.split(" OR ")]
        required.add(next((choice for choice in choices if choice in ALLOWED), choices[0]))
    return required


def main() -> None:
    """Bring the last column and the list of packages up to date."""
    known = table() if TABLE.is_file() else {}
    rows = []
    for name, versions in sorted(needed().items()):
        row = known.get(name) or dict.fromkeys(COLUMNS, "") | {"package": name}
        here = [found for version in versions if (found := installed(name, version))]
        rows.append(row | ({COLUMNS[2]: said(here[0])} if here else {}))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        if not row["licence"]:
            print(f"supply: fill in the licence of {row['package']}: {row[COLUMNS[2]]}")


if __name__ == "__main__":
    main()
