"""Which submissions resemble each other: a pointer for a person who then reads both, no verdict.

Fingerprints by winnowing, the method of MOSS: Schleimer, Wilkerson and Aiken 2003, "Winnowing:
local algorithms for document fingerprinting" (SIGMOD), section 3. Names, numbers, strings and
comments of the code are made equal first, so that renaming changes nothing. What the assignment
hands out and what many share is taken out.
"""

import contextlib
import hashlib
import io
import keyword
import re
import tempfile
import tokenize
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from classroom import handed_in, notebook, reading, sources
from classroom.key import Open, load, plain
from classroom.key import visible as shown_part
from classroom.plan import unanswered

GRAM, WINDOW = 8, 5  # tokens; matches of GRAM + WINDOW - 1 tokens are found for certain
LEAST = 80  # tokens of a piece: below, honest answers to one exercise are too alike
LEAST_SHARED, LEAST_SHARE = 60, 0.4  # tokens that both have, and their share of the shorter one
MANY = 0.25  # of the class, and at least three: what so many share is nobody's own


@dataclass(frozen=True)
class Token:
    """A token, made equal to others of its kind.

    Attributes:
        kind: what it counts as.
        line: where it stands, from 0.
    """

    kind: str
    line: int


@dataclass
class Piece:
    """A cell that a student has written.

    Attributes:
        title: number and first line.
        source: its text.
        code: whether it is code.
        prints: the places (first token) of each fingerprint.
        tokens: of the text.
    """

    title: str
    source: str
    code: bool
    tokens: list[Token] = field(default_factory=list)
    prints: dict[int, list[int]] = field(default_factory=dict)


@dataclass
class Pair:
    """Two submissions that resemble each other.

    Attributes:
        one: a student.
        other: the other.
        share: of the shorter one's tokens that both have, 0 to 1.
        tokens: how many tokens both have, of the one that has fewer.
        pieces: cells to show side by side, with the lines that both have.
    """

    one: str
    other: str
    share: float
    tokens: int
    pieces: list[tuple[Piece, set[int], Piece, set[int]]]


def tokens_of(source: str, code: bool) -> list[Token]:
    """A text as tokens in which names, numbers, strings and layout are equal.

    Args:
        source: code or prose.
        code: which of the two.

    Returns:
        Its tokens; of code that Python cannot read, words and signs.
    """
    if not code:
        return _words(source)
    source = re.sub(r"^[ \t]*[%!].*$", "", source, flags=re.M)  # IPython's own commands
    found = []
    skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENCODING)
    try:
        for item in tokenize.generate_tokens(io.StringIO(source).readline):
            kind = item.string
            if item.type in skipped or item.type == tokenize.ENDMARKER:
                continue
            if item.type in (tokenize.INDENT, tokenize.DEDENT):
                continue
            if item.type == tokenize.NAME and not keyword.iskeyword(kind):
                kind = "name"
            elif item.type == tokenize.NUMBER:
                kind = "1"
            elif item.type == tokenize.STRING or item.type not in (tokenize.NAME, tokenize.OP):
                kind = "text"
            found.append(Token(kind, item.start[0] - 1))
    except (tokenize.TokenError, SyntaxError):
        return [
            Token("name" if re.match(r"\w", word.kind) else word.kind, word.line)
            for word in _words(source, r"#.*|\w+|[^\w\s]")
            if not word.kind.startswith("#")
        ]
    return found


def _words(source: str, pattern: str = r"\w+") -> list[Token]:
    """Words with their lines."""
    return [
        Token(match[0].lower(), number)
        for number, line in enumerate(source.splitlines())
        for match in re.finditer(pattern, line)
    ]


def fingerprints(tokens: list[Token]) -> dict[int, list[int]]:
    """Winnowed fingerprints: of each window of hashes the least one, the rightmost of equals.

    Args:
        tokens: of a text.

    Returns:
        The first tokens of each fingerprint's places, by its hash.
    """
    kinds = [token.kind for token in tokens]
    hashes = []
    for start in range(len(kinds) - GRAM + 1):
        gram = "\0".join(kinds[start : start + GRAM]).encode("utf-8", "replace")
        hashes.append(int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest(), "big"))
    chosen = set()
    for start in range(max(len(hashes) - WINDOW + 1, min(1, len(hashes)))):
        window = hashes[start : start + WINDOW]
        least = min(window)
        chosen.add(start + len(window) - 1 - window[::-1].index(least))
    found: dict[int, list[int]] = {}
    for place in sorted(chosen):
        found.setdefault(hashes[place], []).append(place)
    return found


def every_hash(source: str, code: bool) -> set[int]:
    """All fingerprints that a text could have, winnowed or not."""
    tokens, found = tokens_of(source, code), set()
    kinds = [token.kind for token in tokens]
    for start in range(len(kinds) - GRAM + 1):
        gram = "\0".join(kinds[start : start + GRAM]).encode("utf-8", "replace")
        found.add(int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest(), "big"))
    return found


