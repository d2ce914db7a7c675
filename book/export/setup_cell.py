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
    "ko": "Colab에서는 강의의 패키지 utils를 설치하고, 다른 곳에서는 있는지만 확인합니다.",
    "en": "On Colab this installs utils, the course's package; elsewhere it only looks for it.",
}
# What stops the cell; each text goes on with a file, a tool, or what a program said.
MESSAGES = {
    "ko": {
        "hidden": "이 파일이 강의의 패키지를 가립니다. 이름을 바꾸고 커널을 재시작해 보세요:",
        "absent": "utils가 없습니다. 저장소 폴더에서 pip install . 을 실행해 보세요. Python:",
        "lacking": "utils를 설치하려면 먼저 이것이 필요합니다. 설치한 뒤 다시 실행해 보세요:",
        "clone": "저장소를 받지 못했습니다. 네트워크와 COURSE_REPOSITORY의 주소를 확인해 보세요:",
        "install": "pip이 설치하지 못했습니다. 이유는 다음과 같습니다:",
    },
    "en": {
        "hidden": "This file hides a package of the course. Rename it and restart the kernel:",
        "absent": "There is no utils. Run pip install . in the repository's folder. Python:",
        "lacking": "Installing utils needs this first. Install it, then run this cell again:",
        "clone": "Could not fetch the repository. Check the network, and COURSE_REPOSITORY:",
        "install": "pip could not install what is missing. It says:",
    },
}
CODE = """\
# @title {comment}
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.machinery import PathFinder

os.environ["COURSE_LANGUAGE"] = "{language}"
url = os.environ.get("COURSE_REPOSITORY", "{url}")
wanted = {{{wanted}}}
def stop(message, *details):
    raise RuntimeError(" ".join([message, *details]))
def top(name, find=importlib.util.find_spec):
    return find(name.split(".")[0])
def found(name):
    folders = getattr(top(name), "submodule_search_locations", None) or []
    return PathFinder.find_spec(name, folders) if "." in name else folders
for name in (*wanted, "torch", "numpy", "scipy", "matplotlib", "ot"):
    if not found(name) and getattr(top(name), "origin", None):
        stop("{hidden}",
             top(name).origin)
missing = [package for name, package in wanted.items() if not found(name)]
if found("google.colab") and missing:
    lacking = [tool for tool in ("pip", "setuptools") if not found(tool)]
    lacking += [tool for tool in ["git"] if not shutil.which(tool)]
    if lacking:
        stop("{lacking}", *lacking)
    def run(message, *command):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            stop(message, f"[{{url}}]", done.stderr[-300:])
    with tempfile.TemporaryDirectory() as folder:
        run("{clone}",
            "env", "GIT_TERMINAL_PROMPT=0", "git", "clone", "-q", "--depth=1", "{branch}", url, ".")
        run("{install}", sys.executable,
            "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", *missing)
    importlib.invalidate_caches()
elif not found("utils.claims"):
    stop("{absent}",
         sys.executable)"""


def setup_cell(code: str, language: str, repository: Repository) -> NotebookNode:
    """The cell for one notebook.

    Args:
        code: everything that the notebook runs, to see what it imports.
        language: of the comment and of the messages.
        repository: what is cloned; COURSE_REPOSITORY overrides its address when the cell runs.
    """
    wanted = {"utils.claims": "."}  # utils of this course, not somebody else's
    for module, packages in EXTRA.items():
        if re.search(rf"^\s*(?:from|import) {re.escape(module)}\b", code, re.M):
            wanted |= packages
    source = CODE.format(
        comment=COMMENT[language],
        language=language,
        url=repository.url,
        branch=f"-b{repository.branch}",
        wanted=_wrapped(wanted),
        **MESSAGES[language],
    )
    # Folded in JupyterLab and in Colab: nobody has to read it before the chapter.
    folded = {"jupyter": {"source_hidden": True}, "cellView": "form"}
    cell = v4.new_code_cell(source, metadata={"tags": [TAG], **folded})
    cell["id"] = TAG  # the same on every export
    return cell


def _wrapped(wanted: dict[str, str]) -> str:
    """The entries of the dictionary, two a line."""
    pairs = [f'"{name}": "{package}"' for name, package in wanted.items()]
    rows = [", ".join(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]
    return ",\n          ".join(rows)
