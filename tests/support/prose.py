"""Numbers that a chapter says, and numbers that its cells print.

A decimal number or a percentage in a chapter's prose must have been printed above it by a cell of
its section (##), or by the claim that its line carries, rounded as the sentence rounds it. What is
quoted from others, or follows from a formula without a cell, stands in ``QUOTED``.
"""

import re
from pathlib import Path

from numbers_in_text import NUMBER, rounded, value
from outputs import text

from book.extension.claims import LINE
from book.run import execute
from book.run.cache import cache_path

SAID = re.compile(r"(?<![\w.^_/-])\d[\d,]*(?:\.\d+|(?:\.\d+)?(?=\s?%))(?![\d.]*(?:절|장))")
# Numbers of sections, formulas, code, roles (but claims), addresses, options, papers, quizzes.
ELSEWHERE = re.compile(
    r"\$\$.*?\$\$|\$[^$\n]*\$|(?:[Ss]ections?|Sec\.) \d+\.\d+(?:(?:,| and| to) \d+\.\d+)*"
    r"|`{3}\{(?!output-figure|exercise|solution|admonition)[^}]*\}.*?^`{3}$"
    r"|\{[\w:]+\}`[^`\n]*`|`[^`\n]*`|https?://\S+|arXiv:? ?\d+\.\d+"
    r"|^:[\w-]+:[^\n]*$|^#{3,} [^\n]*$|^- \[[ x]\] [^\n]*$",  # answers to pick may be wrong
    re.M | re.S,
)
# With what its rival was, in words: a number there is a setting, as in "modes widened 1.5 times".
CLAIM = re.compile(r"\{claim\}`([\w-]+)(?: *\|[^`\n]*)?`")
MARK = re.compile(r"<<([\w-]+)>>")  # what stands for a claim where backticks are taken for code
QUOTED = {
    "07-flow-matching-library": ("4.0", "10"),  # a licence; a setting
    "08-straight-paths": ("3.66", "3.58"),  # of a paper
    # Of papers and model cards, and the rules of the task: a threshold, the time between actions.
    "09-robotics": ("0.1", "0.95", "0.91", "0.96", "64", "95"),
    "10-one-step": ("313.54", "27.28", "3.55", "2.80", "3.43"),  # FID, of papers
    "11-guidance": ("1.81", "1.40"),  # two FIDs of a paper
}


def unprinted(page: Path) -> list[str]:
    """Lines of a chapter with a number that no cell printed."""
    outputs = iter(execute.outputs(cache_path(), page))
    cells = [
        (cell, text(next(outputs)) if cell.cell_type == "code" else "")
        for cell in execute.read(page).cells
    ]
    found, printed, claims = [], [], {}
    for _, shown in cells:
        figures = {match[2]: match.group(3, 4, 5) for match in LINE.finditer(shown)}
        claims |= {name: numbers(" ".join(filter(None, f))) for name, f in figures.items()}
    for cell, shown in cells:
        if cell.cell_type == "code":
            printed += numbers(shown)
            continue
        marked = CLAIM.sub(r"<<\1>>", cell.source)
        for line in re.sub(ELSEWHERE, " ", marked).splitlines():
            if line.startswith("## "):
                printed = []
                continue
            own = [number for name in MARK.findall(line) for number in claims.get(name, [])]
            for said in SAID.findall(MARK.sub("", line)):
                known = said in QUOTED.get(page.stem, ()) or matches(said, [*printed, *own])
                if not known:
                    found.append(f"{page.name}: {said} in: {line.strip()[:120]}")
    return found


def numbers(text: str) -> list[float]:
    """Every number of a text."""
    return [value(number) for number in NUMBER.findall(text)]


def matches(said: str, printed: list[float]) -> bool:
    """Whether some printed number is the one said; a share may be said as a percentage."""
    return any(rounded(said, number) or rounded(said, 100 * number) for number in printed)
