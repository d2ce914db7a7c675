"""A copy of what builds the book, with three pages to build: a cold build takes seconds."""

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup

from book.run.cache import ENVIRONMENT, ROOT

HEAD = """---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""
FENCE = "```"
FIRST = f"""{HEAD}(sec-first)=
# 1. First

A word stands here, and $x^2$. Is that all?

{FENCE}{{code-cell}} ipython3
from utils.claims import claim

claim("one-is-small", 0.25, below=1)
{FENCE}

One is small. {{claim}}`one-is-small`

{FENCE}{{code-cell}} ipython3
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([0, 1]);
{FENCE}

{FENCE}{{output-figure}} fig-line
:alt: A line that rises from left to right.
A line. See {{ref}}`sec-second` and {{cite}}`ho2020ddpm`.
{FENCE}
"""
PAGES = {
    "index": "(sec-index)=\n# Book\n\nSee {doc}`02-second` and {numref}`fig-line`.\n",
    "01-first": FIRST,
    "02-second": "(sec-second)=\n# 2. Second\n\nIs $y$ a formula? {claim}`one-is-small`\n",
    "claims": "(sec-claims)=\n# Claims\n\n```{claims}\n```\n",
    "references": "(sec-references)=\n# References\n\n```{bibliography}\n:all:\n```\n",
}
TOC = """format: jb-book
root: chapters/ko/index
parts:
  - caption: 1부
    chapters:
      - file: chapters/ko/01-first
      - file: chapters/ko/02-second
      - file: chapters/ko/claims
      - file: chapters/ko/references
"""
COMMAND = "import book.build as build; build.LANGUAGES = {}; build.main()"


@functools.cache
def kept() -> Path:
    """A folder of this process for what the cells of its books gave."""
    folder = Path(tempfile.mkdtemp(prefix="course-cells-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder / "cells"


class TinyBook:
    """A book of five pages, in a folder of its own; in Korean alone, if nothing else is asked for.

    What its pages say is the same in every language. Of cells that stand in several books the first
    one keeps what they gave, unless a test is about running them.
    """

    def __init__(
        self, folder: Path, languages: tuple[str, ...] = ("ko",), runs: bool = False
    ) -> None:
        """Copy the machinery and write the pages; ``runs``: run their cells in any case."""
        self.folder, self.chapters = folder, folder / "chapters/ko"
        self.languages, self.runs = languages, runs
        left_out = shutil.ignore_patterns("recorded")  # compiled modules are taken along
        for name in ("book", "utils"):
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        for name in (*ENVIRONMENT, "_config.yml"):
            shutil.copy(ROOT / name, folder / name)
        (folder / "_toc.yml").write_text(TOC, "utf-8")
        for language in languages:
            (folder / "chapters" / language).mkdir(parents=True)
        shutil.copy(ROOT / "chapters/references.bib", folder / "chapters")
        for name, text in PAGES.items():
            self.write(name, text)

    def write(self, page: str, text: str) -> None:
        """Write a page in every language."""
        for language in self.languages:
            (self.folder / f"chapters/{language}/{page}.md").write_text(text, "utf-8")

    def edit(self, page: str, old: str, new: str) -> None:
        """Replace something in a Korean page."""
        file = self.chapters / f"{page}.md"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8")

    def start(self, *options: str) -> subprocess.CompletedProcess:
        """Build it, with what was said."""
        environment = os.environ | {"PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, "-c", COMMAND.format(self.languages), *options],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    def build(self, *options: str) -> str:
        """Build it; what it printed."""
        cells = self.folder / "_build/.jupyter_cache"
        if not self.runs and kept().is_dir() and not cells.is_dir():
            shutil.copytree(kept(), cells)
        done = self.start(*options)
        assert done.returncode == 0, f"{done.returncode}: {(done.stdout + done.stderr)[-1500:]}"
        if not kept().is_dir():
            shutil.copytree(cells, kept())
        return done.stdout

    def written(self) -> set[str]:
        """The pages that Sphinx wrote in the last build."""
        log = (self.folder / "_build/stage/ko/build.log").read_text("utf-8")
        log = re.sub(r"\x1b\[[0-9;]*m", "", log)
        return set(re.findall(r"writing output\.\.\. \[ *\d+%\] (\S+)", log))

    def soup(self, name: str) -> BeautifulSoup:
        """A finished page, such as ``ko/01-first.html``."""
        text = (self.folder / "_build/html" / name).read_text("utf-8")
        return BeautifulSoup(text, "html.parser")

    def site(self) -> dict[str, bytes]:
        """Every file of the site."""
        site = self.folder / "_build/html"
        return {str(f.relative_to(site)): f.read_bytes() for f in site.rglob("*") if f.is_file()}
