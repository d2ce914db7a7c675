"""Honest submissions get all their points, whatever an editor or a student did to the cells."""

import copy
import json
import warnings

import classrooms
import nbformat
import pytest


def code(text):
    return nbformat.v4.new_code_cell(text)


def at(made, grade_id):
    """The place of a cell."""
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in made.cells]
    return ids.index(grade_id)


def copied(made):
    place = at(made, "1-velocity-exercise")
    made.cells.insert(place + 1, copy.deepcopy(made.cells[place]))


def copied_first_wrong(made):
    place = at(made, "1-velocity-exercise")
    made.cells.insert(place, copy.deepcopy(made.cells[place]))
    made.cells[place].source = classrooms.WRONG["1-velocity"]


def a_copy_left_open(made):
    stub = copy.deepcopy(classrooms.released().cells[at(made, "1-velocity-exercise")])
    made.cells.append(stub)


def helper(made):
    place = at(made, "1-velocity-exercise")
    made.cells.insert(place, code("def keep(sigma):\n    return 1 - sigma"))
    answer = made.cells[place + 1]
    answer.source = answer.source.replace("(1 - sigma_min)", "keep(sigma_min)")


def helper_below(made):
    helper(made)
    place = at(made, "1-velocity-exercise")
    made.cells.insert(place, made.cells.pop(place - 1))


def in_an_own_cell(made):
    place = at(made, "1-velocity-exercise")
    made.cells.insert(place + 1, code(made.cells[place].source))
    made.cells[place] = classrooms.released().cells[place]


def checks_deleted(made):
    made.cells = [
        c for c in made.cells if not c.metadata.get("nbgrader", {})["grade_id"].endswith("-check")
    ]


def setup_deleted(made):
    made.cells = [c for c in made.cells if "import utils.checks" not in c.source]


def reversed_order(made):
    made.cells.reverse()


def answers_first(made):
    made.cells.sort(key=lambda cell: not cell.metadata.nbgrader.solution)


def marks_lost(made):
    for cell in made.cells:
        cell.metadata = {}


def all_marks_lost(made):
    marks_lost(made)
    made.metadata = {}


def one_mark_lost(made):
    made.cells[at(made, "1-loss-exercise")].metadata = {}


def a_name_used_again(made):
    made.cells[at(made, "2-floor-exercise")].source = "loss = velocity = 3.14\nfloor = loss"


def of_an_older_release(made):
    made.cells.insert(0, nbformat.v4.new_markdown_cell("A text that is gone."))
    for place, cell in enumerate(made.cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("cell-"):
            cell.metadata.nbgrader.grade_id = f"cell-{place:02d}"
            cell.source += " It was worded otherwise." if cell.cell_type == "markdown" else ""


def exercise_renamed_since(made):
    for cell in made.cells:
        meta = cell.metadata.nbgrader
        meta.grade_id = meta.grade_id.replace("1-velocity", "1-speed")


def another_name(made):
    made.metadata.course.assignment = "03-flow"


def check_edited(made):
    made.cells[at(made, "1-velocity-check")].source = "print(velocity)\nraise ValueError"


def setup_broken(made):
    for cell in made.cells:
        if "import utils.checks" in cell.source:
            cell.source = "import utils.checks\nfrom utils.nowhere import nothing"


def run_before(made):
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text="x" * 1000)]
            cell.execution_count = 7


CHANGES = [
    *(copied, copied_first_wrong, a_copy_left_open, helper, helper_below, in_an_own_cell),
    *(checks_deleted, setup_deleted, reversed_order, answers_first, marks_lost, all_marks_lost),
    *(one_mark_lost, a_name_used_again, of_an_older_release, exercise_renamed_since),
    *(another_name, check_edited, setup_broken, run_before),
]
FULL = {"1-velocity": 2, "1-loss": 2, "2-floor": 3}


def full(got):
    return {name: got[name] for name in FULL} == FULL


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_notebook_gets_all_points(room, base, change):
    made = classrooms.answered(classrooms.RIGHT, base=base)
    change(made)
    got, hints = room.grade(made)
    assert full(got), hints


CELLS = {
    "a progress bar": (
        "import sys\nfrom tqdm.auto import tqdm, trange\nfor _ in tqdm(range(3)): pass\n"
        "print('on stderr', file=sys.stderr)"
    ),
    "widgets": "import ipywidgets\nipywidgets.IntSlider(3)",
    "Colab": "from google.colab import drive, files\ndrive.mount('/content/drive')",
    "a warning": "import warnings\nwarnings.warn('beware')",
    "figures": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    ),
    "windows": "%matplotlib widget",
    "magic": "%%time\nx = 1",
    "the shell": "!echo hello\n%cd /tmp\n%pip install nothing-of-this-name",
    "a question": "input('name? ')",
    "an error of its own": "1 / 0",
    "a failing import": "import seaborn_of_another_world",
    "a last value": "x = 3\nx\nx?",
    "await": "import asyncio\nawait asyncio.sleep(0)",
    "seeds": "import torch\ntorch.manual_seed(0)\ntorch.set_default_dtype(torch.float32)",
    "checks called": "from utils.checks import check_velocity, attempt\nattempt('ex-fm-1', None)",
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_of_its_own_costs_nothing(room, base, name):
    got, hints = room.grade(classrooms.answered(classrooms.RIGHT, CELLS[name], base))
    assert full(got), hints
    if name == "an error of its own":
        assert hints["1-velocity"] == ""


