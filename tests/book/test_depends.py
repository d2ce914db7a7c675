"""Which parts of utils a notebook depends on: all that it imports, and nothing else."""

import pytest

from book.run import cache, depends

FILES = {
    "utils/__init__.py": "",
    "utils/paths.py": "from utils.tensors import check",
    "utils/tensors.py": "check = 1",
    "utils/lonely.py": "",
    "utils/plotting/__init__.py": "from utils.plotting.style import COLORS",
    "utils/plotting/style.py": "COLORS = {}",
    "utils/plotting/dark.py": "def f():\n    from utils import late",
    "utils/late.py": "",
    "utils/data/__init__.py": "",
    "utils/data/recorded/weights.bin": "1",
    "utils/data/README.md": "words",
    "utils/many/__init__.py": "from importlib import import_module",
    "utils/many/one.py": "",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    monkeypatch.setattr(depends, "ROOT", tmp_path)
    monkeypatch.setattr(cache, "ROOT", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    for known in (depends.closure, depends.behind, depends.imports):
        known.cache_clear()


def seen(code):
    forget()
    return {str(file.relative_to(depends.ROOT))[6:] for file in depends.files_of(code)}


FIGURES = {
    "__init__.py",
    "plotting/__init__.py",
    "plotting/style.py",
    "plotting/dark.py",
    "late.py",
}


@pytest.mark.parametrize(
    ("code", "more"),
    [
        ("print(1)", set()),
        ("import utils.paths", {"paths.py", "tensors.py"}),
        ("from utils.paths import check", {"paths.py", "tensors.py"}),
        ("from utils import paths", {"paths.py", "tensors.py"}),
        ("from utils import (\n    paths,  # lonely\n)", {"paths.py", "tensors.py"}),
        ("if True:\n    from utils.paths import check", {"paths.py", "tensors.py"}),
        ("!python -m utils.data train", {"data/__init__.py", "data/recorded/weights.bin"}),
        ("from utils.many import one", {"many/__init__.py", "many/one.py"}),
        ("import utils.many", {"many/__init__.py", "many/one.py"}),
    ],
)
def test_what_is_imported_is_seen_and_nothing_else(root, code, more):
    assert seen(code) == FIGURES | more


@pytest.mark.parametrize(
    ("name", "matters"),
    [
        ("utils/tensors.py", True),
        ("utils/data/recorded/weights.bin", True),
        ("utils/late.py", True),
        ("utils/lonely.py", False),
        ("utils/data/README.md", False),
    ],
)
def test_a_change_counts_where_it_is_seen(root, name, matters):
    code = "from utils.paths import check\nimport utils.data"

    def key():
        forget()
        return cache.utils_key(code)

    before = key()
    (root / name).write_text("x = 2", "utf-8")
    assert (key() != before) == matters
