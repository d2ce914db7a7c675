"""Check a reader's answer to an exercise of a chapter, and say at once what is wrong with it."""

from utils.checks.exercises import EXERCISES


def attempt(label: str, *answers: object) -> None:
    """Print one line for each part of the answer: that it is right, or what is wrong with it.

    It prints instead of raising, so that the notebook runs on, unfinished answers included.

    Args:
        label: of the exercise, such as ``"ex-fm-1"``.
        answers: its parts, in the order in which the cell defines them.

    Raises:
        ValueError: if there is no such exercise, or it has another number of parts.
    """
    if label not in EXERCISES:
        raise ValueError(f"label must be one of {sorted(EXERCISES)}, got {label!r}")
    parts = EXERCISES[label]
    if len(answers) != len(parts):
        names = ", ".join(part.name for part in parts)
        raise ValueError(f"{label} takes {names}; got {len(answers)} answers")
    for part, answer in zip(parts, answers, strict=True):
        try:
            part.check(answer)
        except AssertionError as error:
            print(error)
