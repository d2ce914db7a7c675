"""One style sheet for the book, with the rules that its pages can use.

The theme and the extensions bring a dozen sheets, most of whose rules speak of things that no page
here holds. A browser draws nothing before it has read them all.
"""

import hashlib
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

import tinycss2
from tinycss2.ast import FunctionBlock, IdentToken, LiteralToken, Node, URLToken

LINK = re.compile(r'[ \t]*<link\b[^>]*\brel="stylesheet"[^>]*>\n?')
HREF = re.compile(r'\bhref="([^"?]*)[^"]*"')
NAMES = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"[\w-]+")
NESTED = {"media", "supports"}  # at-rules that hold rules


def linked(text: str) -> list[str]:
    """The style sheets of a page."""
    return [HREF.search(link)[1] for link in LINK.findall(text)]


def named(text: str) -> set[str]:
    """Words of the classes and identifiers of a page."""
    return {word for names in NAMES.findall(text) for word in WORD.findall(names)}


def scripted(html: Path) -> set[str]:
    """Words of the scripts: they may add what no page shows at first."""
    files = (html / "_static").rglob("*.js")
    return {word for file in files for word in WORD.findall(file.read_text("utf-8"))}


def bundle(html: Path, sheets: Iterable[str], words: set[str]) -> str:
    """Write the one style sheet and return its address; the sheets that went into it are removed.

    Args:
        html: folder of one language's pages.
        sheets: addresses of all style sheets, each once, in their order.
        words: what rules may speak of.
    """
    sheets = list(sheets)
    css = '@charset "utf-8";\n' + "\n".join(
        _sheet(html / name, html / "_static", words) for name in sheets
    )
    name = f"_static/book.{hashlib.sha256(css.encode()).hexdigest()[:8]}.css"
    (html / name).write_text(css, "utf-8")
    for old in sheets:
        (html / old).unlink()
    return name


def applied(text: str, name: str) -> str:
    """One page, with a link to the one sheet where the first of its own stood."""
    first = LINK.search(text)
    if not first:
        return text
    link = f'<link rel="stylesheet" href="{name}">\n'
    return text[: first.start()] + link + LINK.sub("", text[first.end() :])


def _sheet(file: Path, home: Path, words: set[str]) -> str:
    """One sheet's rules that ``words`` can meet, its addresses as seen from ``home``."""
    rules = tinycss2.parse_stylesheet(
        file.read_text("utf-8"), skip_comments=True, skip_whitespace=True
    )
    up = posixpath.relpath(file.parent.as_posix(), home.as_posix())
    imported = [_address(rule) for rule in rules if _is(rule, "import")]
    rules = [rule for rule in rules if not _is(rule, "import", "charset")]
    sheets = [_sheet(file.parent / name, home, words) for name in imported]
    return "\n".join([*sheets, _kept(rules, words, up)])


def _is(rule: Node, *names: str) -> bool:
    return rule.type == "at-rule" and rule.lower_at_keyword in names


def _address(rule: Node) -> str:
    """What an ``@import`` asks for."""
    return next(node.value for node in rule.prelude if node.type in ("string", "url"))


def _kept(rules: Iterable[Node], words: set[str], up: str) -> str:
    found = []
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"line {rule.source_line} of a style sheet: {rule.message}")
        if _is(rule, *NESTED):
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if body := _kept(inner, words, up):
                condition = tinycss2.serialize(rule.prelude)
                found.append(f"@{rule.at_keyword}{condition}{{{body}}}")
            continue
        if rule.type == "qualified-rule":
            groups = [group for group in _split(rule.prelude) if _can_match(group, words)]
            if not groups:
                continue
            selector = ",".join(tinycss2.serialize(group).strip() for group in groups)
            found.append(f"{selector}{{{_body(rule.content, up)}}}")
            continue
        if rule.content is not None:
            _rebase(rule.content, up)
        found.append(rule.serialize())
    return "\n".join(found)


def _split(prelude: list[Node]) -> list[list[Node]]:
    """A selector list at its commas; those inside :is() and :not() are not its own."""
    groups: list[list[Node]] = [[]]
    for node in prelude:
        if isinstance(node, LiteralToken) and node == ",":
            groups.append([])
        else:
            groups[-1].append(node)
    return groups


def _can_match(selector: list[Node], words: set[str]) -> bool:
    """Whether every class and identifier outside brackets occurs somewhere in pages or scripts."""
    for before, node in zip([None, *selector], selector, strict=False):
        if node.type == "hash" and node.value not in words:
            return False
        is_class = isinstance(before, LiteralToken) and before == "."
        if is_class and isinstance(node, IdentToken) and node.value not in words:
            return False
    return True


def _body(content: list[Node], up: str) -> str:
    _rebase(content, up)
    kept = [node for node in content if node.type != "comment"]
    return re.sub(r"\s*\n\s*", " ", tinycss2.serialize(kept)).strip()


def _rebase(nodes: list[Node], up: str) -> None:
    """Let relative addresses lead on from where the one sheet lies."""
    for node in nodes:
        if isinstance(node, URLToken):
            node.representation = f'url("{_moved(node.value, up)}")'
        elif isinstance(node, FunctionBlock) and node.lower_name == "url":
            node.arguments[0].representation = f'"{_moved(node.arguments[0].value, up)}"'


def _moved(address: str, up: str) -> str:
    if re.match(r"data:|#|/|https?:", address):
        return address
    return posixpath.normpath(posixpath.join(up, address))
