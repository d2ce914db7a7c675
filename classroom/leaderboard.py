"""The leaderboard of the contest, from the table of points: CSV, Markdown and HTML."""

import csv
import functools
import html
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from classroom import contest, notebook, sources, table
from classroom.table import Row
from utils.checks import sampler

NAME, EXERCISE = "contest", "1-sampler"
WORDS = {
    "title": (
        "순위표: 신경망을 4번만 호출하는 샘플러",
        "Leaderboard: samplers with four evaluations",
    ),
    "rank": ("순위", "Rank"),
    "who": ("이름", "Name"),
    "score": ("점수", "Score"),
    "spread": ("표준오차", "Standard error"),
    "shares": ("비율의 오차", "Error of shares"),
    "width": ("너비의 비", "Ratio of widths"),
    "date": ("제출", "Handed in"),
    "remark": ("비고", "Remark"),
    "late": ("늦게 제출하여 순위에 넣지 않았습니다.", "Handed in late, so it has no rank."),
    "tie": ("공동", "tied"),
    "other": (
        "다른 신경망으로 채점했습니다. 다시 채점하세요.",
        "Graded on other networks: grade it again.",
    ),
    "ours": ("비교 기준", "for comparison"),
    "euler": ("오일러 4스텝", "4 Euler steps"),
    "midpoint": ("중점 2스텝", "2 midpoint steps"),
    "example": ("모범 답안", "model answer"),
    "about": (
        "점수는 숨은 신경망 {networks}개의 샘플과 새 데이터의 에너지 거리에 1000을 곱한 값이며, "
        "작을수록 좋습니다. 시드 {seeds}개의 평균과 그 표준오차입니다. 같은 시드끼리 비교한 "
        "차이의 평균이 표준오차의 2배를 넘지 않으면 공동 순위이고, 순위에 =를 붙였습니다. "
        "비율의 오차는 모드의 비율이 데이터와 가장 크게 다른 정도로, 0이면 같습니다. "
        "너비의 비는 모드의 너비를 데이터의 너비로 나눈 값으로, 1이면 같습니다.",
        "The score is the energy distance of samples to fresh data, times 1,000, a mean over "
        "{networks} hidden networks; smaller is better. It is given with its standard error over "
        "{seeds} seeds. Who differs from the first of a group, seed by seed, by no more than two "
        "standard errors shares its rank, which then has the sign =. The error of shares is the "
        "largest difference between a mode's share and that of the data: 0 where they are equal. "
        "The ratio of widths divides the width of a mode by that of the data: 1 where they are "
        "equal.",
    ),
}
COLUMNS = ("rank", "who", "score", "spread", "shares", "width", "date", "remark")


@dataclass
class Entry:
    """A line of the leaderboard.

    Attributes:
        who: the student, or a sampler that is there for comparison.
        scores: one for each seed; empty where there are none.
        shares: largest error of a mode's share, a mean over the runs.
        width: mean ratio of widths.
        date: when it was handed in.
        remark: why it has no rank, or "".
        ours: whether it is there for comparison only.
        rank: its place, or "".
    """

    who: str
    scores: list[float] = field(default_factory=list)
    shares: float = math.nan
    width: float = math.nan
    date: str = ""
    remark: str = ""
    ours: bool = False
    rank: str = ""

    @property
    def ranked(self) -> bool:
        """Whether it takes part."""
        return bool(self.scores) and not self.ours and not self.remark


def _word(key: str, language: str, **values: object) -> str:
    return WORDS[key][language == "en"].format(**values)


def entry(row: Row, on: str, due: str, language: str) -> Entry:
    """The line of one submission.

    Args:
        row: of the exercise with the sampler.
        on: the fingerprint of networks and seeds that count.
        due: ``YYYY-MM-DD HH:MM``, or "" for no limit.
        language: of remarks.

    Returns:
        A line, not ranked yet.
    """
    try:
        told = json.loads(row.get("measured") or "{}")
        found = [float(value) for value in told.get("scores", [])]
        shares, width = float(told.get("shares", "nan")), float(told.get("width", "nan"))
    except (ValueError, TypeError, AttributeError):  # a spreadsheet has cut it
        told, found, shares, width = {}, [], math.nan, math.nan
    date = (row.get("handed_in") or "").strip()
    due = f"{due} 23:59" if len(due) == 10 else due
    late = date.endswith("LATE") or bool(due and date[:16] > due)
    remark = ""
    if found and told.get("on") != on:
        found, remark = [], _word("other", language)
    elif not found:
        remark = row["hint"] or "?"
    if late:
        remark = " ".join(filter(None, [_word("late", language), remark]))
    return Entry(row["student"], found, shares, width, date, remark)


