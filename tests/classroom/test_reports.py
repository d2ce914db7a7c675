"""Pages for students and their teacher."""

import pytest

from classroom import reports, table


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
    assert reports.WORDS["missing"][language == "en"] in page
    assert page.count(reports.WORDS["you"][language == "en"]) == 1
    assert "Eve" not in page and "han" not in page.split("<body>")[1].replace("than", "")
    eve = (folder / "-b-Eve.html").read_text("utf-8")
    assert "<b>" not in eve and "&lt;b&gt;Eve" in eve


def test_hints_that_differ_in_numbers_are_one_mistake():
    found = reports.mistakes(ROWS)
    assert [len(who) for _, _, who in found] == [2, 2]
    assert found[0][0] == "1-velocity"
