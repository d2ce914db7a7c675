r"""Names of places in Hangul and in Latin letters, and networks that learned to write more.

``places.tsv`` holds the Korean and English names of territories and of the exemplar cities of time
zones, from Unicode CLDR as Babel 2.18 ships it, under the Unicode licence V3 (``LICENSE.unicode``).
Names of one word are kept. A Hangul syllable is three letters: an initial, a medial and a final,
which may be none.
"""

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from utils.discrete import StringNet

__all__ = [
    "LANGUAGES",
    "decode",
    "edit_distance",
    "encode",
    "held_out",
    "letters_of",
    "load",
    "read_names",
    "recorded",
    "size",
    "well_formed",
]

FOLDER = Path(__file__).parent
LANGUAGES = ("ko", "en")
RECIPES = ("careful", "careless")
INITIALS, MEDIALS, FINALS, FIRST = 19, 21, 28, 0xAC00
JAMO = INITIALS + MEDIALS + FINALS
SYLLABLES, LATIN = 5, 10  # the longest name
HIDDEN, DEPTH = 128, 2
HELD_OUT = 5  # every fifth name, after shuffling


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise ValueError(f"language must be one of {LANGUAGES}, got {language!r}")


def size(language: str) -> tuple[int, int]:
    """Number of letters K, the blank that fills up a name included, and length D."""
    _check_language(language)
    return (JAMO + 1, 3 * SYLLABLES) if language == "ko" else (27, LATIN)


def read_names(language: str) -> list[str]:
    """The names that are kept, each once, sorted.

    Hangul: one word of 2 to 5 syllables. English: one word of 3 to 10 letters, without accents, in
    small letters.

    Raises:
        ValueError: if the language is unknown.
    """
    _check_language(language)
    rows = (FOLDER / "places.tsv").read_text("utf-8").splitlines()
    column = [row.split("\t")[LANGUAGES.index(language)] for row in rows]
    if language == "ko":
        fits = {w for w in column if 2 <= len(w) <= SYLLABLES and all("가" <= c <= "힣" for c in w)}
        return sorted(fits)
    plain = {
        unicodedata.normalize("NFKD", w).encode("ascii", "ignore").decode().lower() for w in column
    }
    return sorted(w for w in plain if 3 <= len(w) <= LATIN and w.isalpha())


def held_out(language: str) -> tuple[list[str], list[str]]:
    """Names for training, and every fifth name, which the networks have not seen."""
    names = read_names(language)
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(0)).tolist()
    shuffled = [names[i] for i in order]
    kept = [name for i, name in enumerate(shuffled) if i % HELD_OUT]
    return kept, shuffled[::HELD_OUT]


def _letters(name: str, language: str) -> list[int]:
    if language == "en":
        return [ord(c) - ord("a") for c in name]
    found = []
    for syllable in name:
        number = ord(syllable) - FIRST
        initial, rest = divmod(number, MEDIALS * FINALS)
        medial, final = divmod(rest, FINALS)
        found += [initial, INITIALS + medial, INITIALS + MEDIALS + final]
    return found


def encode(names: Sequence[str], language: str) -> Tensor:
    """Names as integers, filled up with blanks at the end, shape ``(B, D)``.

    Raises:
        ValueError: if a name is too long or has other letters.
    """
    letters, length = size(language)
    rows = torch.full((len(names), length), letters - 1)
    for row, name in zip(rows, names, strict=True):
        found = _letters(name, language)
        if len(found) > length or any(not 0 <= a < letters - 1 for a in found):
            raise ValueError(f"{name!r} is too long or has letters that are not in the alphabet")
        row[: len(found)] = torch.tensor(found)
    return rows


