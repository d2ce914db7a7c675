"""Assignments: both languages alike, nothing leaks, right answers get all points, wrong ones none.

What only looks at cells runs here, in this process. Grading itself runs once, on a folder of good
and bad submissions of one chapter.
"""

import copy
import csv
import re
import subprocess
import sys

import nbformat
import pytest
import torch

import utils.checks
from book.chapters import all_of
from classroom import notebook, sources

NAMES = sources.names()
MARKERS = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")
STUB = "raise NotImplementedError"


def key(name, language="ko"):
    return notebook.read(sources.find(name, language))


def region(source, what, replacement):
    """Replace what stands between two markers by one line, indented as it was."""
    pattern = rf"^( *)### BEGIN {what}\n.*?^ *### END {what}"
    return re.sub(pattern, rf"\g<1>{replacement}", source, flags=re.M | re.S)


def kinds(cells):
    return [cell.metadata.nbgrader.grade_id for cell in cells]


def run(cells):
    """Run code cells as a kernel would, each whatever became of the one before it.

    Returns the points, and the errors by grade_id.
    """
    space, points, errors = {}, 0, {}
    threads = torch.get_num_threads()
    for cell in cells:
        if cell.cell_type != "code":
            continue
        meta = cell.metadata.nbgrader
        try:
            exec(compile(cell.source, meta.grade_id, "exec"), space)
            points += meta.get("points", 0)
        except Exception as error:
            errors[meta.grade_id] = error
    torch.set_num_threads(threads)
    return points, errors


@pytest.fixture(autouse=True)
def language_as_it_was(monkeypatch):
    monkeypatch.setattr(utils.checks, "language", "ko")  # notebooks set it


def test_every_chapter_has_an_assignment_in_both_languages():
    chapters = [chapter.name for chapter in all_of(sources.ROOT / "chapters" / "ko")]
    for language in sources.LANGUAGES:
        found = sorted(page.stem for page in (sources.FOLDER / language).glob("*.md"))
        assert found == chapters + sources.projects()
    assert sources.projects() == ["claim", "contest", "figure"]


@pytest.mark.parametrize("name", NAMES)
def test_code_is_the_same_in_both_languages(name):
    ko, en = key(name).cells, key(name, "en").cells
    assert kinds(ko) == kinds(en)
    assert [c.metadata for c in ko] == [c.metadata for c in en]
    switch = 'utils.checks.language = "{}"'
    for one, other in zip(ko, en, strict=True):
        if one.cell_type == "code":
            assert one.source.replace(switch.format("ko"), switch.format("en")) == other.source
        else:
            assert one.source.count("$$") == other.source.count("$$")
            assert re.findall("^#+ ", one.source, re.M) == re.findall("^#+ ", other.source, re.M)


@pytest.mark.parametrize("name", NAMES)
def test_three_exercises_one_of_them_for_a_person(name):
    cells = key(name).cells
    graded = [cell.metadata.nbgrader for cell in cells if cell.metadata.nbgrader.grade]
    assert {meta.grade_id[0] for meta in graded} >= {"1", "2", "3"}
    worth = 20 if name in sources.projects() else 10
    assert sum(meta.points for meta in graded) == worth
    assert any(meta.grade_id.endswith("-open") for meta in graded)
    ids = kinds(cells)
    assert len(set(ids)) == len(ids)
    for cell in cells:
        meta = cell.metadata.nbgrader
        if meta.grade_id.endswith("-check"):
            assert "### BEGIN HIDDEN TESTS" in cell.source
            assert meta.grade_id.replace("-check", "-exercise") in ids


@pytest.mark.parametrize("name", NAMES)
def test_a_correct_submission_gets_all_points_and_an_untouched_one_none(name, capsys):
    cells = key(name).cells
    best = sum(c.metadata.nbgrader.get("points", 0) for c in cells if c.cell_type == "code")
    assert run(cells) == (best, {})
    assert not capsys.readouterr().err  # nbgrader takes anything on stderr for a failure
    for language in sources.LANGUAGES:
        untouched = key(name, language).cells
        for cell in untouched:
            cell.source = region(cell.source, "SOLUTION", STUB)
        points, errors = run(untouched)
        assert points == 0
        checks = [error for where, error in errors.items() if where.endswith("-check")]
        words = {"ko": "아직 풀지 않은", "en": "not been answered"}[language]
        assert checks and all(words in str(error) for error in checks)


def test_names_of_cells_do_not_depend_on_their_place(tmp_path):
    source = sources.find("03", "en")
    text = source.read_text("utf-8")
    place = tmp_path / "en"
    place.mkdir()
    added = "## Exercise 2."  # a cell more above it
    assert added in text
    more = text.replace(added, f"A text.\n\n```{{code-cell}} ipython3\n1 + 1\n```\n\n{added}", 1)
    (place / source.name).write_text(more, "utf-8")
    before, after = kinds(key("03", "en").cells), kinds(notebook.read(place / source.name).cells)
    assert before[:2] == ["start-text", "start-code"]
    assert set(before) < set(after) and len(set(after)) == len(after) == len(before) + 2
    same = [cell.source for cell in key("03", "en").cells]
    named = {
        c.metadata.nbgrader.grade_id: c.source for c in notebook.read(place / source.name).cells
    }
    assert [named[name] for name in before] == same
    assert not any(re.search(r"^cell-|-\d\d$", name) for name in before)


