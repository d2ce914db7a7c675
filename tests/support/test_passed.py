"""Which notebooks are not run again, and which are."""

import json
from types import SimpleNamespace

import passed
import pytest
from passed import Passed, mark


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A notebook of one sentence and one cell; the marks lie beside it."""
    monkeypatch.setattr(passed, "FOLDER", tmp_path / "passed")
    file = tmp_path / "ko/a.ipynb"
    file.parent.mkdir()

    def write(prose="hello", source="1 + 1", printed="2", tags=()):
        code = {
            "cell_type": "code",
            "source": source,
            "metadata": {"tags": [*tags]},
            "outputs": [{"text": printed}],
        }
        cells = [{"cell_type": "markdown", "source": prose, "metadata": {}}, code]
        file.write_text(json.dumps({"cells": cells}), "utf-8")
        return file

    return write


def test_prose_is_no_reason_to_run_again_but_a_cell_or_its_output_is(notebook, monkeypatch):
    first = mark(notebook())
    assert mark(notebook(prose="another sentence")) == first
    assert mark(notebook(source="1 + 2")) != first
    assert mark(notebook(printed="3")) != first
    assert mark(notebook(tags=("skip",))) != first
    for what in ("environment_key", "utils_key"):
        with monkeypatch.context() as other:
            other.setattr(passed, what, lambda *_: "another")
            assert mark(notebook()) != first


def test_what_judges_is_a_reason_to_run_again(notebook, monkeypatch):
    first = mark(notebook())
    monkeypatch.setattr(passed, "judges", lambda: "another tolerance")
    assert mark(notebook()) != first


def gather(plugin, file):
    """Collect one cell and run it; whether it and its kernel really ran."""
    ran = []

    class Cell:
        path = file
        parent = SimpleNamespace(setup=lambda: ran.append("kernel"), teardown=lambda: None)

        def setup(self):
            pass

        def runtest(self):
            ran.append("cell")

    plugin.kind, cell = Cell, Cell()
    plugin.pytest_collection_modifyitems([cell])
    cell.parent.setup()
    cell.setup()
    cell.runtest()
    return ran


def test_only_what_has_passed_is_spared_and_fresh_spares_nothing(notebook):
    file = notebook()
    assert gather(Passed(object, fresh=False), file) == ["kernel", "cell"]
    plugin = Passed(object, fresh=False)
    report = {"failed": True, "nodeid": "notebooks/en/a.ipynb::Cell 1"}
    plugin.pytest_runtest_logreport(SimpleNamespace(**report))
    report = {"failed": True, "nodeid": "notebooks/ko/a.ipynb::Cell 0"}
    spoiled = Passed(object, fresh=False)
    spoiled.pytest_runtest_logreport(SimpleNamespace(**report))
    spoiled.note(file)
    assert gather(Passed(object, fresh=False), file) == ["kernel", "cell"]
    plugin.note(file)  # the English one failed, not this one
    assert gather(Passed(object, fresh=False), file) == []
    assert gather(Passed(object, fresh=True), file) == ["kernel", "cell"]
    assert gather(Passed(object, fresh=False), notebook(printed="4")) == ["kernel", "cell"]
