"""The laboratory's files, put together into one module."""

import re
import subprocess

import pytest
from laboratory import node

from book.build import ROOT
from book.extension import laboratory
from utils.lab import module, pusht, source
from utils.lab import names as place_names

TEXTS = {
    "page": module(),
    "engine": source.joined(source.ENGINE),
    "learning page": laboratory.scripts()[laboratory.FILE],
    "learning engine": source.joined(source.LEARNING[0]),
}


@pytest.mark.parametrize(
    ("text", "most"), [(module(), 100_000), (laboratory.scripts()[laboratory.FILE], 125_000)]
)
def test_module_is_one_file_that_asks_nobody(text, most):
    assert not re.search(r"^\s*import\b|\bimport\(|fetch\(|https?://|XMLHttp", text, re.M)
    assert text.count("export ") == 1 and len(text) < most


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_names_of_files_put_together_are_unique(text, tmp_path):
    """A worker's script would take two functions of one name without a word, a module does not."""
    file = tmp_path / "one.mjs"
    file.write_text(text, "utf-8")
    done = subprocess.run([node(), "--check", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_file_is_used_and_comes_after_what_it_imports():
    entries = (source.ENGINE, source.PAGE, *source.LEARNING, pusht.PAGE, place_names.PAGE)
    joined = [source.ordered(name) for name in entries]
    assert set().union(*joined) == {file.name for file in source.FOLDER.glob("*.js")}
    for names in joined:
        for i, name in enumerate(names):
            text = (source.FOLDER / name).read_text("utf-8")
            assert {imported for _, imported in source.IMPORT.findall(text)} <= {*names[:i]}, name


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.js": 'import { b as c } from "./b.js";\n', "b.js": "export const b = 1;\n"}, "a.js"),
        ({"a.js": 'import b from "./b.js";\n', "b.js": "export const b = 1;\n"}, "write `import"),
        ({"a.js": 'import { b } from "./b.js"\n', "b.js": ""}, "write `import"),
        ({"a.js": 'import { b } from "./b.js";\n',
          "b.js": 'import { a } from "./a.js";\n'}, "circle"),
    ],
)  # fmt: skip
def test_imports_that_cannot_be_put_together_are_refused(files, words, tmp_path, monkeypatch):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(source, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=words):
        source.joined("a.js")


def test_course_loads_it_with_little_script():
    script = (ROOT / "book/static/course.js").read_text("utf-8")
    start = script.index("// Start each laboratory")
    assert script.index("\n}\n", start) - start < 2048