@pytest.mark.parametrize("name", NAMES)
def test_the_source_is_plain_markdown(name):
    for language in sources.LANGUAGES:
        text = sources.find(name, language).read_text("utf-8")
        assert not re.search(
            r"^:::|\{(doc|ref|numref|eq|cite)\w*\}`|^```\{(?!code-cell)", text, re.M
        )


# A wrong answer to an exercise, and the hint that its check must give.
WRONG = [
    ("01", "2-ratio", "ratio = 0.69", "squared"),
    ("01", "2-ratio", "ratio = 1 / 0.83", "swapped_ratio"),
    ("02", "2-wasted", "wasted = 0.046", "amplitude"),
    ("02", "2-wasted", "wasted = 1 - 0.326", "complement"),
    ("02", "2-wasted", "wasted = 32.6", "number_range"),
    ("03", "2-floor", "floor = torch.pi ** 0.5", "rooted"),
    ("03", "2-floor", "floor = 5.0", "number_differs"),
    ("04", "2-ratio", "error_ratio = 1 / 0.455", "swapped_ratio"),
    ("05", "2-volume", "volume_change = 1.14", "sign"),
    ("05", "2-volume", "volume_change = -0.57", "per_dimension"),
    ("06", "2-training", "test_loss = 0.8", "number_differs"),  # of a network never trained
    ("06", "2-training", "test_loss = 2.04", "number_range"),
    ("07", "2-order", "order = 8.2", "factor_for_order"),
    ("07", "2-order", "order = 2.0", "other_order"),
    ("08", "2-saving", "saving = 0.669", "rooted"),
    ("08", "2-saving", "saving = 0.553", "complement"),
    ("09", "2-steps", "steps_needed = 3", "one_fewer"),
    ("09", "2-steps", "steps_needed = 8", "number_differs"),
    ("10", "2-stayed", "stayed = 1.0", "same_trajectory"),
    ("10", "2-stayed", "stayed = 0.14", "complement"),
    ("11", "2-kept", "kept = 1 - 0.363", "complement"),
    ("11", "2-kept", "kept = 0.6025", "rooted"),
    ("12", "2-shortfall", "shortfall = 3.423", "with_entropy"),
    ("12", "2-shortfall", "shortfall = 1.217", "sees_nothing"),
    ("12", "2-shortfall", "shortfall = 0.878", "in_bits"),
    ("12", "2-shortfall", "shortfall = 0.152", "per_letter"),
    ("12", "2-shortfall", "shortfall = 0.0", "sees_all"),
    ("12", "2-shortfall", "shortfall = 0.65", "number_differs"),
]


@pytest.mark.parametrize("language", sources.LANGUAGES)
@pytest.mark.parametrize(("chapter", "exercise", "wrong", "expected"), WRONG)
def test_a_wrong_number_fails_its_check_alone(chapter, exercise, wrong, expected, language):
    cells = key(chapter, language).cells
    for cell in cells:
        own = notebook.exercise_of(cell) == exercise
        if own and cell.metadata.nbgrader.solution:
            cell.source = region(cell.source, "SOLUTION", wrong)
    wanted = [c for c in cells if notebook.exercise_of(c) in (None, exercise)]
    points, errors = run(wanted)
    assert points == 0 and list(errors) == [f"{exercise}-check"]
    words = utils.checks.hints.HINTS[expected][language == "en"].split("{")[-1].split("}")[-1]
    assert words in str(errors[f"{exercise}-check"])


# From here on nbgrader is needed.


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("nbgrader", reason="pip install -r requirements-grading.txt")
    from classroom import course

    out = tmp_path_factory.mktemp("assignments")
    return {lang: course.build(sources.find("03", lang), out) for lang in sources.LANGUAGES}


@pytest.mark.parametrize("language", sources.LANGUAGES)
def test_students_see_no_solution_no_hidden_test_no_rubric(built, language):
    student = nbformat.read(built[language] / "student.ipynb", as_version=4)
    instructor = nbformat.read(built[language] / "instructor.ipynb", as_version=4)
    release = built[language] / "autograder" / "release" / "03-flow-matching"
    given_out = nbformat.read(release / "03-flow-matching.ipynb", as_version=4)
    assert student == given_out
    for shown, whole in zip(student.cells, instructor.cells, strict=True):
        assert not MARKERS.search(shown.source)
        secret = set()
        for what in ("SOLUTION", "HIDDEN TESTS"):
            for found in re.findall(rf"### BEGIN {what}\n(.*?)### END {what}", whole.source, re.S):
                secret |= {line.strip() for line in found.splitlines() if line.strip()}
        assert not secret & {line.strip() for line in shown.source.splitlines()}
        if whole.metadata.nbgrader.grade_id.endswith("-open"):
            assert len(shown.source) < 40 < len(whole.source)
    text = nbformat.writes(student)
    assert not re.search("모범 답안|채점 기준|Model answer|Rubric", text)


