"""Mark the lines of code, so that a line that is broken on a phone goes on further in.

Nothing is added to the text: what a reader copies is the code.
"""

import html
import re

# Everything that is highlighted but what a cell has printed: its tables would lose their columns.
BLOCK = re.compile(
    r'(<div class="highlight-(?!myst-ansi)[\w+-]+ notranslate"><div class="highlight"><pre>'
    r"(?:<span></span>)?)(.*?)(</pre>)",
    re.S,
)
# That of a docstring stands inside the colour of a string.
INDENT = re.compile(r'((?:<span class="\w+">)*)( +)')
SHORT = 30  # characters that fit every phone


def mark(page: str) -> str:
    """The text of a page with marked lines."""
    return BLOCK.sub(lambda block: block[1] + _lines(block[2]) + block[3], page)


def _lines(code: str) -> str:
    return "\n".join(map(_line, code.split("\n")))


def _line(line: str) -> str:
    """One line, as Pygments writes it: every tag that it opens it closes."""
    if line.count("<span") != line.count("</span>"):
        raise ValueError(
            f"a line of code that is not closed: {line!r}; see book/finish/code_lines.py"
        )
    text = html.unescape(re.sub(r"<[^>]*>", "", line))
    indent = len(text) - len(text.lstrip(" "))
    if indent and (start := INDENT.match(line)):
        line = f'{start[1]}<span class="code-indent">{start[2]}</span>{line[start.end() :]}'
    if len(text) <= SHORT:
        return line
    return f'<span class="code-line" style="--indent:{indent}">{line}</span>'
