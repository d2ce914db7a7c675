"""Find the submissions in a folder or a zip file, as a teacher or a learning platform made it."""

import contextlib
import os
import re
import time
import unicodedata
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

LARGEST = 2 * 2**30  # bytes that the zip files of one folder may hold
DEPTH = 4
CANVAS = re.compile(r"(?P<who>[^_]+?)(?P<late>_LATE)?_(?P<id>\d{2,})_\d{2,}_(?P<file>.+)")
MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_\w+?_?(?:_(?P<file>.*))?")


@dataclass(frozen=True)
class HandedIn:
    """One notebook that was handed in.

    Attributes:
        student: the name that the table shows.
        path: the notebook.
        platform: "canvas", "moodle" or "".
        number: the platform's number of the student, or "".
        late: whether the platform says that it came late.
    """

    student: str
    path: Path
    platform: str = ""
    number: str = ""
    late: bool = False

    @property
    def when(self) -> str:
        """When the file was changed last, as local time; and LATE if the platform says so."""
        try:
            seconds = self.path.stat().st_mtime
        except OSError:
            return ""
        text = time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
        return f"{text} LATE" if self.late else text


def named(text: str) -> str:
    """A name that can be written: composed letters, and bytes of other encodings decoded."""
    raw = text.encode("utf-8", "surrogateescape")
    for encoding in ("utf-8", "cp949", "latin-1"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return text


def platform(name: str) -> tuple[str, str, str, str] | None:
    """What a learning platform has put into a name.

    Args:
        name: of a file without its suffix, or of a folder.

    Returns:
        Student, platform, the platform's number and the rest, or None.
    """
    if match := MOODLE.fullmatch(name):
        return match["who"], "moodle", match["id"], match["file"] or ""
    if match := CANVAS.fullmatch(name):
        return match["who"], "canvas", match["id"], match["file"]
    return None


def find(folder: Path, scratch: Path) -> tuple[list[HandedIn], list[str]]:
    """The submissions in a folder or a zip file.

    Args:
        folder: holds notebooks, a folder for each student, or zip files of these.
        scratch: where zip files are taken apart.

    Returns:
        What was handed in, sorted by student; and what was passed over, with the reason.
    """
    passed: list[str] = []
    paths: list[tuple[PurePosixPath, Path]] = []
    if folder.is_file():
        paths = _unpack(folder, PurePosixPath(), scratch, passed, [LARGEST])
    else:
        budget = [LARGEST]
        for path in sorted(folder.rglob("*")):
            shown = PurePosixPath(path.relative_to(folder).as_posix())
            if len(shown.parts) > DEPTH or not path.is_file():
                continue
            if path.suffix.lower() == ".zip" and not _junk(shown):
                paths += _unpack(path, shown.with_suffix(""), scratch, passed, budget)
            else:
                paths.append((shown, path))
    notebooks = []
    for shown, path in paths:
        if path.suffix.lower() != ".ipynb":
            continue
        if why := _junk(shown):
            passed.append(f"{named(str(shown))}: {why}")
        else:
            notebooks.append((shown, path))
    return sorted(_students(notebooks), key=lambda item: (item.student, str(item.path))), passed


def _junk(shown: PurePosixPath) -> str | None:
    """Why a file is no submission, if it is none."""
    for part in shown.parts:
        if part == ".ipynb_checkpoints" or part.endswith("-checkpoint.ipynb"):
            return "a checkpoint of Jupyter"
        if part == "__MACOSX" or part.startswith("._"):
            return "a resource fork of macOS"
        if part.startswith("."):
            return "hidden"
    return None


def _students(notebooks: list[tuple[PurePosixPath, Path]]) -> list[HandedIn]:
    """Each notebook with its student; several of one student are told apart by the file."""
    # A download often has one folder around everything.
    shared = {shown.parts[0] for shown, _ in notebooks if len(shown.parts) > 1}
    depth = 0
    if len(shared) == 1 and all(len(shown.parts) > 2 for shown, _ in notebooks):
        depth = 1
    found = []
    for shown, path in notebooks:
        parts = [named(part) for part in shown.parts[depth:]]
        stem = parts[-1].removesuffix(".ipynb").removesuffix(".IPYNB")
        named_by = parts[0] if len(parts) > 1 else stem
        known = platform(named_by)
        late = bool((match := CANVAS.fullmatch(named_by)) and match["late"])
        if known:
            who, where, number, _ = known
        else:
            who, where, number = (parts[0] if len(parts) > 1 else stem), "", ""
        found.append((HandedIn(who, path, where, number, late), stem, "/".join(parts)))
    alike: dict[tuple[str, str], int] = {}
    for item, _, _ in found:
        alike[item.student, item.number] = alike.get((item.student, item.number), 0) + 1
    names = [item.student for item in {(i.student, i.number): i for i, _, _ in found}.values()]
    result, taken = [], set()
    for item, stem, whole in found:
        name = item.student
        if names.count(name) > 1 and item.number:  # two students of one name
            name = f"{name} ({item.number})"
        if alike[item.student, item.number] > 1:
            name = f"{name}/{stem}"
        if name in taken:
            name = whole
        taken.add(name)
        result.append(replace(item, student=name))
    return result


def _unpack(
    archive: Path, prefix: PurePosixPath, scratch: Path, passed: list[str], budget: list[int]
) -> list[tuple[PurePosixPath, Path]]:
    """Take the notebooks out of a zip file, also out of zip files in it."""
    found: list[tuple[PurePosixPath, Path]] = []
    try:
        with zipfile.ZipFile(archive) as file:
            for info in file.infolist():
                shown = prefix.joinpath(*_parts(info))
                inner = shown.suffix.lower()
                if info.is_dir() or inner not in (".ipynb", ".zip") or not shown.name:
                    continue
                if why := _junk(shown):
                    passed.append(f"{named(str(shown))}: {why}")
                    continue
                budget[0] -= info.file_size
                if budget[0] < 0:
                    passed.append(f"{named(str(shown))}: the zip files hold too much")
                    continue
                target = scratch / f"{len(list(scratch.iterdir()))}{inner}"
                target.write_bytes(file.read(info))
                with contextlib.suppress(ValueError, OverflowError):  # any digits may stand there
                    changed = time.mktime((*info.date_time, 0, 0, -1))  # a zip holds local time
                    os.utime(target, (changed, changed))
                if inner == ".zip" and len(shown.parts) <= DEPTH:
                    found += _unpack(target, shown.with_suffix(""), scratch, passed, budget)
                elif inner == ".ipynb":
                    found.append((shown, target))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        passed.append(f"{named(str(archive.name))}: {error}")
    return found


def _parts(info: zipfile.ZipInfo) -> list[str]:
    """The parts of a name in a zip file; names that are not UTF-8 are often Korean."""
    name = info.filename
    if not info.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        for encoding in ("utf-8", "cp949"):
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    return [part for part in re.split(r"[\\/]", name) if part not in ("", ".", "..")]
