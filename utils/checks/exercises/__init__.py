"""The exercises of the chapters, by their label; one file for each chapter.

A chapter's file holds ``HINTS`` (Korean, English) and ``EXERCISES``: label to the parts that its
answer has.
"""

from importlib import import_module
from pathlib import Path

from utils.checks.hints import HINTS
from utils.checks.parts import Part

EXERCISES: dict[str, tuple[Part, ...]] = {}

for _file in sorted(Path(__file__).parent.glob("ch*.py")):
    _chapter = import_module(f"{__name__}.{_file.stem}")
    for _mine, _all in ((_chapter.HINTS, HINTS), (_chapter.EXERCISES, EXERCISES)):
        if _twice := _mine.keys() & _all.keys():
            raise ValueError(f"{_file.name} says again what another file says: {_twice}")
        _all.update(_mine)
