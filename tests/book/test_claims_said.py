"""No sentence of the book calls something faster, straighter or smoother without a measurement."""

import re
from pathlib import Path

import pytest

CHAPTERS = Path(__file__).parents[2] / "chapters"
COMPARING = {
    "en": r"\b(faster|straighter|smoother|fewer steps|quicker)\b",
    "ko": r"더 빠[르른릅]|더 빨[리라]|빠릅니다|더 곧|곧습니다"
    r"|더 매끄|더 부드|더 적은 (스텝|걸음)|덜 휩니다",
}
# Lines that compare without claiming: what others say, a question, an answer to pick, a definition.
QUOTED = re.compile(
    r"[?？]\s*$|^- \[[ x]\] |^\|.*\|.*\|$|original guide|원본 가이드|[\"“].*[\"”]|^:alt:|^#"
)


def blocks(page):
    """Paragraphs of prose, each with the number of its first line; no cells, no displayed maths."""
    text = page.read_text("utf-8")
    text = re.sub(
        r"^```\{code-cell\}.*?^```$", lambda m: "\n" * m[0].count("\n"), text, flags=re.S | re.M
    )
    number, found = 1, []
    for paragraph in re.split(r"(\n\s*\n)", text):
        if paragraph.strip():
            found.append((number, paragraph))
        number += paragraph.count("\n")
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
def test_comparing_sentences_are_measured(language):
    unmeasured = []
    for page in sorted((CHAPTERS / language).glob("*.md")):
        if page.name == "claims.md":  # says what the page is
            continue
        for start, paragraph in blocks(page):
            if "{claim}" in paragraph or "{numref}" in paragraph:
                continue
            for offset, line in enumerate(paragraph.splitlines()):
                if re.search(COMPARING[language], line) and not QUOTED.search(line):
                    unmeasured.append(f"{page.name}:{start + offset}: {line[:150]}")
    assert not unmeasured, "\n".join(unmeasured)


def test_the_search_finds_what_it_should():
    assert re.search(COMPARING["en"], "It is straighter than that.")
    assert re.search(COMPARING["ko"], "이쪽이 더 빠릅니다.")
    assert QUOTED.search("- [ ] It is faster.")
    assert QUOTED.search('They say "it is faster".') and not QUOTED.search("It is faster.")
