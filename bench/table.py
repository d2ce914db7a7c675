"""The tables, in Markdown: rows with their ratios, how cost grows, and where we lose and why."""

from typing import NamedTuple

from bench.turns import FLOOR, OURS, Ratio, Row, exponent
from bench.words import (
    CAPTION,
    GROUPS,
    GROWTH,
    GROWTH_HEADS,
    HEADS,
    LOST,
    NOTHING_LOST,
    OTHER_REASON,
    REASONS,
    RIVALS,
    VALUES,
    WORK,
)


class Growth(NamedTuple):
    """Rows of one kind that differ in one size, named by its key in ``what``."""

    variable: str
    rows: list[Row]


def figures(value: float) -> str:
    """Three figures, and never an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.{2 if value < 10 else 1}f}"


def name(row: Row, language: str) -> str:
    words = {
        key: VALUES[x][language] if isinstance(x, str) else f"{x:,}" for key, x in row.what.items()
    }
    return GROUPS[row.group][language].format(**words)


def rival(key: str, language: str) -> str:
    return RIVALS.get(key, {}).get(language, key)


def said(found: Ratio) -> str:
    return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"


def lines(head: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """A table whose first column is text and whose others are numbers."""
    rule = "|---|" + "---:|" * (len(head) - 1)
    return [f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)]


def ratios(rows: list[Row], language: str) -> list[str]:
    table = []
    for row in rows:
        against = (f"{rival(key, language)} {said(r)}" for key, r in row.ratios.items())
        table.append([name(row, language), figures(1e3 * row.seconds[OURS]), ", ".join(against)])
    return lines(HEADS[language], table)


def growth(series: list[Growth], language: str) -> list[str]:
    """Fitted exponents: 1 means that twice the size takes twice the time."""
    table = []
    for variable, rows in series:
        sizes = [row.what[variable] for row in rows]
        slopes = (
            f"{rival(key, language)} {exponent(sizes, [row.seconds[key] for row in rows]):.2f}"
            for key in rows[0].seconds
            if key != FLOOR
        )
        kind = [WORK[rows[0].group][language], GROWTH[variable][language]]
        table.append([*kind, f"{sizes[0]:,}", f"{sizes[-1]:,}", ", ".join(slopes)])
    return lines(GROWTH_HEADS[language], table)


def lost(rows: list[Row], language: str) -> list[str]:
    """The reasons, each with all ratios that are below 1 as they are printed."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for key, r in row.ratios.items():
            if key != FLOOR and round(r.median, 2) < 1:
                reason = REASONS.get((row.group, key), OTHER_REASON)[language]
                what = f"{name(row, language)}, {rival(key, language)} {r.median:.2f}"
                found.setdefault(reason, []).append(what)
    if not found:
        return [NOTHING_LOST[language]]
    bullets = (f"- {reason}: {'; '.join(cases)}" for reason, cases in found.items())
    return [LOST[language], "", *bullets]


def page(rows: list[Row], series: list[Growth], language: str, **about: str) -> str:
    """All that stands between the markers, in one language."""
    parts = [[CAPTION[language].format(**about)], ratios(rows, language)]
    parts += [growth(series, language)] if series else []
    return "\n\n".join("\n".join(part) for part in [*parts, lost(rows, language)])
