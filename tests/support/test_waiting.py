"""Waiting itself: what is not there yet raises, and in the end the reason is told."""

import time

import pytest
from waiting import until


def test_an_exception_means_not_yet():
    answers = iter([ValueError("half built"), KeyError("still"), 0, "there"])

    def condition(left):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert until(condition, 10, "something") == "there"


@pytest.mark.parametrize(
    ("answer", "words"), [(RuntimeError("no view"), "RuntimeError: no view"), ([], r"it was \[\]")]
)
def test_the_deadline_names_what_it_waited_for_and_the_last_answer(answer, words):
    def condition(left):
        if isinstance(answer, Exception):
            raise answer
        return answer

    start = time.monotonic()
    with pytest.raises(TimeoutError, match=rf"not within 0.2 s: the view\n.*{words}"):
        until(condition, 0.2, "the view")
    assert time.monotonic() - start < 5
