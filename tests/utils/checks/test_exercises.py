"""Every exercise of the chapters has a cell for its answer, and a check that knows the mistakes."""

import re

import jupytext
import pytest

import utils.checks
from book.build import ROOT
from utils.checks import attempt
from utils.checks.exercises import EXERCISES
from utils.checks.hints import hint
from utils.checks.parts import Function

CHAPTERS = sorted((ROOT / "chapters" / "ko").glob("[0-9]*.md"))
PARTS = [(label, part) for label, parts in EXERCISES.items() for part in parts]
MISTAKES = [(label, part, key) for label, part in PARTS for key in part.mistakes]


@pytest.fixture(params=["ko", "en"])
def language(request, monkeypatch):
    monkeypatch.setattr(utils.checks, "language", request.param)
    return request.param


def name(value):
    return value if isinstance(value, str) else value.name


def labels(chapter):
    return re.findall(r"^:label: (ex-[\w-]+)$", chapter.read_text("utf-8"), re.M)


def answer_cells(chapter):
    cells = [cell for cell in jupytext.read(chapter).cells if cell.cell_type == "code"]
    return [cell for cell in cells if "exercise" in cell.metadata.get("tags", [])]


def said(capsys, label, part, answer):
    """What ``attempt`` prints about one part when the others are not answered."""
    answers = [answer if other is part else other_open(other) for other in EXERCISES[label]]
    capsys.readouterr()
    attempt(label, *answers)
    return capsys.readouterr().out.splitlines()[EXERCISES[label].index(part)]


def other_open(part):
    """An answer that is still open."""

    def unfinished(*args):
        raise NotImplementedError

    return unfinished if isinstance(part, Function) else None


def test_every_exercise_has_a_check_with_a_mistake():
    assert set(EXERCISES) == {label for chapter in CHAPTERS for label in labels(chapter)}
    assert all(EXERCISES.values())
    for label, part in PARTS:
        assert part.mistakes, f"{label}: {part.name}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda file: file.stem)
def test_untouched_cells_say_that_nothing_is_answered(chapter, language, capsys):
    cells, space = answer_cells(chapter), {}
    found = [re.search(r'^attempt\("([\w-]+)"', cell.source, re.M)[1] for cell in cells]
    assert found == labels(chapter)
    for label, cell in zip(found, cells, strict=True):
        assert cell.metadata["tags"] == ["exercise", "remove-cell"]  # the page shows the text alone
        exec(cell.source, space)
        lines = capsys.readouterr().out.splitlines()
        assert lines == [hint("unfinished", name=part.name) for part in EXERCISES[label]]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda file: file.stem)
def test_the_answer_comes_between_exercise_and_solution(chapter):
    text = chapter.read_text("utf-8")
    for label in labels(chapter):
        places = [text.index(f":label: {label}"), text.index(f'attempt("{label}"')]
        places.append(re.search(rf"\{{solution(?:-start)?\}} {label}$", text, re.M).start())
        assert places == sorted(places), label


@pytest.mark.parametrize(("label", "part"), PARTS, ids=name)
def test_what_is_right_passes(label, part, language, capsys):
    assert said(capsys, label, part, part.right) == hint("right", name=part.name)


@pytest.mark.parametrize(("label", "part", "key"), MISTAKES, ids=name)
def test_a_mistake_is_named(label, part, key, language, capsys):
    words = said(capsys, label, part, part.mistakes[key])
    assert words == hint(key, name=part.name)
    assert bool(re.search("[가-힣]", words)) == (language == "ko")


@pytest.mark.parametrize(("label", "part"), PARTS, ids=name)
def test_nonsense_is_answered_too(label, part, language, capsys):
    for nonsense in ("nonsense", [], float("nan")):
        words = said(capsys, label, part, nonsense)
        assert words.startswith(f"{part.name}: ") and words != hint("right", name=part.name)


def test_attempt_names_what_it_was_given():
    with pytest.raises(ValueError, match="label must be one of"):
        attempt("ex-nothing", 1)
    label, parts = next(iter(EXERCISES.items()))
    with pytest.raises(ValueError, match=f"{label} takes {parts[0].name}"):
        attempt(label, *[None] * (len(parts) + 1))
