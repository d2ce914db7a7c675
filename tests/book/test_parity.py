"""The two languages are one course: same cells, labels, figures, exercises and sections."""

import re

import jupytext
import pytest
from cells import code_cells

from book.build import ROOT
from book.chapters import all_of, deeper_of, is_deeper
from book.run.keys import running

CHAPTERS = ROOT / "chapters"
NAMES = sorted(page.stem for page in (CHAPTERS / "ko").glob("*.md"))
PATTERNS = {
    "section labels": r"^\(([\w-]+)\)=$",
    "equation labels": r"^\$\$ *\(([\w:-]+)\)|^:label: *([\w:-]+)",
    "figures": r"\{output-figure\} *([\w-]+)",
    "solutions": r"\{solution(?:-start)?\} *([\w-]+)",
    "heading levels": r"^(#{1,6}) ",
    "directives": r"^(?:`{3,}|:{3,})\{([\w:-]+)\}",
    "quizzes": r"^:{3,}\{quiz\}|^- \[([ x])\] ",  # as many options, the right one in the same place
    "marks for slides": r"^% (slide)$",
    "citations": r"\{cite[\w:]*\}`([^`]*)`",
}


def text(language, name):
    return (CHAPTERS / language / f"{name}.md").read_text("utf-8")


def cells(language, name):
    notebook = jupytext.read(CHAPTERS / language / f"{name}.md")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [(cell.source, running(cell.metadata.get("tags"))) for cell in code]


def without_code(source):
    return re.sub(r"^```\{code-cell\}.*?^```$", "", source, flags=re.S | re.M)


def test_both_languages_have_the_same_pages():
    english = sorted(page.stem for page in (CHAPTERS / "en").glob("*.md"))
    assert english == NAMES and len(NAMES) >= 8


@pytest.mark.parametrize("name", NAMES)
def test_code_cells_are_identical(name):
    assert cells("ko", name) == cells("en", name)


@pytest.mark.parametrize("what", PATTERNS)
@pytest.mark.parametrize("name", NAMES)
def test_structure_is_identical(name, what):
    ko, en = (
        re.findall(PATTERNS[what], without_code(text(language, name)), re.M)
        for language in ("ko", "en")
    )
    if what == "citations":
        ko, en = sorted(ko), sorted(en)  # word order differs between the languages
    assert ko == en


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short(name):
    for source, tags in code_cells(CHAPTERS / "ko" / f"{name}.md"):
        # One screen. Imports are folded; how wide a line may be, test_code_fits.py says.
        assert len(source.splitlines()) <= (40 if "hide-input" in tags else 28), source


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_page_has_a_description(name, language):
    assert f"description lang={language}" in text(language, name)[:800]


@pytest.mark.parametrize("name", NAMES)
def test_korean_keeps_one_style(name):
    prose = without_code(text("ko", name))
    assert not re.findall(r"[가-힣]*(?:해요|이에요|예요|하죠|네요|거든요)[.?!]", prose)
    assert len(re.findall(r"니다[.:]", prose)) > 3


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_chapter_announces_what_is_behind_it(language):
    """Its label ends in -deeper; the chapter links to it, since the main path leads past it."""
    homes = {chapter.name[:2]: chapter.name for chapter in all_of(CHAPTERS / language)}
    for page in deeper_of(CHAPTERS / language):
        label = re.search(r"^\((sec-[\w-]+-deeper)\)=\n+# ", text(language, page.name), re.M)
        assert label, f"{page.name}: write (sec-...-deeper)= above its title"
        links = re.findall(
            r"\{(?:doc|ref)\}`(?:[^`<]*<)?([\w-]+)>?`", text(language, homes[page.name[:2]])
        )
        assert {page.name, label[1]} & set(links), f"{homes[page.name[:2]]}: name {page.name}"


CONTENT = [
    name for name in NAMES if name[:2].isdigit() and not is_deeper(name) and cells("ko", name)
]


@pytest.mark.parametrize("name", CONTENT)
def test_chapter_has_its_parts(name):
    source = text("en", name)
    exercises = re.findall(r"\{exercise(?:-start)?\}", source)
    assert len(exercises) >= 3
    assert len(re.findall(r"\{solution(?:-start)?\}", source)) == len(exercises)
    assert "{output-figure}" in source and "interact(" in source and "{cite" in source
    assert "assert " in source
