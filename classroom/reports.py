"""Pages for students and their teacher, from the table of points; they need no network."""

import html
import json
import math
import re
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import quote

from classroom import similarity, sources
from classroom.similarity import Pair, Piece
from classroom.table import Row, hint, number, replace, told

WORDS = {
    "title": ("{name}의 결과", "Results of {name}"),
    "class": ("학급 전체의 결과", "Results of the class"),
    "not_known": ("어느 과제인지 알 수 없는 파일", "Files that are of no assignment"),
    "exercise": ("문제", "Exercise"),
    "points": ("점수", "Points"),
    "hint": ("힌트", "Hint"),
    "total": ("합계", "Total"),
    "open": ("아직 채점하지 않았습니다.", "Not graded yet."),
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
    "waiting": (
        "아직 점수를 적지 않은 답: {number}개. grades.csv의 points 열에 점수를 적으세요. 점수를 "
        "적기 전에는 합계와 평균에 들어가지 않습니다.",
        "Answers that wait for your points: {number}. Enter them in the column points of "
        "grades.csv; until then they are in no total and in no mean.",
    ),
    "whole": (
        "소수점 아래는 버리고 세었습니다.",
        "Fractions of a point are left out of this count.",
    ),
    "changed": (
        "채점하는 사람이 점수를 고쳤습니다.",
        "A person has changed these points.",
    ),
    "each": ("학생별 점수", "Points of each student"),
    "name": ("이름", "Name"),
    "handed_in": ("제출", "Handed in"),
    "late": ("늦음", "late"),
    "none": ("잃은 점수가 없습니다.", "No points were lost."),
}
# What the checks of projects record.
MEASURED = {
    "scores": ("시드마다의 점수", "score for each seed"),
    "shares": ("비율의 오차", "error of shares"),
    "width": ("너비의 비", "ratio of widths"),
    "claim": ("측정", "claim"),
    "bound": ("기준", "bound"),
    "change": ("바꾼 설정", "setting changed"),
    "original": ("원래 설정의 값", "with the original"),
    "changed": ("바꾼 뒤의 값", "with the change"),
    "published": ("발표된 값", "published"),
    "measured": ("측정한 값", "measured"),
}
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
word-break:keep-all;overflow-wrap:anywhere}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;width:100%}
.spread table{width:auto}
.spread td{border:0;padding:.1rem .6rem}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8886;vertical-align:top}
td.n,td.s{white-space:nowrap}
th{overflow-wrap:normal;vertical-align:bottom}
td{overflow-wrap:break-word;min-width:3rem}
td.t{overflow-wrap:anywhere;min-width:11rem}
td.n,th.n{text-align:right}
@media(max-width:40rem){body{margin:1rem auto}th,td{padding:.4rem .35rem}
td.n,td.s,td.t{font-size:.9rem}}
table.two td{width:50%;border-bottom:0}
table.two pre{white-space:pre-wrap;font-size:.85rem;margin:0}
.bar{display:inline-block;height:.8rem;background:#3572b0;vertical-align:middle}
html{color-scheme:light dark;color:#1b1b1b;background:#fff}
a{color:#0b57a4}
@media(prefers-color-scheme:dark){html{color:#e8e8e8;background:#121212}a{color:#8ab8f0}
.bar{background:#5b9bd8}}
"""


def _word(key: str, language: str, **values: object) -> str:
    return WORDS[key][language == "en"].format(**values)


def file_name(student: str) -> str:
    """A name for a student's page that every file system takes."""
    clean = re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "-", student).strip(". ")
    return (clean[:80] or "student") + ".html"


def _page(title: str, body: str, language: str) -> bytes:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    head += f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
    whole = f'<!doctype html><html lang="{language}"><head>{head}</head><body>'
    whole += f"<main><h1>{html.escape(title)}</h1>{body}</main></body></html>\n"
    return whole.encode("utf-8", "replace")


def _table(head: list[str], lines: list[list[str]], label: str, kind: str = "") -> str:
    """A table of cells that are HTML already; where it is too wide, it alone scrolls.

    Args:
        head: the columns' names; the kind of a column is that of its cells.
        lines: rows of cells.
        label: what it is called to those who do not see it.
        kind: a further class.

    Returns:
        HTML.
    """
    right = [bool(lines) and line.startswith('<td class="n"') for line in (lines or [head])[0]]
    top = ""
    for text, numeric in zip(head, right, strict=True):
        top += f'<th scope="col"{_KINDS["n"] if numeric else ""}>{html.escape(text)}</th>'
    rows = "".join("<tr>" + "".join(line) + "</tr>" for line in lines)
    # Without tabindex, nobody could scroll it with the keyboard.
    where = f'class="wide {kind}" role="region" tabindex="0" aria-label="{html.escape(label)}"'
    return f"<div {where}><table><thead><tr>{top}</tr></thead><tbody>{rows}</tbody></table></div>"


_KINDS = {"": "", "n": ' class="n"', "s": ' class="s"', "t": ' class="t"'}


def _cell(text: object, kind: str = "", language: str = "") -> str:
    """A cell: ``n`` for numbers, ``s`` for what stays in one line, ``t`` for sentences.

    A hint is in the language of the student's notebook, so it may differ from the page's.
    """
    said = ""
    if language == "en" and re.search("[가-힣]", str(text)):
        said = ' lang="ko"'
    elif language == "ko" and kind == "t" and not re.search("[가-힣]", str(text)):
        said = ' lang="en"' if str(text).strip() else ""
    return f"<td{_KINDS[kind]}{said}>{html.escape(str(text))}</td>"


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
    counts = Counter(math.floor(total) for total in sums.values())
    most = max(counts.values(), default=1)
    lines = []
    # A person may have given more than an assignment is worth, or taken points away.
    for points in range(max([int(best), *counts]), min([0, *counts]) - 1, -1):
        wide = f"{12 * counts[points] / most:.2f}"
        bar = f'<span class="bar" style="width:{wide}rem"></span> {counts[points]}'
        here = _word("you", language) if mine is not None and math.floor(mine) == points else ""
        lines.append([_cell(points, "n"), f'<td class="s">{bar} {here}</td>'])
    head = [_word("points", language), _word("students", language)]
    label = _word("spread", language)
    text = f"<h3>{label}</h3>" + _table(head, lines, label, "spread")
    if any(total % 1 for total in sums.values()):
        text += f"<p>{_word('whole', language)}</p>"
    return text


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
        points, best, text = number(row["points"]), number(row["max_points"]), hint(row)
        if text and points is not None and best and points < best:
            kind = re.sub(r"\d[\d.,e+-]*", "#", text)
            found[row["exercise"], kind].append((row["student"], text))
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(place[0], who[0][1], [name for name, _ in who]) for place, who in ordered]


def measured(row: Row, language: str) -> str:
    """What a check has measured, as a line of text.

    Args:
        row: of the table; its column ``measured`` may be empty, or cut by a spreadsheet.
        language: of the page.

    Returns:
        Such as ``claim: fm-radius; with the change: 1.34 1.35``.
    """
    try:
        found = json.loads(row.get("measured") or "{}")
    except ValueError:
        return ""
    if not isinstance(found, dict):
        return ""
    parts = []
    for name, value in found.items():
        values = value if isinstance(value, list) else [value]
        if name != "on":
            word = MEASURED[name][language == "en"] if name in MEASURED else name
            parts.append(f"{word}: {' '.join(str(each) for each in values)}")
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
    files = file_names(list(dict.fromkeys(row["student"] for row in rows)))
    whole = ""
    # What is of no assignment stands last.
    for name, mine in sorted(groups.items(), key=lambda item: (not item[0], item)):
        title = f"<h2>{html.escape(_heading(name, language))}</h2>"
        sums = totals(mine)
        best = _best(mine)
        whole += title + (
            _class(mine, sums, best, files, language) if name else _lost(mine, language)
        )
        if alike and name in alike:
            whole += _alike(*alike[name], language)
        for student, total in sums.items():
            own = [row for row in mine if row["student"] == student]
            if name:
                pages[student] += title + _own(own, total, best, language)
                pages[student] += spread(sums, best, total, language)
            else:
                pages[student] += title + _lost(own, language)
    for student, body in pages.items():
        title = _word("title", language, name=student)
        replace(folder / files[student], _page(title, body, language))
    replace(folder / "class.html", _page(_word("class", language), whole, language))
    return folder


def file_names(students: list[str]) -> dict[str, str]:
    """A file for each student, told apart where the file system ignores case."""
    taken, found = {"class.html", "leaderboard.html"}, {}
    for student in students:
        file = file_name(student)
        while file.lower() in taken:
            file = file.removesuffix(".html") + "_.html"
        taken.add(file.lower())
        found[student] = file
    return found


def _heading(name: str, language: str) -> str:
    """What students know an assignment by, and what the table calls it."""
    if not name:
        return _word("not_known", language)
    title = sources.title(name, language)
    return title if title == name else f"{title} ({name})"


def _best(rows: list[Row]) -> float:
    """The points that an assignment is worth."""
    worth = {row["exercise"]: number(row["max_points"]) or 0.0 for row in rows}
    return sum(worth.values())


def _own(rows: list[Row], total: float, best: float, language: str) -> str:
    """A student's own points and hints."""
    lines, waiting = [], False
    for row in rows:
        points, machine = number(row["points"]), number(row.get("machine") or "")
        waiting |= points is None
        got = "–" if points is None else f"{points:g}"
        lines.append([_cell(row["exercise"], "s"), _cell(f"{got} / {row['max_points']}", "n")])
        by_hand = machine is not None and points not in (None, machine)
        remark = _word("changed", language) if by_hand else ""
        said = told(row) or (_word("open", language) if points is None else "")
        text = " ".join(filter(None, [remark, said, measured(row, language)]))
        lines[-1].append(_cell(text, "t", language))
    whole = f"{total:g} / {best:g}"
    lines.append([_cell(_word("total", language), "s"), _cell(whole, "n"), _cell("", "t")])
    head = [_word(key, language) for key in ("exercise", "points", "hint")]
    text = _table(head, lines, _word("points", language))
    return text + (f"<p>{_word('missing', language)}</p>" if waiting else "")


def _lost(rows: list[Row], language: str) -> str:
    """Files that could not be read, and why."""
    lines = [[_cell(row["student"]), _cell(told(row), "t", language)] for row in rows]
    head = [_word("name", language), _word("hint", language)]
    return _table(head, lines, _word("not_known", language))


def _class(
    rows: list[Row], sums: dict[str, float], best: float, files: dict[str, str], language: str
) -> str:
    """What a teacher asks about an assignment."""
    mean = sum(sums.values()) / len(sums)
    text = f"<p>{_word('students', language)}: {len(sums)}. "
    text += f"{_word('mean', language)}: {mean:.1f} / {best:g}.</p>"
    waiting = sum(number(row["points"]) is None for row in rows)
    if waiting:
        text += f"<p>{_word('waiting', language, number=waiting)}</p>"
    label = _word("mistakes", language)
    text += spread(sums, best, None, language)
    text += _each(rows, sums, best, files, language) + f"<h3>{label}</h3>"
    lines = [
        [_cell(exercise, "s"), _cell(len(who), "n"), _cell(told_by[:300], "t", language)]
        + [_cell(", ".join(who))]
        for exercise, told_by, who in mistakes(rows)
    ]
    head = [_word(key, language) for key in ("exercise", "number", "hint", "who")]
    text += _table(head, lines, label) if lines else f"<p>{_word('none', language)}</p>"
    return text + _measured(rows, language)


def _each(
    rows: list[Row], sums: dict[str, float], best: float, files: dict[str, str], language: str
) -> str:
    """The points of each student, exercise by exercise, with a link to the student's page."""
    worth = {row["exercise"]: row["max_points"] for row in rows}
    got = {(row["student"], row["exercise"]): row for row in rows}
    lines = []
    for student, total in sums.items():
        name = html.escape(student)
        line = [f'<td><a href="{html.escape(quote(files[student]))}">{name}</a></td>']
        for exercise in worth:
            points = number(got.get((student, exercise), {}).get("points", ""))
            line.append(_cell("–" if points is None else f"{points:g}", "n"))
        line.append(_cell(f"{total:g}", "n"))
        when = next((row.get("handed_in") or "" for row in rows if row["student"] == student), "")
        line.append(_cell(when.replace("LATE", _word("late", language)), "s"))
        lines.append(line)
    head = [_word("name", language), *(f"{name} / {most}" for name, most in worth.items())]
    head += [f"{_word('total', language)} / {best:g}", _word("handed_in", language)]
    label = _word("each", language)
    return f"<h3>{label}</h3>" + _table(head, lines, label)


def _measured(rows: list[Row], language: str) -> str:
    """What the checks of projects have measured."""
    found = [(row, text) for row in rows if (text := measured(row, language))]
    if not found:
        return ""
    lines = [
        [_cell(row["student"]), _cell(row["exercise"], "s"), _cell(text, "t")]
        for row, text in found
    ]
    head = [_word(key, language) for key in ("name", "exercise", "measured")]
    label = head[-1]
    return f"<h3>{label}</h3>" + _table(head, lines, label)


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
    for i, line in enumerate(piece.source[:20_000].splitlines()):
        clean = html.escape(line)
        made.append(f"<mark>{clean}</mark>" if i in lines and line.strip() else clean)
    return f"<small>{html.escape(piece.title)}</small><pre>" + "\n".join(made) + "</pre>"
