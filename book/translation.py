"""What one language has that the other has not been told: ``python -m book.translation [NAME]``.

For each pair of pages, such as ``chapters/ko/NAME.md`` and ``chapters/en/NAME.md``, it lists the
paragraphs of each that have changed since the last commit that touched the other one. Code cells
are left out: they are the same in both, and a test says so.
"""

import argparse
import difflib
import itertools
import re
import signal
import subprocess
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.console import print_anything

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("chapters", "assignments")
ALONE = ("README", "CONTRIBUTING")  # NAME.ko.md and NAME.md
OTHER = {"ko": "en", "en": "ko"}
LABEL = re.compile(r"\([\w-]+\)=$|:(label|name): |`{3,}\{output-figure\}")


@dataclass(frozen=True)
class Paragraph:
    """Lines between empty ones, without their indentation.

    Attributes:
        lines: the sentences; one stands on each line.
        first: number of the first line in the file, from 1.
    """

    lines: tuple[str, ...]
    first: int

    @property
    def where(self) -> str:
        """``12`` or ``12-15``."""
        last = self.first + len(self.lines) - 1
        return str(self.first) if last == self.first else f"{self.first}-{last}"


@dataclass(frozen=True)
class Change:
    """A paragraph as it was when the other language was last touched, and as it is now."""

    old: Paragraph | None
    new: Paragraph | None


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page with their numbers; those of its header and its code cells are empty."""
    closing = "---" if text.startswith("---\n") else ""
    for number, row in enumerate(text.splitlines(), start=1):
        row = row.strip()
        cell = re.match(r"(`{3,})\{code-cell\}", row)
        inside = bool(closing or cell)
        if closing and number > 1 and row == closing:
            closing = ""
        elif cell and not closing:
            closing = cell[1]
        yield number, "" if inside else row


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a page's prose."""
    found = []
    for filled, rows in itertools.groupby(prose(text), key=lambda row: bool(row[1])):
        if filled:
            numbers, lines = zip(*rows, strict=True)
            found.append(Paragraph(lines, numbers[0]))
    return found


def landmarks(text: str) -> list[int]:
    """The lines of headings, labels and figures, of which both languages have the same."""
    found, fence = [], ""
    for number, row in prose(text):
        mark = re.match(r"`{3,}|~{3,}", row)
        # A comment in a block of commands is no heading.
        if LABEL.match(row) or (not fence and re.match(r"#+ ", row)):
            found.append(number)
        if fence:
            fence = "" if row == fence else fence
        elif mark:
            fence = mark[0]
    return found


def changes(old: str, new: str) -> list[Change]:
    """The paragraphs that two versions of a page do not share, in order."""
    before, after = paragraphs(old), paragraphs(new)
    texts = [[paragraph.lines for paragraph in side] for side in (before, after)]
    found = []
    matcher = difflib.SequenceMatcher(None, *texts, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        left, right = before[a:b], after[c:d]
        for position in range(max(len(left), len(right))):
            pair = [side[position] if position < len(side) else None for side in (left, right)]
            found.append(Change(*pair))
    return found


def git(root: Path, *words: str) -> str:
    """What git says; stop with its own message if it refuses."""
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise SystemExit("translation: git is not installed; it knows what has changed") from None
    if done.returncode:
        raise SystemExit(f"translation: {done.stderr.strip()}")
    return done.stdout


def at(root: Path, commit: str, file: Path) -> str:
    """A file as it was; nothing if it was not there."""
    name = file.relative_to(root).as_posix()
    if not git(root, "ls-tree", "--name-only", commit, "--", f":(literal){name}"):
        return ""
    return git(root, "show", f"{commit}:./{name}")


def pairs(root: Path) -> Iterator[dict[str, Path]]:
    """The files that say the same in two languages, whether or not both are there."""
    for folder in FOLDERS:
        names = {file.name for code in OTHER for file in (root / folder / code).glob("*.md")}
        for name in sorted(names):
            yield {code: root / folder / code / name for code in OTHER}
    for name in ALONE:
        pair = {"ko": root / f"{name}.ko.md", "en": root / f"{name}.md"}
        if any(file.exists() for file in pair.values()):
            yield pair


def report(root: Path, source: Path, target: Path, since: str = "") -> list[str]:
    """What ``target`` has not been told of ``source``, as lines to print; none if nothing.

    Args:
        root: of the repository's checkout.
        source: the page that may have moved on.
        target: the same page in the other language.
        since: compare with this revision; by default the last one that touched ``target``.
    """
    short, other = (file.relative_to(root).as_posix() for file in (source, target))
    if not source.exists():
        return []
    if not target.exists():
        return [f"{short}: all of it; there is no {other}"]
    base = since or git(root, "log", "-1", "--format=%H", "--", f":(literal){other}").strip()
    if not base:
        return []  # both are new: nothing to compare with before they are committed
    before, text = at(root, base, source), source.read_text("utf-8")
    found = changes(before, text)
    if not found:
        return []
    told = git(root, "log", "-1", "--format=%h of %as", base).strip()
    lines = [f"{short}: what {other} has not been told since {told}"]
    # The last landmark before a paragraph says where to look in the other language.
    sides = landmarks(before), landmarks(text), [1, *landmarks(target.read_text("utf-8")), 1]
    for change in found:
        place, own = (change.new, sides[1]) if change.new else (change.old, sides[0])
        kind = "changed" if change.old and change.new else "new" if change.new else "removed, was"
        passed = bisect_right(own, place.first)
        line = sides[2][min(passed, len(sides[2]) - 1)]
        lines.append(f"\n  {kind} {short}:{place.where}; see {other}:{line}")
        old, new = (list(side.lines) if side else [] for side in (change.old, change.new))
        rows = [row for row in difflib.ndiff(old, new) if row[:2] in ("- ", "+ ")]
        lines += [f"    {row}" for row in rows]
    return [*lines, ""]


def main(argv: list[str] | None = None, root: Path = ROOT) -> None:
    """Print what has to be translated."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m book.translation", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="part of a page's name, such as 03")
    parser.add_argument("--lang", choices=tuple(OTHER), help="only what changed in this language")
    parser.add_argument(
        "--since",
        default="",
        metavar="COMMIT",
        help="since this commit, where the last one in the other language mended a typing error",
    )
    options = parser.parse_args(argv)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads the list may stop early
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        print("translation: this clone has no history; `git fetch --unshallow` brings it\n")
    nothing = True
    for pair in pairs(root):
        if options.name not in pair["en"].relative_to(root).as_posix():
            continue
        for language in [options.lang] if options.lang else OTHER:
            lines = report(root, pair[language], pair[OTHER[language]], options.since)
            nothing = nothing and not lines
            print("\n".join(lines), end="\n" if lines else "")
    if nothing:
        print("translation: the two languages have been told the same")


if __name__ == "__main__":
    main()