def _syllable(a: int, b: int, c: int, masked: str, wrong: str) -> str:
    """Three letters as one sign; with masks, each letter that is known, and a dot for a blank."""
    if a == b == c:
        return {JAMO: "\0", JAMO + 1: masked}.get(a, 3 * wrong)
    right = (
        0 <= a < INITIALS,
        INITIALS <= b < INITIALS + MEDIALS,
        INITIALS + MEDIALS <= c < JAMO,
    )
    if all(right):
        final = c - INITIALS - MEDIALS
        return chr(FIRST + (a * MEDIALS + b - INITIALS) * FINALS + final)
    hidden = JAMO + 1 in (a, b, c)
    starts = (0x1100, 0x1161 - INITIALS, 0x11A7 - INITIALS - MEDIALS)
    signs = ""
    for x, fits, start in zip((a, b, c), right, starts, strict=True):
        if x == JAMO + 1:
            signs += masked
        elif x == INITIALS + MEDIALS and fits:
            signs += ""  # no final
        elif fits:
            signs += chr(start + x)
        else:
            signs += "\u00b7" if hidden and x == JAMO else wrong
    return unicodedata.normalize("NFC", signs)  # an initial and a medial as one sign


def decode(x: Tensor, language: str, masked: str = "_", wrong: str = "?") -> list[str]:
    """Integers as text; a blank before a letter, or a letter of the wrong kind, is ``wrong``.

    Args:
        x: strings, shape ``(B, D)``; masks are allowed.
        language: ``"ko"`` or ``"en"``.
        masked: what stands for a mask.
        wrong: what stands for a letter in a place where it cannot be.
    """
    letters, _ = size(language)
    names = []
    for row in x.tolist():
        if language == "ko":
            parts = [_syllable(*row[i : i + 3], masked, wrong) for i in range(0, len(row), 3)]
        else:
            signs = "abcdefghijklmnopqrstuvwxyz\0"
            parts = [masked if a == letters else signs[a] for a in row]
        last = max((i for i, part in enumerate(parts) if part not in ("\0", masked)), default=-1)
        head, tail = "".join(parts[: last + 1]), "".join(parts[last + 1 :])
        names.append(head.replace("\0", wrong) + tail.replace("\0", ""))
    return names


def well_formed(x: Tensor, language: str) -> Tensor:
    """Whether strings without masks are names that can be written: blanks only at the end.

    In Hangul, every syllable needs an initial, a medial and a final (or none) in this order.
    """
    letters, length = size(language)
    groups = x.unflatten(1, (-1, 3)) if language == "ko" else x[..., None]
    blank = (groups == letters - 1).all(-1)
    late = (blank[:, :-1] & ~blank[:, 1:]).any(1)
    right = groups < letters - 1
    if language == "ko":
        low = torch.tensor([0, INITIALS, INITIALS + MEDIALS])
        high = torch.tensor([INITIALS, INITIALS + MEDIALS, JAMO])
        right = (groups >= low) & (groups < high)
    return (right.all(-1) | blank).all(1) & ~late & ~blank[:, 0]


def letters_of(name: str, language: str) -> list[int]:
    """The letters that are written: of Hangul without the finals that are none."""
    return [a for a in _letters(name, language) if language == "en" or a != INITIALS + MEDIALS]


def edit_distance(a: Sequence, b: Sequence) -> int:
    """Least number of letters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1]


def load(language: str, which: str = "careful") -> StringNet:
    """A recorded network.

    Args:
        language: ``"ko"`` or ``"en"``.
        which: ``"careful"``, trained with dropout and weight decay, or ``"careless"``, without.

    Raises:
        ValueError: if there is no such network.
    """
    if which not in RECIPES:
        raise ValueError(f"which must be one of {RECIPES}, got {which!r}")
    net = StringNet(*size(language), hidden=HIDDEN, depth=DEPTH)
    with np.load(FOLDER / f"recorded/{language}-{which}.npz", allow_pickle=False) as arrays:
        net.load_state_dict({name: torch.from_numpy(a).float() for name, a in arrays.items()})
    return net.eval()


def recorded() -> dict:
    """What the recorded run measured.

    Returns:
        The settings, and under ``"ko-careful"`` and so on a row for every 250 steps: ``step``, the
        bound on ``seen`` and ``unseen`` names in nats, and ``copies``, the share of samples that
        stand in the training list.
    """
    return json.loads((FOLDER / "recorded/results.json").read_text("utf-8"))
