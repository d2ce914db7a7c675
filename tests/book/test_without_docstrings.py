"""Objects of ``utils`` stand on the pages and in the notebooks without their docstrings."""

import re
from types import SimpleNamespace

import pytest
from sphinx.directives import code

from book.build import ROOT
from book.export.docstrings import without_docstrings
from book.export.markdown import included
from book.extension import without_docstrings as extension

SOURCE = '''class Thing(Base):
    """One line."""

    size = 3

    def method(self, x):
        r"""What it does.

        In several lines.
    Even at the edge.
        """

        text = "no docstring"

        def inner():
            # a comment
            "short"
            return x
        return inner

    def nothing(self):
        """It has nothing else."""


@decorated
def one(x, y): return x
def two(x,
        y):
    \'\'\'Two.\'\'\'
    return """no

docstring"""
'''
SHOWN = '''class Thing(Base):
    size = 3

    def method(self, x):
        text = "no docstring"

        def inner():
            # a comment
            return x
        return inner

    def nothing(self):
        """It has nothing else."""


@decorated
def one(x, y): return x
def two(x,
        y):
    return """no

docstring"""
'''


def test_docstrings_go_and_no_empty_line_stays():
    assert "".join(without_docstrings(SOURCE.splitlines(True))) == SHOWN
    method = SOURCE.splitlines()[5:18]  # indented, and without the ends of its lines
    assert without_docstrings(method) == SHOWN.splitlines()[3:9]
    assert without_docstrings(["def f():", "    '''All.'''"]) == ["def f():", "    '''All.'''"]


@pytest.fixture
def reader(monkeypatch):
    monkeypatch.setattr(code, "LiteralIncludeReader", code.LiteralIncludeReader)  # put it back
    extension.setup(None)
    return code.LiteralIncludeReader


@pytest.mark.parametrize(
    "options",
    [
        {"pyobject": "Thing"},
        {"pyobject": "Thing.method", "dedent": 4},
        {"pyobject": "two"},
        {"pyobject": "Thing.method", "dedent": 8, "start-at": "inner", "end-at": "return"},
    ],
)
def test_page_and_notebook_show_the_same(tmp_path, reader, options):
    file = tmp_path / "thing.py"
    file.write_text(SOURCE)
    config = SimpleNamespace(source_encoding="utf-8")
    page, _ = reader(str(file), options, config).read()
    notebook = included(tmp_path / "page.md", "thing.py", {k: str(v) for k, v in options.items()})
    assert page.rstrip("\n") == notebook.rstrip("\n")
    assert "What it does" not in page and "Two" not in page


def test_a_whole_file_is_shown_as_it_is(tmp_path, reader):
    (tmp_path / "thing.py").write_text(SOURCE)
    config = SimpleNamespace(source_encoding="utf-8")
    assert reader(str(tmp_path / "thing.py"), {}, config).read()[0] == SOURCE


def test_what_the_chapters_show_has_no_docstring():
    found = 0
    for chapter in sorted((ROOT / "chapters").glob("*/*.md")):
        for block in re.findall(
            r"^```\{literalinclude\} .*?^```$", chapter.read_text("utf-8"), re.M | re.S
        ):
            lines = block.splitlines()[:-1]
            options = dict(re.findall(r"^:([\w-]+): *(.*)$", "\n".join(lines), re.M))
            shown = included(chapter, lines[0].split()[-1], options)
            found += 1
            assert '"""' not in shown and "\n\n\n" not in shown, (chapter.name, shown)
    assert found
