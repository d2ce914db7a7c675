"""Numbers in text: found, read, and compared as far as they are printed."""

import re

# Not a part of a word, an address or a version; a sign counts only where one can stand.
NUMBER = re.compile(
    r"(?:(?<![\w.)\]])-)?(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|\bnan\b|\binf\b"
)
RELATIVE, UNITS = 0.05, 2  # what another processor may change: 5 %, or 2 in the last digit printed


def value(text: str) -> float:
    """The number that a text shows."""
    return float(text.replace(",", ""))


def unit(text: str) -> float:
    """What one more in its last digit would add."""
    mantissa, _, exponent = text.replace(",", "").partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def close(stored: str, given: str) -> bool:
    """Whether two printed numbers are the same measurement: whole numbers exactly so."""
    if stored == given:
        return True
    if not re.search(r"[.e]", stored) or "nan" in (stored, given) or "inf" in (stored, given):
        return False
    room = max(RELATIVE * abs(value(stored)), UNITS * unit(stored))
    return abs(value(stored) - value(given)) <= room * (1 + 1e-9)


def rounded(said: str, printed: float) -> bool:
    """Whether a sentence says a printed number, rounded as the sentence rounds it."""
    return abs(abs(value(said)) - abs(printed)) <= 0.5 * unit(said) * (1 + 1e-9)