def handed_out(name: str, language: str) -> set[int]:
    """The fingerprints of what students are given: texts, setup, stubs and visible checks."""
    found: set[int] = set()
    for cell in notebook.read(sources.find(name, language)).cells:
        text = shown_part(cell.source)
        text = re.sub(r"^ *### BEGIN SOLUTION.*?### END SOLUTION", "", text, flags=re.M | re.S)
        if not cell.metadata.nbgrader.grade_id.endswith("-open"):
            found |= every_hash(text, cell.cell_type == "code")
    return found


def pieces_of(submission: reading.Submission) -> list[Piece]:
    """What a student has written, cell by cell; what is too short is left out.

    Args:
        submission: what was handed in.

    Returns:
        Pieces with their fingerprints.
    """
    key = load(submission.name, submission.language)
    answers = {
        f"{item.name}-{'open' if isinstance(item, Open) else 'exercise'}" for item in key.graded
    }
    made = []
    for cell in submission.cells:
        own = cell.grade_id in answers or plain(cell.source) not in key.locked
        if cell.grade_id and cell.grade_id not in answers or not own or unanswered(cell.source):
            continue
        piece = Piece(cell.title, cell.source, cell.code, tokens_of(cell.source, cell.code))
        if len(piece.tokens) >= LEAST:
            piece.prints = fingerprints(piece.tokens)
            made.append(piece)
    return made


def _covered(piece: Piece, shared: set[int]) -> set[int]:
    """The tokens of a piece that lie within shared fingerprints."""
    return {
        place + step
        for print_ in shared & piece.prints.keys()
        for place in piece.prints[print_]
        for step in range(GRAM)
    }


def pairs(submissions: dict[str, reading.Submission]) -> tuple[list[Pair], list[str]]:
    """Which submissions to one assignment resemble each other.

    Args:
        submissions: by student, all of one assignment.

    Returns:
        Pairs, the most alike first; and the students whose answers are too short to say anything.
    """
    names = sorted(submissions)
    known: set[int] = set()
    for name, language in {(s.name, s.language) for s in submissions.values()}:
        known |= handed_out(name, language)
    written = {name: pieces_of(submissions[name]) for name in names}
    counts = Counter(
        print_
        for mine in written.values()
        for print_ in {p for piece in mine for p in piece.prints}
    )
    many = max(3, int(MANY * len(names)))
    known |= {print_ for print_, number in counts.items() if number > many}
    for mine in written.values():
        for piece in mine:
            piece.prints = {p: at for p, at in piece.prints.items() if p not in known}
    found = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            if pair := _compared(one, written[one], other, written[other]):
                found.append(pair)
    found.sort(key=lambda pair: (-pair.share, -pair.tokens, pair.one, pair.other))
    return found, [name for name in names if not written[name]]


def _compared(one: str, mine: list[Piece], other: str, theirs: list[Piece]) -> Pair | None:
    """A pair, if there is enough that both have."""
    shared = {p for piece in mine for p in piece.prints} & {
        p for piece in theirs for p in piece.prints
    }
    sides = []
    for pieces in (mine, theirs):
        covered = [_covered(piece, shared) for piece in pieces]
        # What everybody has is not in the whole, either.
        whole = sum(len(_covered(piece, set(piece.prints))) for piece in pieces)
        sides.append((sum(map(len, covered)), whole))
    (both, whole), (both_there, whole_there) = sides
    tokens = min(both, both_there)
    share = tokens / max(1, min(whole, whole_there))
    if tokens < LEAST_SHARED or share < LEAST_SHARE:
        return None
    shown = []
    for piece in mine:
        alike = [(len(piece.prints.keys() & its.prints.keys()), i) for i, its in enumerate(theirs)]
        best, at = max(alike, key=lambda item: (item[0], -item[1]), default=(0, 0))
        if best:
            its = theirs[at]
            lines = [{part.tokens[i].line for i in _covered(part, shared)} for part in (piece, its)]
            shown.append((piece, lines[0], its, lines[1]))
    return Pair(one, other, min(1.0, share), tokens, shown)


def alike(folder: Path, names: set[str]) -> dict[str, tuple[list[Pair], list[str]]]:
    """Compare what was handed in, assignment by assignment.

    Args:
        folder: see ``classroom.handed_in``.
        names: of the assignments in the table.

    Returns:
        What ``pairs`` says, by assignment; of those of which two or more were handed in.
    """
    groups: dict[str, dict[str, reading.Submission]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for item in handed_in.find(folder, Path(scratch))[0]:
            with contextlib.suppress(ValueError):  # no notebook: its row says so
                found = reading.read(item.path)
                groups.setdefault(found.name, {})[item.student] = found
    return {
        name: pairs(mine)
        for name, mine in sorted(groups.items())
        if name in names and len(mine) > 1
    }
