"""Pages for students and their teacher, from the table of points; they need no network."""

import html
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

from classroom import similarity
from classroom.similarity import Pair, Piece
from classroom.table import Row, replace

WORDS = {
    "title": ("{name}의 결과", "Results of {name}"),
    "class": ("학급", "The class"),
    "exercise": ("문제", "Exercise"),
    "points": ("점수", "Points"),
    "hint": ("힌트", "Hint"),
    "total": ("합계", "Total"),
    "open": ("아직 채점하지 않았습니다", "not graded yet"),
    "students": ("학생 수", "Students"),
    "mean": ("평균", "Mean"),
    "mistakes": ("어느 실수를 몇 명이 했는가", "Which mistake how many made"),
    "who": ("누가", "Who"),
    "number": ("명", "How many"),
    "you": ("← 여기", "← you"),
    "spread": ("점수의 분포", "Distribution of points"),
    "measured": ("측정한 값", "Measured"),
    "alike": ("서로 닮은 제출물", "Submissions that resemble each other"),
    "alike_note": (
        "아래의 닮음은 누가 베꼈다는 증거가 아닙니다. 같은 수업을 듣고, 같은 책을 보고, 함께 "
        "이야기하면 답은 저절로 닮습니다. 두 답을 나란히 읽어 보고, 판단하기 전에 두 학생의 "
        "말을 들으세요. 이름과 숫자, 주석은 비교하지 않습니다. 과제가 나누어 준 것과 여럿이 "
        "함께 쓴 것은 뺐습니다. 표시된 줄이 두 답에 모두 있는 부분입니다. 이 절은 학생의 "
        "보고서에 나오지 않습니다.",
        "None of this is proof that anybody has copied. Whoever hears the same lesson, reads the "
        "same book and talks with others writes similar answers. Read the two side by side, and "
        "hear both students before you judge. Names, numbers and comments were not compared; what "
        "the assignment hands out and what many share was taken out. The marked lines are in both "
        "answers. Students' reports do not have this section.",
    ),
    "alike_pair": (
        "{one}, {other}: 짧은 쪽의 {share:.0f}%, 토큰 {tokens}개",
        "{one}, {other}: {share:.0f}% of the shorter one, {tokens} tokens",
    ),
    "alike_none": (
        "닮았다고 할 만한 제출물이 없습니다. 베낀 것이 없다는 뜻도 아닙니다.",
        "No two are similar enough to name. That does not show that nothing was copied, either.",
    ),
    "alike_short": (
        "다음 학생의 답에는 토큰이 {least}개 이상인 셀이 없어 비교하지 않았습니다. 짧은 답은 "
        "누가 써도 비슷합니다: {names}",
        "These students have no cell of {least} tokens or more, and were not compared, since short "
        "answers are alike whoever writes them: {names}",
    ),
    "missing": (
        "채점하지 않은 문제는 합계에 들어 있지 않습니다.",
        "What is not graded yet is not in the total.",
    ),
}
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8886;vertical-align:top;
overflow-wrap:anywhere}
td.n{text-align:right;white-space:nowrap}
table.two td{width:50%;border-bottom:0}
table.two pre{white-space:pre-wrap;font-size:.85rem;margin:0}
.bar{display:inline-block;height:.8rem;background:#3572b0;vertical-align:middle}
:root{color-scheme:light dark}
"""


def _word(key: str, language: str, **values: object) -> str:
    return WORDS[key][language == "en"].format(**values)


def number(text: str) -> float | None:
    """Points as a number, if a cell holds one."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def file_name(student: str) -> str:
    """A name for a student's page that every file system takes."""
    clean = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", student).strip(". ")
    return (clean[:80] or "student") + ".html"


def _page(title: str, body: str, language: str) -> bytes:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
    whole = f'<!doctype html><html lang="{language}"><head>{head}</head><body>'
    return f"{whole}<h1>{html.escape(title)}</h1>{body}</body></html>\n".encode("utf-8", "replace")


def _table(head: list[str], lines: list[list[str]]) -> str:
    """A table of cells that are HTML already."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    rows = "".join("<tr>" + "".join(line) + "</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(text: object, numeric: bool = False) -> str:
    kind = ' class="n"' if numeric else ""
    return f"<td{kind}>{html.escape(str(text))}</td>"


def totals(rows: list[Row]) -> dict[str, float]:
    """The points of each student of one assignment; what is not graded yet counts nothing."""
    sums: dict[str, float] = defaultdict(float)
    for row in rows:
        sums[row["student"]] += number(row["points"]) or 0.0
    return dict(sums)


def spread(sums: dict[str, float], best: float, mine: float | None, language: str) -> str:
    """How many students have how many points, and where one of them stands.

    Args:
        sums: points by student.
        best: that can be reached.
        mine: points of the student whose page it is, or None.
        language: of the page.

    Returns:
        HTML.
    """
    counts = Counter(int(total) for total in sums.values())
    most = max(counts.values(), default=1)
    lines = []
    for points in range(int(best), -1, -1):
        wide = f"{12 * counts[points] / most:.2f}"
        bar = f'<span class="bar" style="width:{wide}rem"></span> {counts[points]}'
        here = _word("you", language) if mine is not None and int(mine) == points else ""
        lines.append([_cell(points, True), f"<td>{bar} {here}</td>"])
    head = [_word("points", language), _word("students", language)]
    return f"<h2>{_word('spread', language)}</h2>" + _table(head, lines)


def mistakes(rows: list[Row]) -> list[tuple[str, str, list[str]]]:
    """Which mistake how many made.

    Hints that differ only in measured numbers are one mistake.

    Args:
        rows: of one assignment.

    Returns:
        Exercise, hint and students, the most frequent first.
    """
    found: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        points, best = number(row["points"]), number(row["max_points"])
        if row["hint"] and points is not None and best and points < best:
            kind = re.sub(r"\d[\d.,e+-]*", "#", row["hint"])
            found[row["exercise"], kind].append((row["student"], row["hint"]))
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(place[0], who[0][1], [name for name, _ in who]) for place, who in ordered]


def measured(row: Row) -> str:
    """What a check has measured, as a line of text.

    Args:
        row: of the table; its column ``measured`` may be empty, or cut by a spreadsheet.

    Returns:
        Such as ``claim fm-radius; changed 1.34 1.35``.
    """
    try:
        told = json.loads(row.get("measured") or "{}")
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    parts = []
    for name, value in told.items():
        values = value if isinstance(value, list) else [value]
        if name != "on":
            parts.append(f"{name} {' '.join(str(each) for each in values)}")
    return "; ".join(parts)


def write(
    rows: list[Row],
    folder: Path,
    language: str,
    alike: dict[str, tuple[list[Pair], list[str]]] | None = None,
) -> Path:
    """Write all pages.

    Args:
        rows: of the table of points.
        folder: that receives them.
        language: of the pages.
        alike: by assignment, what ``similarity.pairs`` has found; on the teacher's page only.

    Returns:
        The folder.
    """
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["assignment"]].append(row)
    pages: dict[str, str] = defaultdict(str)
    whole = ""
    for name, mine in sorted(groups.items()):
        sums = totals(mine)
        best = _best(mine)
        whole += f"<h2>{html.escape(name)}</h2>" + _class(mine, sums, best, language)
        if alike and name in alike:
            whole += _alike(*alike[name], language)
        for student, total in sums.items():
            own = [row for row in mine if row["student"] == student]
            pages[student] += f"<h2>{html.escape(name)}</h2>" + _own(own, total, best, language)
            if name:
                pages[student] += spread(sums, best, total, language)
    taken = {"class.html"}
    for student, body in pages.items():
        file = file_name(student)
        while file.lower() in taken:
            file = file.removesuffix(".html") + "_.html"
        taken.add(file.lower())
        title = _word("title", language, name=student)
        replace(folder / file, _page(title, body, language))
    replace(folder / "class.html", _page(_word("class", language), whole, language))
    return folder


def _best(rows: list[Row]) -> float:
    """The points that an assignment is worth."""
    worth = {row["exercise"]: number(row["max_points"]) or 0.0 for row in rows}
    return sum(worth.values())


def _own(rows: list[Row], total: float, best: float, language: str) -> str:
    """A student's own points and hints."""
    lines, waiting = [], False
    for row in rows:
        waiting |= number(row["points"]) is None
        got = row["points"] if number(row["points"]) is not None else _word("open", language)
        points = f"{got} / {row['max_points']}"
        hint = " ".join(filter(None, [row["hint"], measured(row)]))
        lines.append([_cell(row["exercise"]), _cell(points, True), _cell(hint)])
    lines.append([_cell(_word("total", language)), _cell(f"{total:g} / {best:g}", True), _cell("")])
    head = [_word(key, language) for key in ("exercise", "points", "hint")]
    return _table(head, lines) + (f"<p>{_word('missing', language)}</p>" if waiting else "")


def _class(rows: list[Row], sums: dict[str, float], best: float, language: str) -> str:
    """What a teacher asks about an assignment."""
    mean = sum(sums.values()) / len(sums)
    text = f"<p>{_word('students', language)}: {len(sums)}. "
    text += f"{_word('mean', language)}: {mean:.1f} / {best:g}.</p>"
    lines = [
        [
            _cell(exercise),
            _cell(len(who), True),
            _cell(hint[:300]),
            _cell(", ".join(who)),
        ]
        for exercise, hint, who in mistakes(rows)
    ]
    head = [_word(key, language) for key in ("exercise", "number", "hint", "who")]
    return (
        text
        + spread(sums, best, None, language)
        + f"<h3>{_word('mistakes', language)}</h3>"
        + _table(head, lines)
        + _measured(rows, language)
    )


def _measured(rows: list[Row], language: str) -> str:
    """What the checks of projects have measured."""
    found = [(row, text) for row in rows if (text := measured(row))]
    if not found:
        return ""
    lines = [[_cell(row["student"]), _cell(row["exercise"]), _cell(text)] for row, text in found]
    head = [_word(key, language) for key in ("who", "exercise", "measured")]
    return f"<h3>{_word('measured', language)}</h3>" + _table(head, lines)


def _alike(pairs: list[Pair], short: list[str], language: str) -> str:
    """The pairs of submissions that resemble each other, side by side."""
    text = f"<h3>{_word('alike', language)}</h3><p>{_word('alike_note', language)}</p>"
    for pair in pairs:
        names = {"one": pair.one, "other": pair.other}
        title = _word("alike_pair", language, share=100 * pair.share, tokens=pair.tokens, **names)
        body = ""
        for piece, lines, its, there in pair.pieces:
            body += f"<tr><td>{_marked(piece, lines)}</td><td>{_marked(its, there)}</td></tr>"
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in names.values())
        text += f"<details><summary>{html.escape(title)}</summary>"
        text += f'<table class="two"><tr>{head}</tr>{body}</table></details>'
    if not pairs:
        text += f"<p>{_word('alike_none', language)}</p>"
    if short:
        least = similarity.LEAST
        told = _word("alike_short", language, least=least, names=", ".join(short))
        text += f"<p>{html.escape(told)}</p>"
    return text


def _marked(piece: Piece, lines: set[int]) -> str:
    """A cell with its lines; those that both have are marked."""
    made = []
    for number, line in enumerate(piece.source[:20_000].splitlines()):
        clean = html.escape(line)
        made.append(f"<mark>{clean}</mark>" if number in lines and line.strip() else clean)
    return f"<small>{html.escape(piece.title)}</small><pre>" + "\n".join(made) + "</pre>"
