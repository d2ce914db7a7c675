"""The nbgrader course folder of one assignment, and the notebook that students get."""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat

from classroom import notebook, sources

STUBS = {"ko": "여기에 답을 쓰세요.", "en": "Write your answer here."}
# The stub raises, so that a cell that was not answered fails and gets nothing.
CODE = {"ko": "# 여기에 답을 쓰세요.", "en": "# Write your answer here."}

CONFIG = '''\
"""Settings of nbgrader for the assignment {name}."""

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "flow-matching-course"
c.ClearSolutions.code_stub = {{"python": {code!r}}}
c.ClearSolutions.text_stub = {text!r}
c.Execute.timeout = {seconds}  # seconds for one cell; then it is interrupted
c.Execute.shutdown_kernel = "immediate"
'''

README = """\
# {name} ({language})

An nbgrader course folder. `source/` holds the key, with solutions and hidden tests: keep it from
students. `release/` holds what they get.

Put submissions into `submitted/STUDENT/{name}/{name}.ipynb`, then run here:

    nbgrader autograde {name}
    nbgrader export

nbgrader finds nothing in a folder whose path has brackets, such as `course [2026]`: move this one.

Or grade a whole folder of notebooks at once, from the root of the course; this one goes on when a
submission loops for ever, exhausts the memory or kills its kernel:

    python -m classroom grade FOLDER

Submissions are programs that other people wrote. Grade them where they can do no harm, in a
container or under a user of their own.
"""


def need_nbgrader() -> None:
    """Say what to install if nbgrader is missing.

    Raises:
        SystemExit: if it is.
    """
    try:
        import nbgrader  # noqa: F401
    except ImportError:
        raise SystemExit(
            "assignments need nbgrader, which is not installed: "
            "pip install -c constraints.txt -r requirements-grading.txt"
        ) from None


def api(folder: Path, **settings: object):
    """The interface of nbgrader to a course folder.

    Args:
        folder: the course folder, with ``nbgrader_config.py``.
        settings: options of nbgrader's ``Execute``, such as ``timeout``.

    Returns:
        A ``NbGraderAPI``.
    """
    need_nbgrader()
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    # nbgrader calls the program alembic, which stands beside the interpreter: on the path only if
    # the virtual environment is activated.
    beside = str(Path(sys.executable).parent)
    if beside not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([beside, os.environ.get("PATH", "")])
    config = Config(PyFileConfigLoader("nbgrader_config.py", str(folder)).load_config())
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = f"sqlite:///{folder}/gradebook.db"
    config.Execute.update(settings)
    return NbGraderAPI(config=config)


def build(source: Path, out: Path, seconds: int = 20) -> Path:
    """Write the student's notebook, the key and the course folder of one assignment.

    Args:
        source: ``assignments/LANG/NAME.md``.
        out: folder that receives ``NAME.LANG/``.
        seconds: how long one cell may run when it is graded.

    Returns:
        The folder ``NAME.LANG``, with ``student.ipynb``, ``instructor.ipynb`` and ``autograder/``.

    Raises:
        RuntimeError: if nbgrader refuses the source; its log is the message.
    """
    need_nbgrader()
    name, language = source.stem, source.parent.name
    folder = out.resolve() / f"{name}.{language}"
    text = {"name": name, "language": language, "seconds": seconds, "text": STUBS[language]}
    code = f"{CODE[language]}\nraise NotImplementedError"
    # Built elsewhere and moved: nbgrader takes the path of its folder for a pattern, in which the
    # brackets of "course [2026]" stand for one letter.
    with tempfile.TemporaryDirectory(prefix="assignment-") as scratch:
        course = Path(scratch).resolve() / "autograder"
        key = course / "source" / name / f"{name}.ipynb"
        key.parent.mkdir(parents=True)
        (course / "nbgrader_config.py").write_text(CONFIG.format(code=code, **text), "utf-8")
        (course / "README.md").write_text(README.format(**text), "utf-8")
        nbformat.write(notebook.read(source), key)
        result = api(course).generate_assignment(name, force=True)
        if not result["success"]:
            why = result["log"] or result.get("error")
            raise RuntimeError(f"nbgrader refused {source}:\n{why}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(key, folder / "instructor.ipynb")
        shutil.copy(course / "release" / name / f"{name}.ipynb", folder / "student.ipynb")
        shutil.move(course, folder / "autograder")
    return folder


def built_for(path: Path) -> tuple[str, str]:
    """Which assignment a submission answers, and in which language.

    Args:
        path: the submitted notebook.

    Returns:
        The assignment's name and the language.

    Raises:
        ValueError: if it is no notebook, or was not made from an assignment of this course.
    """
    try:
        course = json.loads(path.read_text("utf-8"))["metadata"]["course"]
        name, language = course["assignment"], course["language"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            "this is no assignment of this course: the notebook cannot be read, or its metadata "
            f"lack course.assignment ({type(error).__name__}: {error}); hand in the notebook that "
            "was given out"
        ) from None
    sources.find(name, language)
    return name, language
