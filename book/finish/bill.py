"""What the site ships that others wrote: ``sbom.cdx.json``, a bill of materials in CycloneDX.

Every file that Sphinx puts beside the pages belongs to one part, with its version and licence, and
a file that belongs to none stops the build: nothing is shipped that nobody knows. The scripts and
style sheets of the parts go into one script and one sheet (``book.finish.scripts`` and ``styles``);
the bill names the files of the site that hold something of each part. The same site has the same
bill: it says no time.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

NAME = "sbom.cdx.json"
SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
COURSE = "this course"


@dataclass(frozen=True)
class Part:
    """What others wrote.

    Attributes:
        name: as its registry has it.
        licence: as SPDX writes it.
        files: patterns of its files below ``_static``, as Sphinx leaves them.
        said: for what comes inside another package: a file, and a pattern that finds its version
            there. A Python package is asked for its version.
        registry: that has it; if not said, npm for what comes inside another package.
    """

    name: str
    licence: str
    files: tuple[str, ...]
    said: tuple[str, str] | None = None
    registry: str = ""


OWN = (
    "course.*",
    "claims.*",
    "flow-lab.js",
    "learning-lab.js",
    "names-lab.js",
    "lab-*.json",
    "card.png",
    "favicon.svg",
)
PARTS = (
    Part(COURSE, "MIT", OWN),
    Part("katex", "MIT AND OFL-1.1", ("katex/*",),
         ("katex/katex.min.css", r'katex-version:+after\{content:"([\d.]+)"')),
    Part("sphinxcontrib-katex", "MIT", ("katex-math.css",)),
    Part("@fortawesome/fontawesome-free", "CC-BY-4.0 AND OFL-1.1 AND MIT",
         ("vendor/fontawesome/*", "scripts/fontawesome.js*"),
         ("scripts/fontawesome.js.LICENSE.txt", r"Font Awesome Free ([\d.]+)")),
    Part("bootstrap", "MIT", ("scripts/bootstrap.js*",),
         ("scripts/bootstrap.js.LICENSE.txt", r"Bootstrap v([\d.]+)")),
    Part("clipboard", "MIT", ("clipboard.min.js",),
         ("clipboard.min.js", r"clipboard\.js v([\d.]+)")),
    Part("sphinx-book-theme", "BSD-3-Clause",
         ("styles/sphinx-book-theme.css*", "scripts/sphinx-book-theme.js*", "locales/*/booktheme.*",
          "images/logo_*", "sbt-webpack-macros.html")),
    Part("pydata-sphinx-theme", "BSD-3-Clause",
         ("styles/pydata-sphinx-theme.css*", "styles/theme.css", "scripts/pydata-sphinx-theme.js*",
          "webpack-macros.html")),
    Part("Sphinx", "BSD-2-Clause",
         ("basic.css", "doctools.js", "documentation_options.js", "language_data.js",
          "searchtools.js", "sphinx_highlight.js", "translations.js", "file.png", "minus.png",
          "plus.png")),
    Part("Pygments", "BSD-2-Clause", ("pygments.css",)),
    # Chipmunk, in pymunk's sources, and zig's C library, as WebAssembly: see supply/simulator.py.
    Part("pymunk", "MIT", ("pusht-lab.js",), ("pusht-lab.js", r"pymunk ([\d.]*\d)"), "pypi"),
    Part("ziglang", "MIT", (), ("pusht-lab.js", r"ziglang ([\d.]*\d)"), "pypi"),
    Part("myst-nb", "BSD-3-Clause", ("mystnb.*.css",)),
    Part("sphinx-copybutton", "MIT",
         ("copybutton*", "copy-button.svg", "check-solid.svg")),
    Part("sphinx-togglebutton", "MIT", ("togglebutton.*",)),
    Part("sphinx-design", "MIT", ("sphinx-design.min.css", "design-tabs.js")),
    Part("sphinx-exercise", "MIT", ("exercise.css",)),
    Part("sphinx-proof", "MIT", ("proof.css",)),
)  # fmt: skip
# Bootstrap's rules stand in the sheet of the theme that is built on it, what zig's C library has
# for the simulator in the simulator.
INSIDE = {"pydata-sphinx-theme": ("bootstrap",), "pymunk": ("ziglang",)}


def part_of(file: str) -> Part:
    """The part that a file below ``_static`` belongs to.

    Raises:
        ValueError: if it belongs to none.
    """
    for part in PARTS:
        if any(fnmatch(file, pattern) for pattern in part.files):
            return part
    raise ValueError(f"a file that nobody expected: {file}; see book/finish/bill.py")


def version_of(part: Part, static: Path) -> str | None:
    """The version of a part; None for the course's own files.

    Raises:
        ValueError: if the file that should say it does not.
    """
    if part.name == COURSE:
        return None
    if not part.said:
        return version(part.name)
    file, pattern = part.said
    found = re.search(pattern, (static / file).read_text("utf-8"))
    if not found:
        raise ValueError(f"{file} does not say which version of {part.name} it is")
    return found[1]


def shipped(static: Path, finished: Path, bundled: dict[str, list[str]]) -> dict[Part, set[str]]:
    """The files of one language's finished pages that hold something of each part.

    Args:
        static: what Sphinx left: the ``_static`` of its pages.
        finished: the ``_static`` of the finished pages.
        bundled: for each file that was put together, those that went into it.
    """
    now = {file.relative_to(finished).as_posix() for file in finished.rglob("*") if file.is_file()}
    held: dict[Part, set[str]] = {}
    for name in sorted(now - set(bundled)):
        held.setdefault(part_of(name), set()).add(name)
    for name, sources in bundled.items():
        for source in sources:
            held.setdefault(part_of(source), set()).add(name)
    for file in static.rglob("*"):  # what was left out is known, too
        if file.is_file():
            part_of(file.relative_to(static).as_posix())
    for outer, inner in INSIDE.items():
        around = [files for part, files in held.items() if part.name == outer]
        for part in PARTS:
            if around and part.name in inner:
                held.setdefault(part, set()).update(
                    f for f in around[0] if f.endswith((".css", "pusht-lab.js"))
                )
    return held


def component(part: Part, number: str, files: list[str]) -> dict:
    """A part as CycloneDX writes it."""
    kind = part.registry or ("npm" if part.said else "pypi")
    address = part.name.replace("@", "%40") if kind == "npm" else part.name.lower()
    simple = " " not in part.licence
    return {
        "type": "library",
        "bom-ref": f"{kind}:{part.name}@{number}",
        "name": part.name,
        "version": number,
        "licenses": [{"license": {"id": part.licence}} if simple else {"expression": part.licence}],
        "purl": f"pkg:{kind}/{address}@{number}",
        "properties": [{"name": "course:file", "value": file} for file in files],
    }


def file_component(site: Path, name: str) -> dict:
    """A file of the site as CycloneDX writes it."""
    content = hashlib.sha256((site / name).read_bytes()).hexdigest()
    return {
        "type": "file",
        "bom-ref": f"file:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": content}],
    }


def write(site: Path, records: dict[str, tuple[Path, Path]]) -> None:
    """Write the bill of a site.

    Args:
        site: its folder.
        records: for each language, what Sphinx left (the folder of its pages), and the record of
            what ``book.finish.finished`` made of it.
    """
    held: dict[Part, set[str]] = {}
    numbers: dict[Part, str | None] = {}
    for language, (raw, record) in records.items():
        known = json.loads(record.read_text("utf-8"))
        parts = shipped(raw / "_static", site / language / "_static", bundles(known))
        for part, files in parts.items():
            held.setdefault(part, set()).update(f"{language}/_static/{file}" for file in files)
            numbers[part] = version_of(part, raw / "_static")
    found = [
        component(part, numbers[part], sorted(held[part]))
        for part in sorted(held, key=lambda part: part.name.lower())
        if part.name != COURSE
    ]
    names = sorted(set().union(*held.values()))
    course = {"type": "application", "bom-ref": "course", "name": "flow-matching-course"}
    bill = {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": course | {"licenses": [{"expression": "MIT AND CC-BY-4.0"}]}},
        "components": [*found, *(file_component(site, name) for name in names)],
        "dependencies": [{"ref": "course", "dependsOn": [part["bom-ref"] for part in found]}],
    }
    (site / NAME).write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n", "utf-8")


def bundles(known: dict) -> dict[str, list[str]]:
    """For each file that was put together, those that went into it, all below ``_static``."""

    def below(names: list[str]) -> list[str]:
        return [name.removeprefix("_static/") for name in names]

    (script,) = below([known["script"]["name"]])
    (sheet,) = below([known["sheet"]])
    return {script: below(known["script"]["own"]), sheet: below(known["sheets"])}
