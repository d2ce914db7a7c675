"""Which parts of ``utils`` a program can see: what it imports, and what that imports.

A notebook is run again when one of these changes, and left alone when another part does.
"""

import ast
import functools
import re
from collections.abc import Iterable
from pathlib import Path

from book.run.cache import ROOT

NAMED = re.compile(r"\butils(?:\.\w+)+")  # also in a command: python -m utils.cifar10 train
FROM = re.compile(r"^[ \t]*from[ \t]+(utils[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)", re.M)
ALWAYS = ("utils", "utils.plotting.dark")  # what shows figures imports this: book.run.dark_hook
CODE = {".py", ".md", ".js", ".wat", ".wasm", ".c"}  # the page loads scripts, no cell does


def files_of(code: str) -> list[Path]:
    """Every file of ``utils`` that the outcome of a program could depend on, data included."""
    names = set(ALWAYS) | set(NAMED.findall(code))
    for package, imported in FROM.findall(code):
        words = re.findall(r"\w+", re.sub(r"#.*", "", imported))
        names |= {package, *(f"{package}.{word}" for word in words)}
    return closure(frozenset(names))


@functools.cache
def closure(names: frozenset[str]) -> list[Path]:
    """The files behind names, and behind all that these import."""
    waiting, seen = list(names), set()
    while waiting:
        for file in behind(waiting.pop()):
            if file not in seen:
                seen.add(file)
                waiting += imports(file)
    data = {f for file in seen if file.name == "__init__.py" for f in beside(file.parent)}
    return sorted(seen | data)


@functools.cache
def behind(name: str) -> list[Path]:
    """The packages on the way to a dotted name, and its module, as far as there are such files."""
    found, parts = [], name.split(".")
    for depth in range(1, len(parts) + 1):
        path = ROOT.joinpath(*parts[:depth])
        found += [f for f in (path / "__init__.py", path.with_suffix(".py")) if f.is_file()]
    return found


@functools.cache
def imports(file: Path) -> list[str]:
    """Names of ``utils`` that a module imports, wherever in it the import stands."""
    text = file.read_text("utf-8")
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    if "import_module" in text:  # by a name that is made up: any module beside it
        package = ".".join(file.parent.relative_to(ROOT).parts)
        names |= {f"{package}.{other.stem}" for other in file.parent.glob("*.py")}
    return sorted(name for name in names if name.split(".")[0] == "utils")


def beside(package: Path) -> Iterable[Path]:
    """Data of a package: what lies in it, or in a folder that is no package, and is no code."""
    for path in package.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from (f for f in path.rglob("*") if f.is_file() and f.suffix not in CODE)
        elif path.is_file() and path.suffix not in CODE:
            yield path
