"""What a multiple-choice question of a chapter says: its options, and the words around them."""

import re
from dataclasses import dataclass

OPTION = re.compile(r"- \[([ x])\] +(\S.*)")
WORDS = {
    "ko": {"quiz": "확인 문제", "right": "✓ 정답.", "wrong": "✗ 오답.", "answers": "답과 설명"},
    "en": {
        "quiz": "Check",
        "right": "✓ Right.",
        "wrong": "✗ Wrong.",
        "answers": "Answers and reasons",
    },
}


@dataclass(frozen=True)
class Option:
    """One answer that a reader may pick, as MyST, and what is said of it."""

    text: str
    right: bool
    reason: str


def options(lines: list[str]) -> list[Option]:
    """Read the content of a quiz.

    Args:
        lines: the directive's, without its title.

    Raises:
        ValueError: if a line is neither option nor reason, an option has no reason, there are
            fewer than two, or not exactly one is right.
    """
    found: list[tuple[str, bool, list[str]]] = []
    for line in lines:
        if match := OPTION.fullmatch(line.rstrip()):
            found.append((match[2], match[1] == "x", []))
        elif line.strip():
            reason = found[-1][2] if found else None
            first = "  : " if not reason else "  "
            if reason is None or not line.startswith(first) or not line[len(first) :].strip():
                raise ValueError(
                    f"a quiz holds options ('- [ ] text' or '- [x] text') and below each what is "
                    f"said of it ('  : text', going on after two spaces), got {line!r}"
                )
            reason.append(line[len(first) :].strip())
    for text, _, reason in found:
        if not reason:
            raise ValueError(f"the option {text!r} of a quiz says nothing when it is picked")
    if len(found) < 2:
        raise ValueError(f"a quiz needs at least two options, got {len(found)}")
    if (count := sum(right for _, right, _ in found)) != 1:
        raise ValueError(f"exactly one option of a quiz must be right ('- [x] '), got {count}")
    return [Option(text, right, "\n".join(reason)) for text, right, reason in found]
