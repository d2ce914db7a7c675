"""Cells that a reader skips are folded on the page: those that only import or only draw.

The tag ``hide-input`` folds them; notebooks show them open. What such a cell is, is said here and
nowhere else, so that a new one is noticed. The first page tells a story in pictures, for those who
have not decided to read code yet: all of its cells are folded.
"""

import ast
import inspect
import re

import pytest
from cells import code_cells

from book.export.addresses import sources
from book.export.export import convert
from utils import plotting

TAG = "hide-input"
STORY = "index"
APART = {"remove-cell", "interactive"}  # not on the page, or there to be read
# Calls that draw: of the course's module for figures, and of what a chapter calls draw_something.
FIGURES = {
    name
    for name, value in inspect.getmembers(plotting, inspect.isfunction)
    if value.__module__.startswith(plotting.__name__) and not name.startswith("_")
}
# Calls that arrange what has been computed in an earlier cell.
ARRANGING = {
    *("dict", "enumerate", "len", "list", "range", "str", "tuple", "zip"),
    *(
        "arange",
        "items",
        "keys",
        "values",
        "flatten",
        "float",
        "mean",
        "numpy",
        "reshape",
        "tolist",
    ),
}
SETTING = {"torch.set_num_threads"}  # stands below the imports of every chapter


def only_imports(tree):
    return bool(tree.body) and all(
        isinstance(statement, ast.Import | ast.ImportFrom)
        or isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and ast.unparse(statement.value.func) in SETTING
        for statement in tree.body
    )


def names(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def draws(call):
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    return name in FIGURES or name.startswith("draw_")


def only_draws(tree):
    """Whether every call draws, or arranges what is there already; nothing is defined or tested.

    It may import what draws, and make the object that it draws: ``draw_unet(SimpleUNet(3))``.
    """
    kept = (ast.Expr, ast.Assign, ast.For, ast.Import, ast.ImportFrom)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if not all(isinstance(statement, kept) for statement in statements):
        return False
    figure = {"plt"}  # and what a drawing call has returned, and what a loop takes from it
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        value = statement.iter if isinstance(statement, ast.For) else statement.value
        made = isinstance(value, ast.Call) and draws(value)
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if targets[0] is not None and (made or names(value) & figure):
            figure |= set().union(*map(names, targets))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    drawn = [part for call in calls if draws(call) for part in call.args]
    for call in calls:
        if isinstance(call.func, ast.Attribute):
            fine = call.func.attr in ARRANGING or bool(names(call.func.value) & figure)
        else:
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            made = name[:1].isupper() and call in drawn
            fine = draws(call) or made or name in ARRANGING
        if not fine:
            return False
    return any(map(draws, calls))


def should_fold(source):
    if re.search(r"^\s*[!%]", source, re.M):
        return False  # a command of the shell or of Jupyter
    tree = ast.parse(source)
    return only_imports(tree) or only_draws(tree)


def cells(page):
    """Source and tags of the cells that the page shows as code to read."""
    return [(source, tags) for source, tags in code_cells(page) if not APART & set(tags)]


@pytest.mark.parametrize("page", sources("ko"), ids=lambda page: page.stem)
def test_what_only_imports_or_only_draws_is_folded_and_nothing_else(page):
    for source, tags in cells(page):
        wanted = should_fold(source) or page.stem == STORY
        assert (TAG in tags) == wanted, (
            f"chapters/*/{page.name}: {'add' if wanted else 'remove'} the tag {TAG} "
            f"(in both languages) of the cell\n{source}"
        )


def test_what_such_a_cell_is():
    assert should_fold("import torch\nfrom utils.paths import VP\ntorch.set_num_threads(1)")
    assert should_fold("fig, ax = new_figure()\nfor a, x in zip(ax, xs):\n    a.plot(x.mean())")
    assert should_fold("lines(counts, curves, logx=True);")
    assert should_fold("draw_flow(4, 1.0)")
    assert should_fold("from utils import a\nfig, ax = draw_unet(SimpleUNet(3))")
    for other in (
        "import torch\nx = torch.ones(1)",
        "x = mixture.sample(10)\nscatter(x)",
        "scatter(sample_ode(field, noise, 10))",
        "lines(counts, curves)\nprint(curves)",
        "from utils import FlowLab\nFlowLab(pairings)",
        "from utils import episodes\nfilms = episodes()\nepisode_strip(films)",
        "lines(counts, curves)\nassert curves",
        "def draw_it(ax):\n    scatter(x, ax=ax)",
        "print('text')",
        "!python -m utils.cifar10 --help",
        "counts = [1, 2]",
        "",
    ):
        assert not should_fold(other), other


def test_they_are_open_in_the_notebooks():
    for page in sources("ko"):
        folded = {source for source, tags in cells(page) if TAG in tags}
        assert folded, f"{page.name}: no cell imports anything?"
        for cell in convert(page).cells:
            if cell.cell_type == "code" and cell.source in folded:
                assert "source_hidden" not in cell.metadata.get("jupyter", {})
                assert "cellView" not in cell.metadata