@pytest.mark.parametrize(("language", "words"), [("ko", "답 셀"), ("en", "answer cell")])
def test_a_hint_says_which_cell_and_which_line_python_cannot_read(room, language, words):
    text = "# my answer\ndef velocity(x, t, x_1, sigma_min)\n    return x"
    base = classrooms.released(language=language)
    got, hints = room.grade(classrooms.answered({"1-velocity": text}, base=base))
    told = hints["1-velocity"]
    assert got["1-velocity"] == 0 and words in told and "my answer" in told, told
    assert "SyntaxError: expected ':' (line 2)" in told and "ipython" not in told


def test_a_bar_and_a_widget_in_the_answer_itself(room, base):
    bar = "from tqdm import tqdm\nfor _ in tqdm(range(9)):\n    pass\nfloor = 3.14"
    got, hints = room.grade(classrooms.answered(classrooms.RIGHT | {"2-floor": bar}, base=base))
    assert full(got), hints


def as_bytes(made, encoding):
    return nbformat.writes(made, ensure_ascii=False).encode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "cp949"])
def test_any_encoding(room, encoding):
    korean = classrooms.answered(classrooms.RIGHT, base=classrooms.released(language="ko"))
    got, hints = room.grade(as_bytes(korean, encoding))
    assert full(got), hints
    assert "쓰지 않았" in hints["3-straight"]


@pytest.mark.parametrize("version", [(3, 0), (4, 0), (4, 2)])
def test_any_format(room, base, version):
    made = classrooms.answered(classrooms.RIGHT, base=base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = json.loads(json.dumps(nbformat.convert(made, version[0])))
    old["nbformat"], old["nbformat_minor"] = version
    for cell in old.get("cells", []):
        cell.pop("id", None)
    got, hints = room.grade(json.dumps(old).encode())
    assert full(got), hints


def test_ids_that_are_equal_and_lines_in_lists(room, base):
    made = json.loads(nbformat.writes(classrooms.answered(classrooms.RIGHT, base=base)))
    for cell in made["cells"]:
        cell["id"] = "same"
        cell["metadata"] |= {"id": "aBc", "colab": {"base_uri": "https://example.org"}}
    got, hints = room.grade(json.dumps(made).encode())
    assert full(got), hints


def test_a_cell_of_another_assignment_is_passed_over_and_named(room, base):
    made = classrooms.answered(classrooms.RIGHT, base=base)
    other = classrooms.released("02-diffusion")
    other.cells = [cell for cell in other.cells if cell.metadata.nbgrader.solution]
    made.cells += other.cells
    got, hints = room.grade(made)
    assert full(got)
    assert "02-diffusion" in hints["1-velocity"] and "def clipped_noise" in hints["1-velocity"]


def test_the_hint_names_the_cell(room, base):
    made = classrooms.answered(classrooms.RIGHT, base=base)
    copied(made)
    made.cells[at(made, "1-velocity-exercise") + 1].source = classrooms.WRONG["1-velocity"]
    del made.cells[at(made, "1-loss-exercise")]
    made.cells.append(code("import time\ntime.sleep(100)"))
    made.cells.insert(0, code("undefined_name"))
    got, hints = room.grade(made, seconds=3)
    assert {name: got[name] for name in FULL} == FULL | {"1-velocity": 0, "1-loss": 0}
    assert "several answer cells" in hints["1-velocity"]
    assert "No cell of the notebook defines loss" in hints["1-loss"]
    assert "Cell 1 (undefined_name)" in hints["1-loss"]


@pytest.mark.parametrize("untouched", ["en", "ko"])
def test_no_nought_without_a_hint(room, untouched):
    got, hints = room.grade(classrooms.released(language=untouched))
    assert set(got.values()) == {0} and all(hints.values())


def test_open_questions(room, base):
    made = classrooms.answered({}, base=base)
    made.cells[at(made, "3-straight-open")].source = "We measure W2 after one step."
    assert room.grade(made)[0]["3-straight"] is None
    made = classrooms.answered({}, base=base)
    del made.cells[at(made, "3-straight-open")]
    made.cells.append(nbformat.v4.new_markdown_cell("We measure W2 after one step. " * 3))
    assert room.grade(made)[0]["3-straight"] is None  # in a cell of the student's own
