"""What to run of a submission, and when to judge which exercise.

Cells are taken by what they are, never by position: an answer by its grade_id or, if it has lost
that, by the names that it defines; the rest of what the student wrote runs as it stands.
"""

import re
from dataclasses import dataclass, field

from classroom import course, reading
from classroom.key import Exercise, Key, Open, plain
from classroom.reading import Cell
from classroom.reasons import reason


@dataclass
class Plan:
    """The steps of a run.

    Attributes:
        steps: a cell to run, or an exercise to judge, in order.
        answers: the cells that answer an exercise, by its name.
        notes: remarks for the student, by exercise; "" for those on the whole notebook.
    """

    steps: list = field(default_factory=list)
    answers: dict[str, list[Cell]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def note(self, exercise: str, text: str) -> None:
        """Add a remark."""
        self.notes.setdefault(exercise, []).append(text)

    def exercises_of(self, cell: Cell) -> list[str]:
        """The exercises that a cell answers."""
        return [name for name, cells in self.answers.items() if any(c is cell for c in cells)]


def defines(source: str, names: list[str]) -> bool:
    """Whether code gives a value to one of the names; it is only looked at."""
    for name in map(re.escape, names):
        pattern = (
            rf"^(?:async )?(?:def|class) +{name}\b|^[ \t]*{name}[ \t]*(?::[^=\n]*)?=[^=]"
            rf"|^[ \t]*[\w, \t()*]*\b{name}\b[\w, \t()*]*=[^=]|^(?:from|import)\b.*\b{name}\b"
        )
        if re.search(pattern, source, re.M):
            return True
    return False


def unanswered(source: str) -> bool:
    """Whether a cell still says "Write your answer here"."""
    comments = "|".join(map(re.escape, course.CODE.values()))
    return bool(re.search(rf"(?:{comments})\s*raise NotImplementedError", source))


def _is_check(cell: Cell, exercise: Exercise) -> bool:
    """Whether a cell is the check of an exercise."""
    if cell.grade_id == f"{exercise.name}-check":
        return True
    return not cell.grade_id and plain(cell.source) == plain(exercise.shown)


def make(submission: reading.Submission, key: Key) -> Plan:
    """Plan the run of a submission.

    Args:
        submission: what was handed in.
        key: of its assignment.

    Returns:
        The plan.
    """
    plan = Plan()
    code = [cell for cell in submission.cells if cell.code]
    checks: dict[int, str] = {}
    for cell in list(code):
        for name, exercise in key.exercises.items():
            if _is_check(cell, exercise):
                checks[cell.number] = name
    code = [cell for cell in code if not _foreign(cell, key, plan)]
    for name, exercise in key.exercises.items():
        plan.answers[name] = _answers(exercise, code, checks, plan, key)
    judged: dict[int, list[str]] = {}
    for name, cells in plan.answers.items():
        judged.setdefault(_when(name, cells, code, checks, plan), []).append(name)
    for cell in code:
        plan.steps += [key.exercises[name] for name in judged.get(cell.number, [])]
        if cell.number not in checks:
            plan.steps.append(cell)
    plan.steps += [key.exercises[name] for name in judged.get(0, [])]
    return plan


def _foreign(cell: Cell, key: Key, plan: Plan) -> bool:
    """Whether a cell belongs to another assignment; then a note says so."""
    name = reading.exercise_of(cell.grade_id)
    if name is None or name in {item.name for item in key.graded}:
        return False
    if any(defines(cell.source, exercise.names) for exercise in key.exercises.values()):
        return False
    others = [known for known, has in reading.exercises_of_all().items() if name in has]
    if others:
        text = reason("foreign", key.language, cell=cell.title, others=", ".join(others))
        plan.note("", text)
    return bool(others)


def _answers(
    exercise: Exercise, code: list[Cell], checks: dict[int, str], plan: Plan, key: Key
) -> list[Cell]:
    """The cells that answer an exercise, the one that counts last."""
    own = [cell for cell in code if cell.grade_id == f"{exercise.name}-exercise"]
    told = [cell for cell in own if defines(cell.source, exercise.names)] or own
    done = [cell for cell in told if not unanswered(cell.source)]
    if not done:
        others = [cell for cell in code if cell.number not in checks and cell not in own]
        others = [c for c in others if reading.exercise_of(c.grade_id) not in key.exercises]
        done = [
            cell
            for cell in others
            if defines(cell.source, exercise.names) and not unanswered(cell.source)
        ]
        if done and own:
            text = reason("elsewhere", key.language, cell=done[-1].title)
            plan.note(exercise.name, text)
        elif done:
            plan.note(exercise.name, reason("no_id", key.language, cell=done[-1].title))
    if len(done) > 1 and len(told) > 1:
        cells = ", ".join(cell.title for cell in done)
        text = reason("copies", key.language, cells=cells, cell=done[-1].title)
        plan.note(exercise.name, text)
    return done or told


def _when(
    name: str, cells: list[Cell], code: list[Cell], checks: dict[int, str], plan: Plan
) -> int:
    """The number of the cell before which an exercise is judged; 0 for the end."""
    if not cells:
        return 0
    later = [cell for cell in code if cell.number > cells[-1].number]
    for cell in later:
        if checks.get(cell.number) == name:
            return cell.number
    for cell in later:
        others = [other for other in plan.answers if other != name]
        if cell.number in checks or reading.exercise_of(cell.grade_id) in others:
            return cell.number
    return 0


def open_answers(submission: reading.Submission, key: Key) -> dict[str, bool]:
    """Which open questions were answered.

    Args:
        submission: what was handed in.
        key: of its assignment.

    Returns:
        Whether there is something to read for a person, by the question's name.
    """
    stubs = {plain(text) for text in (*course.STUBS.values(), "")}
    texts = [cell for cell in submission.cells if plain(cell.source) not in stubs]
    found = {}
    # An answer in a cell of the student's own: long, and no text of the assignment.
    added = [
        cell
        for cell in texts
        if not cell.grade_id and not cell.code and len(plain(cell.source)) > 30
    ]
    added = [cell for cell in added if plain(cell.source) not in key.locked]
    for item in key.graded:
        if isinstance(item, Open):
            own = [cell for cell in texts if cell.grade_id == f"{item.name}-open"]
            found[item.name] = bool(own or added)
    return found
