"""Submissions that attack get what their answers deserve, and leave nothing behind."""

import socket

import classrooms
import hostile
import pytest

from classroom import sandbox, sources

SIGNS = ("SystemError", "NameError", "SyntaxError", "ImportError")


@pytest.fixture(scope="module")
def port():
    """A server outside of the sandbox."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def snippet(name, room, port):
    """The code of an attack, with the places that it looks for."""
    text = hostile.HARMLESS[name]
    if name in hostile.PLAIN:
        return text
    return text.format(root=str(sources.ROOT), folder=str(room.folder), port=port)


WRONG, RIGHT = classrooms.WRONG, classrooms.RIGHT
# What ends the whole sandbox costs an import of torch each time: once with answers of both kinds.
MIXED = RIGHT | {"1-loss": WRONG["1-loss"]}


@pytest.mark.parametrize("name", hostile.HARMLESS)
def test_an_attack_changes_no_points(room, port, base, name):
    attack = snippet(name, room, port)
    seconds = 3 if name in hostile.SLOW else 5
    both = [(WRONG, [0, 0, 0]), (RIGHT, [2, 2, 3])]
    for answers, wanted in [(MIXED, [2, 0, 3])] if name in hostile.DEAR else both:
        made = classrooms.answered(answers, attack, base)
        got, hints = room.grade(made, seconds=seconds)
        assert [got[exercise] for exercise in RIGHT] == wanted, hints
        assert all(hints[exercise] for exercise in RIGHT if got[exercise] == 0)
        # Every attack has found what it looks for, and nothing that it must not find.
        assert not any(sign in text for text in hints.values() for sign in SIGNS), hints


@pytest.mark.parametrize("name", hostile.ANSWERS)
def test_an_answer_that_attacks_gets_nothing_and_costs_nothing_else(room, base, name):
    exercise, code = hostile.ANSWERS[name]
    got, hints = room.grade(classrooms.answered(RIGHT | {exercise: code}, base=base), seconds=3)
    wanted = {"1-velocity": 2, "1-loss": 2, "2-floor": 3} | {exercise: 0}
    assert {name: got[name] for name in wanted} == wanted, hints
    assert 0 < len(hints[exercise]) < 1600


@pytest.mark.parametrize("trusted", [False, True])
def test_nothing_stays_behind(tmp_path, trusted):
    classrooms.need_sandbox()
    room = classrooms.Room(tmp_path, trusted)
    daemon = hostile.HARMLESS["a daemon"]
    try:
        room.grade(classrooms.answered(RIGHT, daemon))
        process = room.place.process.pid
        # A run that has ended leaves the first process of the sandbox only.
        assert len(sandbox._tree(process)) == (1 if trusted else 2)
    finally:
        room.close()
    assert sandbox._tree(process) == [process] and not sandbox._children(process)
