"""A submitted notebook, read as it comes: any version of the format, any encoding."""

import codecs
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from classroom import sources

LARGEST = 64 * 2**20  # bytes of a notebook
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass
class Cell:
    """A cell that was handed in.

    Attributes:
        number: its place, from 1, as a person counts.
        code: whether it is code.
        source: its text.
        grade_id: of nbgrader, or "".
    """

    number: int
    code: bool
    source: str
    grade_id: str = ""

    @property
    def title(self) -> str:
        """Number and first line, for a hint."""
        lines = [line.strip() for line in self.source.splitlines() if line.strip()]
        return f"{self.number} ({lines[0][:40]})" if lines else str(self.number)


@dataclass
class Submission:
    """What was handed in.

    Attributes:
        name: of the assignment.
        language: of the notebook.
        cells: in order.
    """

    name: str
    language: str
    cells: list[Cell]


def text_of(data: bytes) -> str:
    """The text of a file in whichever encoding it is.

    Args:
        data: its bytes.

    Returns:
        The text, without a byte-order mark.
    """
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff")
    for encoding in ("utf-8", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read(path: Path) -> Submission:
    """Read a submission.

    Args:
        path: the notebook.

    Returns:
        Its cells, and the assignment that it answers.

    Raises:
        ValueError: if it is no notebook, or of no assignment of this course.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(
            f"the file is larger than {LARGEST // 2**20} MB: clear its outputs "
            "(파일이 너무 큽니다. 출력을 지우세요)"
        )
    try:
        notebook = _notebook(text_of(path.read_bytes()))
        cells = [_cell(number, cell) for number, cell in enumerate(notebook["cells"], 1)]
        course = notebook["metadata"].get("course", {})
    except Exception as error:
        raise ValueError(
            "the notebook cannot be read, so this is no assignment of this course; hand in the "
            "notebook that was given out (노트북을 읽을 수 없습니다. 나누어 준 노트북에 답을 써서 "
            f"제출하세요). {type(error).__name__}: {str(error)[:200]}"
        ) from None
    name, language = _identity(course if isinstance(course, dict) else {}, cells)
    return Submission(name, language, cells)


def _notebook(text: str) -> dict:
    """A notebook of the fourth format, from any."""
    import nbformat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # missing or equal ids of cells harm nobody here
        notebook = nbformat.reader.reads(text)
        if nbformat.reader.get_version(notebook)[0] != 4:
            notebook = nbformat.convert(notebook, 4)
    return json.loads(json.dumps(notebook))


def _cell(number: int, cell: dict) -> Cell:
    """A cell, whatever it lacks."""
    source = cell.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id", "") if isinstance(nbgrader, dict) else ""
    return Cell(number, cell.get("cell_type") == "code", source, str(grade_id))


def exercises_of_all() -> dict[str, set[str]]:
    """The exercises of each assignment, such as ``1-velocity``."""
    found = {}
    for name in sources.names():
        text = sources.find(name, "ko").read_text("utf-8")
        found[name] = set(re.findall(r"\b(?:exercise|open)\b\W+(\d+-[\w-]+)", text))
    return found


def exercise_of(grade_id: str) -> str | None:
    """The exercise that a grade_id belongs to, such as ``1-velocity``, or None."""
    match = re.fullmatch(r"(\d+-[\w-]+?)-(?:exercise|check|open)(?:-\d+)?", grade_id)
    return match[1] if match else None


def _identity(course: dict, cells: list[Cell]) -> tuple[str, str]:
    """The assignment and its language: by the notebook's metadata, else by its exercises."""
    whole = "\n".join(cell.source for cell in cells)
    language = course.get("language")
    if language not in sources.LANGUAGES:
        said = re.search(r"utils\.checks\.language = ['\"](ko|en)", whole)
        language = said[1] if said else ("ko" if re.search("[가-힣]", whole) else "en")
    name = course.get("assignment")
    if name in sources.names():
        return name, language
    # Released under another name, or through a program that drops metadata: which assignment's
    # exercises are in it, or, without their names, which checks does it call?
    there = {exercise_of(cell.grade_id) for cell in cells}
    scores = {}
    for known, exercises in exercises_of_all().items():
        calls = set(
            re.findall(r"^check_\w+\(.*", sources.find(known, "ko").read_text("utf-8"), re.M)
        )
        scores[known] = 10 * len(exercises & there) + sum(call in whole for call in calls)
    best = max(scores, key=scores.get)
    if scores[best] == 0 or sum(score == scores[best] for score in scores.values()) > 1:
        raise ValueError(
            "this is no assignment of this course: its metadata lack course.assignment, and no "
            "exercise of an assignment is in it; hand in the notebook that was given out "
            "(이 강의의 과제가 아닙니다. 나누어 준 노트북을 제출하세요)"
        )
    return best, language
