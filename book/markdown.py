"""MyST to the plain Markdown that JupyterLab, Colab, VS Code and GitHub all show."""

import ast
import re
import textwrap
from pathlib import Path

TITLES = {
    "ko": {
        "admonition": "",
        "note": "참고",
        "tip": "도움말",
        "warning": "주의",
        "important": "중요",
        "seealso": "함께 보기",
        "dropdown": "",
        "exercise": "연습 문제",
        "exercise-start": "연습 문제",
        "solution": "풀이",
        "solution-start": "풀이",
        "prf:theorem": "정리",
        "prf:lemma": "보조정리",
        "prf:proof": "증명",
        "prf:definition": "정의",
        "output-figure": "그림",
    },
    "en": {
        "admonition": "",
        "note": "Note",
        "tip": "Tip",
        "warning": "Warning",
        "important": "Important",
        "seealso": "See also",
        "dropdown": "",
        "exercise": "Exercise",
        "exercise-start": "Exercise",
        "solution": "Solution",
        "solution-start": "Solution",
        "prf:theorem": "Theorem",
        "prf:lemma": "Lemma",
        "prf:proof": "Proof",
        "prf:definition": "Definition",
        "output-figure": "Figure",
    },
}
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*)$")
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]*)`")


def role(match: re.Match) -> str:
    """Text of one role: its title if it has one, otherwise its target."""
    text = match["text"]
    titled = re.fullmatch(r"(.*?)\s*<([^>]*)>", text, re.S)
    shown = titled[1] if titled else text
    if match["role"] == "claim":
        return ""  # the cell prints the figure
    if match["role"].startswith("cite"):
        return f"[{shown}]"
    if match["role"] == "eq":
        return f"({shown})"
    return shown if titled or match["role"] == "term" else f"`{shown}`"


def included(source: Path, file: str, options: dict[str, str]) -> str:
    """The object of a Python file that a ``literalinclude`` shows."""
    text = (source.parent / file).resolve().read_text("utf-8")
    wanted = options.get("pyobject")
    if not wanted:
        return text
    body: list[ast.stmt] = ast.parse(text).body
    node: ast.stmt | None = None
    for part in wanted.split("."):
        node = next(n for n in body if getattr(n, "name", None) == part)
        body = getattr(node, "body", [])
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    shown = text.splitlines()[first - 1 : node.end_lineno]
    if start := options.get("start-at", "").strip('"'):
        shown = shown[next(i for i, line in enumerate(shown) if start in line) :]
    return textwrap.dedent("\n".join(shown))


def block(name: str, title: str, body: list[str], language: str, source: Path) -> list[str]:
    """One directive as plain Markdown lines."""
    options, rest = {}, list(body)
    while rest and (option := re.match(r"^:([\w-]+):\s*(.*)$", rest[0])):
        options[option[1]] = option[2]
        rest.pop(0)
    if name == "math":
        return ["$$", *rest, "$$"]
    if name == "literalinclude":
        return ["```python", included(source, title.strip(), options), "```"]
    if name == "figure":
        root = Path(__file__).resolve().parents[1]
        file = (source.parent / title).resolve().relative_to(root)
        caption = to_plain("\n".join(rest), language, source).replace("\n", " ").strip()
        # A notebook lies as deep in the project as a page: notebooks/LANGUAGE/NAME.ipynb.
        return [f"![{options.get('alt', '')}](../../{file.as_posix()})", "", f"*{caption}*"]
    if name in ("solution-end", "exercise-end", "tableofcontents", "bibliography"):
        return []
    inner = to_plain("\n".join(rest), language, source).splitlines()
    titles = TITLES[language]
    label = titles.get(name, name)
    if name in ("admonition", "dropdown"):
        label = title
    elif name == "output-figure" or name.startswith("solution"):
        pass  # their argument is a name, not a title
    elif title:
        label = f"{label}. {title}"
    label = ROLE.sub(role, label)
    if name == "output-figure":
        return [f"*{label}.* " + " ".join(line for line in inner if line)]
    return [f"> **{label}**", ">", *(f"> {line}".rstrip() for line in inner)]


def to_plain(text: str, language: str, source: Path) -> str:
    """Rewrite directives, roles and labels of a Markdown cell.

    Args:
        text: MyST Markdown.
        language: ``"ko"`` or ``"en"``.
        source: the file it comes from, for ``literalinclude``.

    Returns:
        Markdown without MyST.
    """
    lines, out, i = text.splitlines(), [], 0
    while i < len(lines):
        line = lines[i]
        opening = FENCE.match(line)
        if opening:
            fence, body, i = opening["fence"], [], i + 1
            while i < len(lines) and lines[i].rstrip() != fence:
                body.append(lines[i])
                i += 1
            out += block(opening["name"], opening["title"].strip(), body, language, source)
        elif line.startswith("```"):
            out.append(line)  # a plain code block: nothing in it is a role
            i += 1
            while i < len(lines) and not lines[i].startswith("```"):
                out.append(lines[i])
                i += 1
            if i < len(lines):
                out.append(lines[i])
        elif not re.fullmatch(r"\([\w-]+\)=", line.strip()) and line.strip() != "+++":
            line = re.sub(r"^\$\$ *\([\w:-]+\)$", "$$", line)
            out.append(ROLE.sub(role, line).rstrip())
        i += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")