def order(entries: list[Entry]) -> list[Entry]:
    """The lines in order, ranked; who cannot be told from the first of a group shares its rank.

    Args:
        entries: in any order.

    Returns:
        Those with scores, the best first; then the others by name.
    """
    there = [item for item in entries if item.scores and (item.ranked or item.ours)]
    there.sort(key=lambda item: (sum(item.scores) / len(item.scores), item.who))
    ranked, first, groups = [item for item in there if item.ranked], None, {}
    for place, item in enumerate(ranked, 1):
        if first is None or sampler.better(first.scores, item.scores):
            first, number = item, place
        item.rank = str(number)
        groups.setdefault(item.rank, []).append(item)
    for number, members in groups.items():
        if len(members) > 1:
            for item in members:
                item.rank = f"{number}="
    rest = [item for item in entries if not any(item is other for other in there)]
    return there + sorted(rest, key=lambda item: item.who)


@functools.cache
def example() -> object:
    """The sampler of the model answer, from the key."""
    space: dict = {"__name__": "key"}
    for cell in notebook.read(sources.find(NAME, "en")).cells:
        if cell.metadata.nbgrader.grade_id in ("start-code", f"{EXERCISE}-exercise"):
            exec(compile(cell.source, "<key>", "exec"), space)
    return space["sample"]


def compared(language: str) -> list[Entry]:
    """What stands on every leaderboard, measured as submissions are."""
    made = []
    tasks, seeds = contest.hidden(), contest.seeds()
    for key, sample in (
        ("euler", sampler.euler),
        ("midpoint", sampler.midpoint),
        ("example", example()),
    ):
        told: dict = {}
        sampler.scores(sample, tasks, seeds, recorded=told)
        who = _word(key, language)
        made.append(Entry(who, told["scores"], told["shares"], told["width"], ours=True))
    return made


def lines(entries: list[Entry], language: str) -> list[list[str]]:
    """The cells of the leaderboard, as text."""
    made = []
    for item in entries:
        mean, spread = sampler.mean_and_spread(item.scores) if item.scores else (None, None)
        numbers = [(mean, ".2f"), (spread, ".2f"), (item.shares, ".3f"), (item.width, ".2f")]
        shown = [
            "" if value is None or not item.scores or math.isnan(value) else format(value, form)
            for value, form in numbers
        ]
        remark = _word("ours", language) if item.ours else item.remark
        date = item.date.removesuffix("LATE").strip()  # the remark says so
        made.append([item.rank or "–", item.who, *shown, date, remark[:400]])
    return made


def write(rows: list[Row], folder: Path, language: str, due: str = "") -> list[Path]:
    """Write the leaderboard, if anybody took part.

    Args:
        rows: of the table of points.
        folder: that receives ``leaderboard.csv``, ``leaderboard.md`` and ``leaderboard.html``.
        language: of the pages.
        due: ``YYYY-MM-DD HH:MM``; what came later has no rank.

    Returns:
        What was written.
    """
    mine = [row for row in rows if (row["assignment"], row["exercise"]) == (NAME, EXERCISE)]
    if not mine:
        return []
    on = sampler.fingerprint(contest.hidden(), contest.seeds())
    entries = order([entry(row, on, due, language) for row in mine] + compared(language))
    body = lines(entries, language)
    head = [_word(name, language) for name in COLUMNS]
    about = _word("about", language, networks=len(contest.hidden()), seeds=len(contest.seeds()))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([head, *([table.safe(cell) for cell in line] for line in body)])
    title = _word("title", language)
    markdown = [f"# {title}", "", about, "", _row(head), _row(["---"] * len(head))]
    markdown += [_row(line) for line in body]
    made = {
        "csv": text.getvalue().encode("utf-8-sig"),
        "md": ("\n".join(markdown) + "\n").encode("utf-8", "replace"),
        "html": _page(title, about, head, body, language),
    }
    for kind, data in made.items():
        table.replace(folder / f"leaderboard.{kind}", data)
    return [folder / f"leaderboard.{kind}" for kind in made]


def _row(cells: list[str]) -> str:
    """A row of a Markdown table; nothing in a cell is markup."""
    clean = [html.escape(" ".join(cell.split()), quote=False) for cell in cells]
    for sign in "\\`*_[]|#":
        clean = [cell.replace(sign, f"\\{sign}") for cell in clean]
    return "| " + " | ".join(clean) + " |"


def _page(title: str, about: str, head: list[str], body: list[list[str]], language: str) -> bytes:
    from classroom import reports

    kinds = ("s", "", "n", "n", "n", "n", "s", "t")
    cells = [
        [reports._cell(cell, kind, language) for cell, kind in zip(line, kinds, strict=True)]
        for line in body
    ]
    inside = f"<p>{html.escape(about)}</p>" + reports._table(head, cells, title)
    return reports._page(title, inside, language)
