"""MyST to the plain Markdown that JupyterLab, Colab, VS Code and GitHub all show."""

import ast
import re
import textwrap
from pathlib import Path

from book import questions
from book.export.docstrings import parsed, without_docstrings
from book.export.roles import Page

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
        "prf:theorem": "정리",
        "prf:lemma": "보조정리",
        "prf:proof": "증명",
        "prf:definition": "정의",
        "figure": "그림",
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
        "prf:theorem": "Theorem",
        "prf:lemma": "Lemma",
        "prf:proof": "Proof",
        "prf:definition": "Definition",
        "figure": "Figure",
        "output-figure": "Figure",
    },
}
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*)$")
EQUATION = re.compile(r"(\s*)\$\$ *\(([\w:-]+)\)\s*")


def included(source: Path, file: str, options: dict[str, str]) -> str:
    """The object of a Python file that a ``literalinclude`` shows, without its docstrings."""
    text = (source.parent / file).resolve().read_text("utf-8")
    wanted = options.get("pyobject")
    if not wanted:
        return text
    body: list[ast.stmt] = parsed(text).body
    node: ast.stmt | None = None
    for part in wanted.split("."):
        node = next(n for n in body if getattr(n, "name", None) == part)
        body = getattr(node, "body", [])
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    shown = without_docstrings(text.splitlines()[first - 1 : node.end_lineno])
    if start := options.get("start-at", "").strip('"'):
        shown = shown[next(i for i, line in enumerate(shown) if start in line) :]
    if end := options.get("end-at", "").strip('"'):
        shown = shown[: next(i for i, line in enumerate(shown) if end in line) + 1]
    shown = textwrap.dedent("\n".join(shown))
    if above := options.get("prepend"):  # one line, whose body what follows is
        shown = f"{above}\n{textwrap.indent(shown, '    ')}"
    return shown


def block(name: str, title: str, body: list[str], source: Path, page: Page) -> list[str]:
    """One directive as plain Markdown lines."""
    if name == "quiz":
        return question(title, body, page)
    options, rest = {}, list(body)
    while rest and (option := re.match(r"^:([\w-]+):\s*(.*)$", rest[0])):
        options[option[1]] = option[2]
        rest.pop(0)
    if name == "math":
        return ["$$", *rest, "$$"]
    if name == "literalinclude":
        return ["```python", included(source, title.strip(), options), "```"]
    if name == "laboratory":  # it needs the page: here stand its picture and its caption
        caption = to_plain("\n".join(rest), page.language, source, page).splitlines()
        return [picture(source, title, options, page), "", *caption]
    if name in ("exercise-end", "tableofcontents", "bibliography"):
        return []
    inner = to_plain("\n".join(rest), page.language, source, page).splitlines()
    label = heading(name, title, options.get("label") or options.get("name"), page)
    if name in ("figure", "output-figure"):
        caption = f"*{label}.* " + " ".join(line for line in inner if line)
        return (
            [picture(source, title, options, page), "", caption] if name == "figure" else [caption]
        )
    rest = [">", *(f"> {line}".rstrip() for line in inner)] if inner else []
    return [f"> **{label}**", *rest]


def question(title: str, body: list[str], page: Page) -> list[str]:
    """A quiz: what is asked, a list to choose from, and the answers in a fold."""
    try:
        found = questions.options(body)
    except ValueError as problem:
        raise ValueError(f"chapters/{page.language}/{page.name}.md: {problem}") from None
    words = questions.WORDS[page.language]
    asked = [f"{number}. {page.plain(option.text)}" for number, option in enumerate(found, 1)]
    answers = []
    for number, option in enumerate(found, 1):
        verdict = words["right" if option.right else "wrong"]
        reason = page.plain(option.reason.replace("\n", " "))
        answers.append(f"{number}. **{verdict}** {reason}")
    return [
        *(f"**{words['quiz']}. {page.plain(title)}**", "", *asked, ""),
        *("<details>", f"<summary>{words['answers']}</summary>", "", *answers, "", "</details>"),
    ]


def heading(name: str, title: str, label: str | None, page: Page) -> str:
    """What stands above a box or before a caption: its kind, its number and its title."""
    if name == "output-figure":
        label, title = title, ""  # its argument is a name
    if name in ("admonition", "dropdown"):
        return page.plain(title)
    numbered = page.find(label).text if label else ""
    kind = TITLES[page.language].get(name, name)
    shown = numbered or kind
    return page.plain(f"{shown}. {title}") if title and name != "figure" else shown


def picture(source: Path, file: str, options: dict[str, str], page: Page) -> str:
    """The picture of a ``figure``: Colab shows none that has no address of its own."""
    root = Path(__file__).resolve().parents[2]
    path = (source.parent / file).resolve().relative_to(root).as_posix()
    # A notebook lies as deep in the project as a page: notebooks/LANGUAGE/NAME.ipynb.
    address = page.repository.raw(path) or f"../../{path}"
    if page.site:
        address = f"{page.site}{page.language}/_images/{Path(file).name}"
    return f"![{options.get('alt', '')}]({address})"


def to_plain(text: str, language: str, source: Path, page: Page | None = None) -> str:
    """Rewrite directives, roles and labels of a Markdown cell.

    Args:
        text: MyST Markdown.
        language: ``"ko"`` or ``"en"``.
        source: the file it comes from, for ``literalinclude``.
        page: where its references lead; without it, to notebooks.

    Returns:
        Markdown without MyST.
    """
    page = page or Page(language, source.stem)
    lines, out, i = text.splitlines(), [], 0
    while i < len(lines):
        line = lines[i]
        opening = FENCE.match(line)
        if opening:
            fence, body, i = opening["fence"], [], i + 1
            while i < len(lines) and lines[i].rstrip() != fence:
                body.append(lines[i])
                i += 1
            out += block(opening["name"], opening["title"].strip(), body, source, page)
        elif line.startswith("```"):
            out.append(line)  # a plain code block: nothing in it is a role
            i += 1
            while i < len(lines) and not lines[i].startswith("```"):
                out.append(lines[i])
                i += 1
            if i < len(lines):
                out.append(lines[i])
        elif line.startswith("% "):
            pass  # a comment
        elif not re.fullmatch(r"\([\w-]+\)=", line.strip()) and line.strip() != "+++":
            if closing := EQUATION.fullmatch(line):
                number = page.find(closing[2]).text.strip("()")
                out.append(f"{closing[1]}\\tag{{{number}}}")
                line = f"{closing[1]}$$"
            out.append(page.plain(line).rstrip())
        i += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")
