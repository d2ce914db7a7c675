"""Nothing that the course reads can run code: which loaders its source may name."""

import ast
import json
import re

import pytest

from book.run.cache import ROOT, under

FOLDERS = ("assignments", "audit", "bench", "book", "classroom", "supply", "tests", "utils")
UNSAFE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
# Where a name of these modules may stand nevertheless, and which.
EXCEPTIONS = {
    # CIFAR-10 comes as pickles: this Unpickler makes arrays and nothing else.
    "utils/cifar10/sources.py": {"pickle.Unpickler", "pickle.UnpicklingError"},
    # What the same build has written beside Sphinx's own pickles, in _build.
    "book/extension/search_index.py": {"pickle.loads", "pickle.dumps"},
    # Makes archives like CIFAR-10's, and one that tries to run a program.
    "tests/utils/cifar10/test_cifar10.py": {"pickle.loads", "pickle.dumps"},
}
# Without one of these words nothing can be wrong: most sources need not be parsed.
WORDS = re.compile(r"\bload|load\b|load_all|extractall|trust_remote_code|" + "|".join(UNSAFE))
CELL = re.compile(r"^(`{3,})\{code-cell\}[^\n]*\n(.*?)^\1", re.M | re.S)


def named(node):
    """``torch.load`` for that attribute, as far as it consists of names."""
    if isinstance(node, ast.Attribute):
        return f"{named(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def constant(call, name):
    """The constant that a call gives an argument by name; None if there is none."""
    found = [word.value for word in call.keywords if word.arg == name]
    return found[0].value if found and isinstance(found[0], ast.Constant) else None


def wrong_call(call):
    """What is unsafe about a call; None if nothing is."""
    name = named(call.func).replace("numpy.", "np.")
    words = {word.arg for word in call.keywords}
    if name in {"torch.load", "torch.serialization.load"}:
        return None if constant(call, "weights_only") is True else "torch.load without weights_only"
    if name == "np.load":
        may = "allow_pickle" in words and constant(call, "allow_pickle") is not False
        return "np.load that allows pickles" if may or len(call.args) > 2 else None
    if re.fullmatch(r"yaml\.(unsafe_|full_)?load(_all)?", name):
        loader = [named(w.value) for w in call.keywords if w.arg == "Loader"]
        return None if loader in (["yaml.SafeLoader"], ["yaml.CSafeLoader"]) else name
    if name.endswith(".extractall"):
        return None if constant(call, "filter") == "data" else "extractall without filter='data'"
    if name == "torch.hub.load" or constant(call, "trust_remote_code") is True:
        return "code from elsewhere"
    return None


def wrong(source, allowed=frozenset()):
    """What is unsafe in a source: line and what."""
    found = []
    tree = ast.parse(source if WORDS.search(source) else "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (what := wrong_call(node)):
            found.append((node.lineno, what))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNSAFE:
            found.append((node.lineno, f"names from {node.module}"))
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                renamed = alias.asname and alias.asname != alias.name
                if top in UNSAFE and (renamed or not any(n.startswith(f"{top}.") for n in allowed)):
                    found.append((node.lineno, f"import {alias.name}"))
        if isinstance(node, ast.Attribute):
            name = named(node)
            if name.split(".")[0] in UNSAFE and name not in allowed:
                found.append((node.lineno, name))
    return found


def plain(code):
    """A cell without options, and with nothing in place of Jupyter's commands."""
    code = re.sub(r"^:.*$", "", code, flags=re.M)
    return re.sub(r"^( *)[%!].*$", r"\1pass", code, flags=re.M)


def sources():
    """Every Python source of the course by its name; of cells that are equal, the first."""
    files = [file for name in FOLDERS for file in under(name, "*.py")] + [*ROOT.glob("*.py")]
    for file in files:
        if "node_modules" not in file.parts:
            yield file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
    cells = {}
    for file in under("notebooks", "*.ipynb"):  # the cells of the chapters, and the setup cell
        for cell in json.loads(file.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                cells.setdefault("".join(cell["source"]), file)
    for file in under("assignments", "*.md"):
        for cell in CELL.finditer(file.read_text("utf-8")):
            cells.setdefault(cell[2], file)
    for number, (code, file) in enumerate(cells.items()):
        yield f"{file.relative_to(ROOT).as_posix()}, {number}", plain(code)


def test_only_safe_loaders():
    found = {name: wrong(text, EXCEPTIONS.get(name, frozenset())) for name, text in sources()}
    assert len(found) > 500 and set(EXCEPTIONS) <= set(found)
    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=trusted)",
        "np.load(path, allow_pickle=True)",
        "numpy.load(path, None, True)",
        "yaml.load(text, Loader=yaml.Loader)",
        "yaml.unsafe_load(text)",
        "import pickle",
        "import pickle as safe",
        "from pickle import loads",
        "import joblib",
        "tar.extractall(folder)",
        "torch.hub.load('a/b', 'c')",
        "model.from_pretrained('a', trust_remote_code=True)",
    ],
)
def test_an_unsafe_loader_is_found(source):
    assert wrong(source)


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, weights_only=True)",
        "np.load(path)",
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "tar.extractall(folder, filter='data')",
        "json.load(file)",
    ],
)
def test_a_safe_loader_passes(source):
    assert wrong(source) == []


def test_an_exception_is_for_names_and_not_for_a_module():
    reader = "import pickle\nclass Reader(pickle.Unpickler): pass\n"
    assert wrong(reader, {"pickle.Unpickler"}) == []
    assert wrong(reader + "pickle.loads(data)", {"pickle.Unpickler"}) == [(3, "pickle.loads")]
    assert wrong("import pickle as p\np.loads(data)", {"pickle.Unpickler"})
