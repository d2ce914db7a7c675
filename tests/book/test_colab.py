"""The setup cell, in a stand-in for Colab; ``notebooks/conftest.py`` runs all notebooks in one."""

import shutil
import subprocess
import sys

import nbformat
import pytest

from book.export.addresses import ROOT, sources
from book.export.export import convert
from book.export.setup_cell import COMMENT, MESSAGES, TAG, setup_cell
from book.export.stand_in import HIDE, stand_in
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


def run(code, colab, folder=None, **variables):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder or colab.work,
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
    assert MESSAGES[language]["clone"] in last and "COURSE_REPOSITORY" in last
    assert not list(colab.work.iterdir())


# What a reader may have beside a notebook, and the package that it hides.
IN_THE_WAY = ["utils.py", "utils/__init__.py", "flow_matching.py", "torch.py", "ot.py"]


@pytest.mark.parametrize("file", IN_THE_WAY)
@pytest.mark.parametrize("where", ["colab", "laptop"])
def test_a_file_in_the_way_is_named(colab, tmp_path, file, where):
    hides = tmp_path / file
    hides.parent.mkdir(exist_ok=True)
    hides.write_text("mine = 1\n", "utf-8")
    chapter = setup_cell("import flow_matching", "ko", NOTHING).source
    variables = {"COURSE_REPOSITORY": NOWHERE}
    if where == "laptop":
        variables["PYTHONPATH"] = str(ROOT)
    done = run(chapter, colab, tmp_path, **variables)
    last = done.stderr[done.stderr.rindex("RuntimeError: ") :]
    assert done.returncode == 1 and MESSAGES["ko"]["hidden"] in last and str(hides) in last


def test_a_folder_of_data_called_utils_is_not_in_the_way(colab, tmp_path):
    (tmp_path / "utils").mkdir()
    (tmp_path / "utils" / "notes.txt").touch()
    done = run(cell() + "\nimport utils.claims", colab, tmp_path, PYTHONPATH=str(ROOT))
    assert (done.returncode, done.stderr) == (0, "")


# As in a new environment of Python 3.12, which has no setuptools: the finder refuses to find it.
WITHOUT = """
import importlib.util, shutil
find, which = importlib.util.find_spec, shutil.which
importlib.util.find_spec = lambda name: None if name == {tool!r} else find(name)
shutil.which = lambda name: None if name == {tool!r} else which(name)
"""


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("tool", ["setuptools", "pip", "git"])
def test_a_missing_tool_is_named_and_the_network_is_not_blamed(colab, language, tool):
    without = WITHOUT.format(tool=tool)
    done = run(without + cell(language), colab)
    last = done.stderr[done.stderr.rindex("RuntimeError: ") :]
    assert last.strip() == f"RuntimeError: {MESSAGES[language]['lacking']} {tool}"


def test_what_pip_says_is_shown_and_the_network_is_not_blamed(colab, tmp_path):
    broken = tmp_path / "repository"
    shutil.copytree(colab.repository, broken)
    project = broken / "pyproject.toml"
    text = project.read_text("utf-8").replace(
        'requires-python = ">=3.11"', 'requires-python = ">=4"'
    )
    project.write_text(text, "utf-8")
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    subprocess.run(["git", *who, "commit", "-qam", "broken"], cwd=broken, check=True)
    done = run(cell(), colab, COURSE_REPOSITORY=broken.as_uri())
    last = done.stderr[done.stderr.rindex("RuntimeError: ") :]
    assert MESSAGES["en"]["install"] in last and "requires a different Python" in last
    assert "network" not in last


def test_outside_colab_it_says_where_utils_is_missing(colab):
    # Without the stubs there is no google.colab; what hides this checkout is among them.
    hide = HIDE.format(root=str(ROOT))
    done = run(hide + cell("ko"), colab, PYTHONPATH="")
    last = done.stderr[done.stderr.rindex("RuntimeError: ") :]
    assert MESSAGES["ko"]["absent"] in last and sys.executable in last


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
            assert len(text.splitlines()) <= 45
            assert code[0].metadata.jupyter.source_hidden  # folded: nobody has to read it
            assert max(map(len, text.splitlines())) <= 100
            for words in (COMMENT[language], *MESSAGES[language].values()):
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
    fetched = text[text.index("wanted = ") : text.index("def stop")]
    assert "torch>=" not in fetched and "numpy" not in fetched  # they stay as Colab has them
    nbformat.validate(notebook)


def test_setup_names_the_repository():
    text = cell(where=Repository("https://github.com/someone/course", "next"))
    assert '"COURSE_REPOSITORY", "https://github.com/someone/course"' in text
    assert '"-bnext"' in text
