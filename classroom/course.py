"""The nbgrader course folder of one assignment, and the notebook that students get."""

import os
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import nbformat

from classroom import notebook

STUBS = {"ko": "여기에 답을 쓰세요.", "en": "Write your answer here."}
# The stub raises, so that a cell that was not answered fails and gets nothing.
CODE = {"ko": "# 여기에 답을 쓰세요.", "en": "# Write your answer here."}

# What teachers and nbgrader put into a course folder; building again leaves it alone.
KEPT = ("gradebook.db", "submitted", "autograded", "feedback", "downloaded")

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

Grade a folder of notebooks from the root of the course. This runs each submission in a sandbox and
compares its answers outside of it:

    python -m classroom grade FOLDER

nbgrader's own commands work here too, on `submitted/STUDENT/{name}/{name}.ipynb`, but they run a
submission with your rights, in the process that marks it: it can change its marks and your files.
They find nothing in a folder whose path has brackets, such as `course [2026]`.

    nbgrader autograde {name}
    nbgrader export

Building the assignment again replaces `source/`, `release/`, the settings and this file; all else
that is in this folder stays.
"""


def need_nbgrader() -> None:
    """Say what to install if what builds and grades assignments is missing.

    Raises:
        SystemExit: if it is.
    """
    missing = [name for name in ("nbgrader", "jupytext", "IPython") if find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"assignments need {', '.join(missing)}, which is not installed: "
            "pip install -c constraints.txt -r requirements-grading.txt"
        )


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
        for kept in KEPT:  # nbgrader brings its database up to date, or refuses
            if (folder / "autograder" / kept).is_file():
                shutil.copy(folder / "autograder" / kept, course / kept)
        if not (course / "gradebook.db").exists():
            _database(course / "gradebook.db")
        result = api(course).generate_assignment(name, force=True)
        if not result["success"]:
            why = result["log"] or result.get("error")
            raise RuntimeError(f"nbgrader refused {source}:\n{why}")
        made = {
            "instructor.ipynb": key,
            "student.ipynb": course / "release" / name / f"{name}.ipynb",
        }
        for target, path in made.items():
            _replace(path, folder / target)
        for path in sorted(course.iterdir()):
            if path.name == "gradebook.db" or path.name not in KEPT:
                _replace(path, folder / "autograder" / path.name)
    return folder


def _database(path: Path) -> None:
    """Make nbgrader's empty database, as nbgrader does where there is none.

    It asks a process of its own for the version of the tables, which takes four fifths of the time
    of a build. Where its parts are not where they were, it is left to do so.
    """
    try:
        import nbgrader
        from alembic.config import Config
        from alembic.script import ScriptDirectory
        from nbgrader.api import Base
        from sqlalchemy import create_engine, text

        config = Config()
        config.set_main_option("script_location", str(Path(nbgrader.__file__).parent / "alembic"))
        version = ScriptDirectory.from_config(config).get_current_head()
    except Exception:
        return
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        Base.metadata.create_all(bind=connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(
            text("INSERT INTO alembic_version VALUES (:version)"), {"version": version}
        )
    engine.dispose()


def _replace(path: Path, target: Path) -> None:
    """Put a copy of a file or a folder in the place of another; all around it stays."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = (target.with_name(f".{target.name}.{word}") for word in ("new", "old"))
    for left in (new, old):  # of a run that was killed
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    shutil.copytree(path, new) if path.is_dir() else shutil.copy(path, new)
    if target.is_dir():
        target.rename(old)
    new.replace(target)
    if old.is_dir():
        shutil.rmtree(old)