@pytest.mark.parametrize("name", NAMES)
def test_nbgrader_clears_every_assignment(name):
    """Its own preprocessors, without its database: the same for all chapters, and fast."""
    pytest.importorskip("nbgrader", reason="pip install -r requirements-grading.txt")
    from nbgrader.preprocessors import CheckCellMetadata, ClearHiddenTests, ClearSolutions

    cleared = copy.deepcopy(key(name))
    for step in (CheckCellMetadata, ClearSolutions, ClearHiddenTests):
        cleared, _ = step().preprocess(cleared, {})
    for shown, whole in zip(cleared.cells, key(name).cells, strict=True):
        assert not MARKERS.search(shown.source)
        if whole.metadata.nbgrader.solution:
            assert shown.source != whole.source
            assert "모범 답안" not in shown.source and "채점 기준" not in shown.source


def submit(folder, built, name, answers):
    """Write a submission: the student's notebook with right answers, but for those named."""
    submission = nbformat.read(built / "student.ipynb", as_version=4)
    right = nbformat.read(built / "instructor.ipynb", as_version=4)
    for cell, solved in zip(submission.cells, right.cells, strict=True):
        if cell.metadata.nbgrader.solution:
            cell.source = answers.get(notebook.exercise_of(cell), solved.source)
    nbformat.write(submission, folder / f"{name}.ipynb")


FLIPPED = """
def velocity(x, t, x_1, sigma_min):
    t = t.reshape(-1, *[1] * (x.ndim - 1))
    return ((1 - sigma_min) * x - x_1) / (1 - (1 - sigma_min) * t)
"""
FOREVER = """
def velocity(x, t, x_1, sigma_min):
    while True:
        try:
            pass
        except BaseException:  # an interrupt does not stop it
            pass
"""
HOARD = "hoard = []\nwhile True:\n    hoard.append(bytearray(100_000_000))"
SUBMISSIONS = {
    "correct": {},
    "wrong": {"1-velocity": FLIPPED, "1-loss": "def loss(*args):\n    return args[0].nothing"},
    "forever": {"1-velocity": FOREVER, "2-floor": "import os\nos._exit(1)"},
    "hoard": {"1-loss": HOARD},
}


@pytest.fixture(scope="module")
def grades(built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("submissions")
    for name, answers in SUBMISSIONS.items():
        submit(folder, built["en" if name == "wrong" else "ko"], name, answers)
    (folder / "untouched").mkdir()
    untouched = (built["ko"] / "student.ipynb").read_text("utf-8")
    (folder / "untouched" / "handed-in.ipynb").write_text(untouched, "utf-8")
    (folder / "broken.ipynb").write_text("no notebook", "utf-8")
    command = [sys.executable, "-m", "classroom", "grade", str(folder)]
    command += ["--seconds", "5", "--gigabytes", "1.5"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=sources.ROOT)
    assert result.returncode == 0, result.stderr
    with (folder / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["student"], row["exercise"]): row for row in rows}


def points(grades, student):
    rows = [row for (name, _), row in grades.items() if name == student]
    return [float(row["points"]) if row["points"] else None for row in rows]


def test_grading_gives_points(grades):
    assert points(grades, "correct") == [2, 2, 3, None]  # a person grades the last
    assert points(grades, "untouched") == [0, 0, 0, 0]
    assert "사람" in grades["correct", "3-straight"]["hint"]
    assert "쓰지 않았" in grades["untouched", "3-straight"]["hint"]


def test_grading_gives_hints(grades):
    assert points(grades, "wrong") == [0, 0, 3, None]
    assert grades["wrong", "1-velocity"]["hint"] == "velocity: the sign is flipped."
    assert "AttributeError" in grades["wrong", "1-loss"]["hint"]


def test_grading_goes_on_after_a_bad_submission(grades):
    assert points(grades, "forever") == [0, 2, 0, None]
    assert "5초" in grades["forever", "1-velocity"]["hint"]
    assert "커널" in grades["forever", "2-floor"]["hint"]
    assert points(grades, "hoard") == [2, 0, 3, None]
    assert "1.5 GB" in grades["hoard", "1-loss"]["hint"]
    assert points(grades, "broken") == [0]
    assert "this course" in grades["broken", ""]["hint"]


def test_the_command_line_says_what_is_wrong(tmp_path):
    for arguments, words in (
        (["99"], "no assignment for chapter '99'"),
        (["grade", str(tmp_path / "nowhere")], "is no folder"),
    ):
        command = [sys.executable, "-m", "classroom", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, cwd=sources.ROOT)
        assert result.returncode == 2 and words in result.stderr
