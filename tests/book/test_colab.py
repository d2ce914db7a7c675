"""The setup cell, in a stand-in for Colab; ``notebooks/conftest.py`` runs all notebooks in one."""

import subprocess
import sys

import nbformat
import pytest

from book.export.addresses import ROOT, sources
from book.export.export import convert
from book.export.setup_cell import COMMENT, MESSAGE, TAG, setup_cell
from book.export.stand_in import stand_in
from book.repository import Repository

NOTHING = Repository()
NOWHERE = "https://127.0.0.1:9/course.git"  # nobody listens there: a machine without a network
PACKAGES = """
from importlib.metadata import version
print(version("torch"), version("numpy"))
"""


@pytest.fixture(scope="module")
def colab(tmp_path_factory):
    return stand_in(tmp_path_factory.mktemp("colab"))


def cell(language="en", where=NOTHING):
    return setup_cell("import utils", language, where).source


def run(code, colab, **variables):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=colab.work,
        env=colab.environment() | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("address", ["", NOWHERE])
def test_without_repository_or_network_there_is_one_clear_message(colab, language, address):
    done = run(cell(language), colab, COURSE_REPOSITORY=address)
    last = done.stderr[done.stderr.index("RuntimeError: ") :]
    assert done.returncode == 1 and "Traceback" not in last
    assert " ".join(MESSAGE[language]) in last and "COURSE_REPOSITORY" in last


def test_setup_installs_utils_once_and_nothing_else(colab):
    before = run(PACKAGES, colab).stdout
    assert run("import utils", colab).returncode == 1  # the stand-in hides this checkout
    # In one process, as in a notebook: what was not there when Python started can be imported.
    done = run(cell() + PACKAGES + "import utils.claims; print(utils.__file__)", colab)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(before)
    assert done.stdout.strip().endswith(str(colab.packages / "utils/__init__.py"))
    installed = sorted(path.name.split("-")[0] for path in colab.packages.iterdir())
    assert installed == ["flow_matching_course", "utils"]
    assert not list(colab.work.iterdir())
    # Again: it does nothing, so that it does not even miss the repository.
    times = {path: path.stat().st_mtime_ns for path in colab.packages.rglob("*.py")}
    again = run(cell(), colab, COURSE_REPOSITORY=NOWHERE)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert times == {path: path.stat().st_mtime_ns for path in colab.packages.rglob("*.py")}


def test_setup_does_nothing_outside_colab(colab):
    variables = {"COURSE_REPOSITORY": NOWHERE, "PYTHONPATH": str(ROOT)}
    done = run(cell() + "\nassert not found('google.colab')", colab, **variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_is_short_and_comes_first_in_both_languages():
    for korean in sources("ko"):
        cells = {}
        for language in ("ko", "en"):
            notebook = convert(ROOT / "chapters" / language / korean.name)
            code = [c for c in notebook.cells if c.cell_type == "code"]
            assert code[0].metadata.tags == [TAG] and not code[0].outputs
            text = code[0].source
            assert len(text.splitlines()) <= 25
            assert max(map(len, text.splitlines())) <= 100
            for words in (COMMENT[language], *MESSAGE[language]):
                assert words in text
                text = text.replace(words, "")
            assert f'"COURSE_LANGUAGE"] = "{language}"' in text
            cells[language] = text.replace(f'= "{language}"', "")
        assert cells["ko"] == cells["en"]


def test_setup_names_what_the_chapter_imports_beyond_colab():
    library = sources("ko")[0].with_name("07-flow-matching-library.md")
    notebook = convert(library)
    text = next(c.source for c in notebook.cells if TAG in c.metadata.get("tags", []))
    for package in ("flow-matching>=", "torchdiffeq>=", "scikit-learn>="):
        assert package in text
    assert '"torch"' not in text and "numpy" not in text
    nbformat.validate(notebook)


def test_setup_names_the_repository():
    text = cell(where=Repository("https://github.com/someone/course", "next"))
    assert '"COURSE_REPOSITORY", "https://github.com/someone/course"' in text
    assert '"-bnext"' in text
