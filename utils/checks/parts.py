"""What an exercise of a chapter can ask for: a function, a number, or one of several words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from utils.checks.answers import check_function
from utils.checks.hints import hint
from utils.checks.number import check_number


@dataclass(frozen=True)
class Function:
    """A function that the reader writes.

    Attributes:
        name: what the reader calls it.
        right: the right function.
        mistakes: functions that make one mistake each, by the key of its hint.
        cases: makes the argument lists that both are tried on, from a seeded generator.
    """

    name: str
    right: Callable
    mistakes: Mapping[str, Callable]
    cases: Callable[[torch.Generator], Sequence[Sequence]]

    def check(self, answer: Callable) -> None:
        """Raise ``AssertionError`` with a hint unless the answer is right."""
        if not callable(answer):
            raise AssertionError(hint("not_function", name=self.name, kind=type(answer).__name__))
        cases = self.cases(torch.Generator().manual_seed(0))
        check_function(self.name, answer, self.right, self.mistakes, cases)


@dataclass(frozen=True)
class Number:
    """A number that the reader works out or measures.

    Attributes:
        name: what the reader calls it.
        right: the right number.
        tolerance: how far from it an honest answer may lie.
        mistakes: numbers that a known mistake gives, by the key of its hint.
        low: least plausible value.
        high: greatest plausible value.
    """

    name: str
    right: float
    tolerance: float
    mistakes: Mapping[str, float]
    low: float = -float("inf")
    high: float = float("inf")

    def check(self, answer: float | None) -> None:
        """Raise ``AssertionError`` with a hint unless the answer is right."""
        check_number(self.name, answer, self.low, self.high, self.right, self.tolerance,
                     dict(self.mistakes))  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """One of several words.

    Attributes:
        name: what the reader calls it.
        right: the right word.
        mistakes: the other words by the key of the hint that each gets.
    """

    name: str
    right: str
    mistakes: Mapping[str, str] = field(default_factory=dict)

    def check(self, answer: str | None) -> None:
        """Raise ``AssertionError`` with a hint unless the answer is right."""
        if answer is None:
            raise AssertionError(hint("unfinished", name=self.name))
        said = answer.strip().lower() if isinstance(answer, str) else answer
        if said == self.right.lower():
            print(hint("right", name=self.name))
            return
        for key, word in self.mistakes.items():
            if said == word.lower():
                raise AssertionError(hint(key, name=self.name))
        words = ", ".join(sorted({self.right, *self.mistakes.values()}))
        raise AssertionError(hint("not_choice", name=self.name, words=words))


Part = Function | Number | Choice
