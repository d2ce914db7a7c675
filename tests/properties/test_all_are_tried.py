"""No public function or class of the flat floor goes without a property."""

import ast
from pathlib import Path

UTILS = Path(__file__).parents[2] / "utils"
FLOOR = (
    "tensors schedulers paths mixtures posterior couplings assignment losses training samplers "
    "metrics/distances metrics/power metrics/ways models unet simple_unet guidance datasets "
    "robots/control robots/planar robots/policies"
).split()
# Records, protocols and what only others are made of: seen through those that return or use them.
THROUGH_OTHERS = {"Scheduler", "Moment", "Mixture", "PathSample", "ModeShares", "ModeWidths"}
THROUGH_OTHERS |= {"Gap", "Power", "Environment"}


def public(name):
    tree = ast.parse((UTILS / f"{name}.py").read_text("utf-8"))
    named = (n for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef))
    return {n.name for n in named if not n.name.startswith("_")}


def test_every_public_name_is_imported_by_a_property():
    imported = set()
    for file in Path(__file__).parent.glob("test_*_laws.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("utils."):
                imported |= {alias.name for alias in node.names}
    missing = {name for part in FLOOR for name in public(part)} - imported - THROUGH_OTHERS
    assert not missing
