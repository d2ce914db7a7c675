"""Whether what a notebook has stored is what its cells print now."""

import re

from numbers_in_text import NUMBER, close

from book.extension.claims import LINE

# What a clock measured repeats on no machine. Each pattern names its cells' words around it, and
# only the numbers in its groups may differ; a pattern that meets nothing any more fails a test.
CLOCK = {
    "03-deeper": (r"images ([\d.]+) ms, 16 times as many ([\d.]+) ms, (\d+) times as long",),
    "07-flow-matching-library": (
        r"weights, (\d+) s,",
        r"^\d+ pictures in (\d+) s$",
    ),
    "08-deeper": (r"\bbatch \d+: ([\d.]+) ms",),
    "09-robotics": (r"evaluations? +median +([\d.]+) ms, 99th percentile +([\d.]+) ms$",),
}
# Claims about what a clock measured: of these only the bound is compared.
CLOCK_CLAIMS = {
    "08-deeper": ("str-pairing-time",),
}
# The error of an identity is rounding, which another processor does otherwise; its bound stays.
ROUNDING = (r"^identity [\w-]+: (\S+) <",)


def text(outputs: list) -> str:
    """What a reader sees of the outputs that are stored."""
    shown = [
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    ]
    return "\n".join("".join(part) for part in shown)


def timeless(shown: str, chapter: str) -> str:
    """The same without what a clock measured, and without mere rounding; a claim in one line."""

    def claim(match: re.Match) -> str:
        _, name, figure, rival, seeds = match.groups()
        if name in CLOCK_CLAIMS.get(chapter, ()):
            *low, _, sign, bound = figure.split(" ")
            return f"claim {name}: {' '.join([*low, '(time)', sign, bound])}"
        parts = [figure, rival and f"rival {rival}", seeds and f"seeds {seeds}"]
        return f"{match[1]} {name}: {'; '.join(filter(None, parts))}"

    shown = LINE.sub(claim, shown)
    for pattern in (*ROUNDING, *CLOCK.get(chapter, ())):
        shown = re.sub(pattern, _blank, shown, flags=re.M)
    return shown


def _blank(match: re.Match) -> str:
    """What was found, with its groups blotted out."""
    parts, at = [], match.start()
    for group in range(1, match.re.groups + 1):
        parts += [match.string[at : match.start(group)], "(time)"]
        at = match.end(group)
    return "".join([*parts, match.string[at : match.end()]])


def difference(stored: str, given: str, chapter: str) -> str:
    """The first line that differs, in words; nothing if none does."""
    old, new = (timeless(shown, chapter).splitlines() for shown in (stored, given))
    for before, now in zip(old, new, strict=False):
        words = [re.sub(r"\s+", " ", NUMBER.sub("#", line)).strip() for line in (before, now)]
        numbers = zip(NUMBER.findall(before), NUMBER.findall(now), strict=False)
        if words[0] != words[1] or not all(close(*pair) for pair in numbers):
            return f"stored: {before}\n now:    {now}"
    if len(old) != len(new):
        return f"stored: {len(old)} lines\n now:    {len(new)} lines"
    return ""
