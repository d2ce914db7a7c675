"""The first code cell of an exported notebook: it fetches what Colab lacks, and elsewhere nothing.

Colab opens one file of the repository and nothing beside it, so ``utils`` is not there. The pages
do not show this cell. torch and numpy stay as Colab has them: pip gets ``--no-deps``.
"""

import re

from nbformat import NotebookNode, v4

from book.repository import Repository

TAG = "colab-setup"
# What Colab may lack, by what a chapter imports: the modules, and the packages that bring them.
EXTRA = {
    "flow_matching": {
        "flow_matching": "flow-matching>=1.0.10,<2",
        "torchdiffeq": "torchdiffeq>=0.2,<1",
    },
    "torchdiffeq": {"torchdiffeq": "torchdiffeq>=0.2,<1"},
    "utils.lab": {"anywidget": "anywidget>=0.9,<1", "psygnal": "psygnal>=0.8.1,<1"},
    "utils.datasets": {"sklearn": "scikit-learn>=1.4,<2"},
}
COMMENT = {
    "ko": "Colab에서만 이 강의의 패키지 utils를 설치합니다. 다른 곳에서는 힌트의 언어만 정합니다.",
    "en": "On Colab this installs utils, the course's package; elsewhere it only sets a language.",
}
MESSAGE = {
    "ko": (
        "utils를 설치하지 못했습니다. 네트워크를 확인하고 이 셀을 다시 실행하십시오.",
        "저장소 주소가 틀렸으면 먼저 환경 변수 COURSE_REPOSITORY에 넣으십시오.",
    ),
    "en": (
        "Could not install utils. Check the network and run this cell again.",
        "If the repository's address is wrong, first put it into COURSE_REPOSITORY.",
    ),
}
CODE = """\
# {comment}
import importlib.util
import os
import subprocess
import sys
import tempfile

os.environ["COURSE_LANGUAGE"] = "{language}"
url = os.environ.get("COURSE_REPOSITORY", "{url}")
wanted = {{{wanted}}}
message = ("{first}"
           " {second}")
def found(name, find=importlib.util.find_spec):
    return find(name.split(".")[0]) and find(name)
missing = [package for name, package in wanted.items() if not found(name)]
if found("google.colab") and missing:
    with tempfile.TemporaryDirectory() as folder:
        git = ["env", "GIT_TERMINAL_PROMPT=0", "git", "clone", "-q", "--depth=1", "{branch}"]
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
        for command in (git + [url, "."], pip + missing):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{{message}} [{{url}}] {{done.stderr[-300:]}}")
    importlib.invalidate_caches()"""


def setup_cell(code: str, language: str, repository: Repository) -> NotebookNode:
    """The cell for one notebook.

    Args:
        code: everything that the notebook runs, to see what it imports.
        language: of the comment and of the message.
        repository: what is cloned; COURSE_REPOSITORY overrides its address when the cell runs.
    """
    wanted = {"utils.claims": "."}  # utils of this course, not somebody else's
    for module, packages in EXTRA.items():
        if re.search(rf"^\s*(?:from|import) {re.escape(module)}\b", code, re.M):
            wanted |= packages
    first, second = MESSAGE[language]
    source = CODE.format(
        comment=COMMENT[language],
        language=language,
        url=repository.url,
        branch=f"-b{repository.branch}",
        wanted=_wrapped(wanted),
        first=first,
        second=second,
    )
    cell = v4.new_code_cell(source, metadata={"tags": [TAG]})
    cell["id"] = TAG  # the same on every export
    return cell


def _wrapped(wanted: dict[str, str]) -> str:
    """The entries of the dictionary, two a line."""
    pairs = [f'"{name}": "{package}"' for name, package in wanted.items()]
    rows = [", ".join(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]
    return ",\n          ".join(rows)
