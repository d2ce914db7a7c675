"""The built site as trees that tests search: parsed once, without what no test reads.

Five sixths of the elements of a page are the letters of formulas, as KaTeX places them and again
as MathML, and the colours of code. A formula keeps what it says and its TeX, code its text.
"""

import functools
import re
import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup

from book.build import ROOT, SITE

OPENING, SPAN = re.compile(r'<span class="katex-html"'), re.compile(r"<(/?)span\b[^>]*>")
CODE, MATH = (re.compile(rf"<{name}\b.*?</{name}>", re.S) for name in ("pre", "math"))
LETTER = re.compile(r"</?(?!math\b|annotation\b)[a-z]+\b[^>]*>")


def lighter(text: str) -> str:
    """A page without the insides of ``.katex-html``, parts of MathML and spans in ``pre``."""
    kept, position = [], 0
    while start := OPENING.search(text, position):
        kept.append(text[position : start.start()])
        depth = 0
        for span in SPAN.finditer(text, start.start()):
            depth += -1 if span[1] else 1
            if not depth:
                break
        kept.append('<span class="katex-html"></span>')
        position = span.end()
    text = "".join([*kept, text[position:]])
    text = MATH.sub(lambda formula: LETTER.sub("", formula[0]), text)
    return CODE.sub(lambda code: SPAN.sub("", code[0]), text)


@functools.cache  # the modules that use it run in one process: see tests/support/order.py
def parsed() -> dict[Path, BeautifulSoup]:
    """Every page by its file; the site is built first if it is not what lies here."""
    done = subprocess.run(
        [sys.executable, "-m", "book.build"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = [*SITE.glob("index.html"), *SITE.glob("*/*.html")]
    return {file: BeautifulSoup(lighter(file.read_text("utf-8")), "html.parser") for file in files}
