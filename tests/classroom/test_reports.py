"""Pages for students and their teacher."""

import re
from itertools import pairwise
from urllib.parse import unquote

import pytest

from classroom import reports, sources, table


def line(student, exercise, points, hint="", best="3"):
    values = (student, "03-flow-matching", exercise, points, best, points, hint, "", "")
    return dict(zip(table.COLUMNS, values, strict=True))


ROWS = [
    line("김/철수", "1-velocity", "0", "velocity: the sign is flipped."),
    line("김/철수", "3-open", "", "To be graded by a person."),
    line("<b>Eve", "1-velocity", "0", "velocity: the sign is flipped."),
    line("<b>Eve", "3-open", "2"),
    line("CLASS", "1-velocity", "1", "floor: 2.5 is further than 0.06 away."),
    line("CLASS", "3-open", "3"),
    line("han", "1-velocity", "1", "floor: 7.5 is further than 0.06 away."),
    line("han", "3-open", "3"),
]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_page_for_each_student_and_one_for_the_class(tmp_path, language):
    folder = reports.write(ROWS, tmp_path / "reports", language)
    names = {path.name for path in folder.iterdir()}
    assert names == {"class.html", "CLASS_.html", "han.html", "김-철수.html", "-b-Eve.html"}
    page = (folder / "김-철수.html").read_text("utf-8")
    assert f'lang="{language}"' in page and "the sign is flipped" in page
    assert reports.WORDS["missing"][language == "en"] in page and '<td class="n">– / 3' in page
    assert page.count(reports.WORDS["you"][language == "en"]) == 1
    assert "Eve" not in page and "han" not in page.split("<body>")[1].replace("than", "")
    eve = (folder / "-b-Eve.html").read_text("utf-8")
    assert "<b>" not in eve and "&lt;b&gt;Eve" in eve


def test_hints_that_differ_in_numbers_are_one_mistake():
    found = reports.mistakes(ROWS)
    assert [len(who) for _, _, who in found] == [2, 2]
    assert found[0][0] == "1-velocity"


def inside(path):
    return path.read_text("utf-8").split("</style>")[1]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_a_person_has_graded_waits_for_nobody_and_is_no_mistake(tmp_path, language):
    waiting = "사람이 채점합니다."
    rows = [line("a", "3-open", "2", waiting), line("b", "3-open", "", waiting)]
    rows[0] |= {"machine": "", "comment": "Say which baseline."}
    assert reports.mistakes(rows) == []
    folder = reports.write(rows, tmp_path, language)
    assert waiting not in inside(folder / "a.html") and waiting in inside(folder / "b.html")
    assert "Say which baseline." in inside(folder / "a.html")
    whole = inside(folder / "class.html")
    assert reports._word("waiting", language, number=1) in whole and waiting not in whole


@pytest.mark.parametrize("language", ["ko", "en"])
def test_points_that_a_person_has_changed_are_named_as_such(tmp_path, language):
    rows = [line("a", "1-velocity", "3", "wrong") | {"machine": "0"}]
    rows += [line("b", "1-velocity", "3,0") | {"machine": "3"}]
    folder = reports.write(rows, tmp_path, language)
    words = reports.WORDS["changed"][language == "en"]
    assert words in inside(folder / "a.html") and words not in inside(folder / "b.html")


def test_more_points_than_an_assignment_is_worth_and_half_points(tmp_path):
    rows = [line("a", "1", "4.5"), line("b", "1", "2.5"), line("c", "1", "-1")]
    folder = reports.write(rows, tmp_path, "en")
    for name in "abc":
        assert inside(folder / f"{name}.html").count(reports.WORDS["you"][1]) == 1
    assert reports.WORDS["whole"][1] in inside(folder / "class.html")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_class_page_has_everybody_and_leads_to_their_pages(tmp_path, language):
    rows = [*ROWS, line("lost", "", "0", "the notebook cannot be read", "")]
    rows[-1]["assignment"] = ""
    folder = reports.write(rows, tmp_path, language)
    whole = inside(folder / "class.html")
    links = {unquote(link) for link in re.findall('href="([^"]+)"', whole)}
    assert links == {path.name for path in folder.iterdir()} - {"class.html", "lost.html"}
    assert sources.title("03-flow-matching", language) in whole
    lost = whole.split(f"<h2>{reports.WORDS['not_known'][language == 'en']}</h2>")[1]
    assert "lost" in lost and "cannot be read" in lost
    assert "/ 0" not in inside(folder / "lost.html")  # no total of nothing


def test_text_in_the_other_language_is_marked_so():
    assert ' lang="ko"' in reports._cell("부호가 반대입니다.", "t", "en")
    assert ' lang="en"' in reports._cell("The sign is flipped.", "t", "ko")
    assert "lang" not in reports._cell("velocity: 부호가 반대입니다.", "t", "ko")
    assert "lang" not in reports._cell("", "t", "ko")


def test_a_page_is_read_with_the_keyboard_and_by_ear(tmp_path):
    """What axe asks of tables that scroll, of headings and of landmarks."""
    folder = reports.write(ROWS, tmp_path, "en")
    for path in folder.iterdir():
        whole = inside(path)
        assert whole.count("<main>") == whole.count("</main>") == 1
        assert whole.count("<table>") == whole.count('role="region" tabindex="0" aria-label="')
        levels = [int(level) for level in re.findall("<h([1-6])", whole)]
        assert levels[0] == 1 and all(b - a <= 1 for a, b in pairwise(levels))
