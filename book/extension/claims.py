"""Tie a sentence to what was measured for it: the role ``{claim}`` and the page of all claims.

``claim("name", value, below=bound, rival=other)`` and ``identity(...)`` in a cell print one line
each (see ``utils.claims``). ``{claim}`name | what the rival was``` at the end of a sentence shows
that line's figures beside the sentence, and the directive ``{claims}`` makes the table of all of
them. A sentence without a figure is a warning, and so are a figure without a sentence, a rival
that no sentence names and a rival that nobody measured; all of them stop the build.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)
LINE = re.compile(
    r"^(claim|identity) ([a-z0-9-]+): ([^;\n]+)(?:; rival ([^;\n]+))?(?:; seeds (.+))?$", re.M
)
WORDS = {
    "ko": ("문장", "잰 값과 한계", "아직 없음"),
    "en": ("Sentence", "Measured, with its bound", "none yet"),
}


class Figure(NamedTuple):
    """What a cell printed for a claim or an identity."""

    kind: str  # "claim" or "identity"
    line: str  # the value and its bounds: "0.95 < 0.99"
    rival: str  # what the instrument says where the sentence is false, or nothing
    seeds: str  # the value of every seed, or nothing


class claim_mark(nodes.Inline, nodes.Element):  # noqa: N801  (docutils names nodes so)
    """Where a sentence ends that was measured."""


class claims_table(nodes.General, nodes.Element):  # noqa: N801
    """Where the table of all claims goes."""


class ClaimRole(SphinxRole):
    """``{claim}`name``` after a sentence, or ``{claim}`name | what the rival was```."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Mark the place; the figure is known once every notebook has been read."""
        name, _, words = (part.strip() for part in self.text.partition("|"))
        mark = claim_mark(name=name)
        problems = []
        if words:
            found, problems = self.inliner.parse(words, self.lineno, self.inliner, mark)
            mark += found
        return [mark], problems


class ClaimsDirective(SphinxDirective):
    """``{claims}``: the table."""

    def run(self) -> list[nodes.Node]:
        """Mark the place."""
        return [claims_table()]


def store(env: BuildEnvironment) -> dict[str, dict]:
    """What each page measured and what it says: figures, sentences, rivals by name of the claim."""
    if not hasattr(env, "course_claims"):
        env.course_claims = {}
    return env.course_claims


def sentence(mark: claim_mark) -> list[nodes.Node]:
    """What stands before the mark on its line: the sources have one sentence per line."""
    found: list[nodes.Node] = []
    for sibling in reversed(mark.parent.children[: mark.parent.index(mark)]):
        if isinstance(sibling, nodes.Text) and "\n" in sibling:
            rest = sibling.astext().rpartition("\n")[2]
            found.append(nodes.Text(rest))
            break
        if not isinstance(sibling, claim_mark):
            found.append(sibling)
    return apart(found[::-1])


def apart(found: list[nodes.Node]) -> list[nodes.Node]:
    """Copies that the environment can keep without keeping their whole page."""
    copies = [node.deepcopy() for node in found]
    for node in copies:
        for part in node.findall():
            part.document = None
    return copies


def collect(app: Sphinx, document: nodes.document) -> None:
    """Remember the figures and the sentences of a page that has just been read."""
    measured: dict[str, Figure] = {}
    for block in document.findall(nodes.literal_block):
        for kind, name, *figure in LINE.findall(block.astext()):
            if name in measured:
                logger.warning("claim %s is measured twice", name, location=document)
            measured[name] = Figure(kind, *figure)
    said: dict[str, list[nodes.Node]] = {}
    rivals: dict[str, list[nodes.Node]] = {}
    for mark in document.findall(claim_mark):
        mark["first"] = mark["name"] not in said  # a claim may be said again further down
        said.setdefault(mark["name"], sentence(mark))
        if mark.children:
            rivals.setdefault(mark["name"], apart(mark.children))
    if measured or said:
        found = {"measured": measured, "said": said, "rivals": rivals}
        store(app.env)[app.env.docname] = found


def purge(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page that is read anew."""
    store(env).pop(page, None)


def merge(app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    store(env).update({page: store(other)[page] for page in pages if page in store(other)})


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The page of claims has to be written again when any sentence or figure has changed.

    Other pages that show foreign figures: see ``book.extension.rewrite``.
    """
    now = repr(
        [
            (page, sorted(claims["measured"].items()), [
                (name, [node.pformat() for node in words])
                for part in ("said", "rivals") for name, words in claims[part].items()
            ])
            for page, claims in sorted(store(env).items())
        ]
    )  # fmt: skip
    before, env.course_claims_shown = getattr(env, "course_claims_shown", None), now
    if now == before:
        return []
    return [page for page in env.found_docs if page.split("/")[-1] == "claims"]


def homes(env: BuildEnvironment) -> dict[str, tuple[str, Figure]]:
    """Page and figure of every claim, by name."""
    found = {}
    for page, claims in store(env).items():
        for name, figure in claims["measured"].items():
            if name in found:
                logger.warning("claim %s is measured in %s and %s", name, found[name][0], page)
            found[name] = (page, figure)
    return found


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn about sentences and figures, words of a rival and rivals, that lack one another."""
    known = homes(env)
    for page, claims in store(env).items():
        for name in claims["said"]:
            if name not in known:
                logger.warning("claim %s is said but not measured", name, location=page)
            elif name in claims["rivals"] and not known[name][1].rival:
                message = "claim %s: a sentence names a rival that the cell did not measure"
                logger.warning(message, name, location=page)
        for name, figure in claims["measured"].items():
            if name not in claims["said"]:
                logger.warning("claim %s is measured but not said", name, location=page)
            elif figure.rival and name not in claims["rivals"]:
                message = "claim %s: no sentence says what its rival was: {claim}`%s | ...`"
                logger.warning(message, name, name, location=page)


class ShowClaims(SphinxPostTransform):
    """Put figures and table in their places."""

    default_priority = 5  # before references are resolved: sentences may hold some

    def run(self, **kwargs: object) -> None:
        """Replace the marks."""
        known = homes(self.env)
        page = self.env.docname
        table_page = (page.rpartition("/")[0] + "/claims").lstrip("/")
        for mark in list(self.document.findall(claim_mark)):
            shown = self._mark(mark["name"], known, page, table_page)
            if not mark["first"]:
                shown = [node for node in shown if not isinstance(node, nodes.target)]
            mark.replace_self(shown)
        for place in list(self.document.findall(claims_table)):
            place.replace_self(self._table(known, page))

    def _link(self, page: str, goal: str, anchor: str) -> str:
        return self.app.builder.get_relative_uri(page, goal) + f"#{anchor}"

    def _mark(self, name: str, known: dict, page: str, table_page: str) -> list[nodes.Node]:
        home, figure = known.get(name, (page, Figure("claim", "?", "", "")))
        if home == page:
            at_home = table_page in self.env.found_docs
            address = self._link(page, table_page, f"row-{name}") if at_home else f"#claim-{name}"
        else:
            address = self._link(page, home, f"claim-{name}")
        link = nodes.reference("", figure.line, internal=True, refuri=address, classes=["claim"])
        anchor = [nodes.target("", "", ids=[f"claim-{name}"])] if home == page else []
        return [nodes.Text(" "), *anchor, link]

    def _order(self, known: dict) -> Iterator[tuple[str, str, Figure]]:
        chapters = {page: number for number, page in enumerate(sorted(self.env.found_docs))}
        for name, (page, figure) in sorted(known.items(), key=lambda item: chapters[item[1][0]]):
            yield name, page, figure

    def _table(self, known: dict, page: str) -> nodes.Node:
        words = WORDS.get(self.app.config.language, WORDS["en"])
        if not known:
            return nodes.paragraph("", words[2])
        body, chapter = nodes.container(classes=["claims"]), None
        for name, home, figure in self._order(known):
            said = store(self.env)[home]["said"].get(name)
            if said is None:
                continue
            if home != chapter:
                chapter, rows = home, nodes.tbody()
                title = self.env.titles[home].deepcopy()
                body += nodes.rubric("", "", *title.children)
                body += _frame(rows, words[:2])
            link = nodes.reference(
                "", figure.line, internal=True, refuri=self._link(page, home, f"claim-{name}")
            )
            text = nodes.paragraph("", "", *(node.deepcopy() for node in said))
            row = nodes.row(
                "", nodes.entry("", text), nodes.entry("", nodes.paragraph("", "", link))
            )
            row[0]["ids"] = [f"row-{name}"]
            rows += row
        return body


def _frame(rows: nodes.tbody, heads: tuple[str, str]) -> nodes.table:
    """An empty table with two heads."""
    group = nodes.tgroup("", cols=2)
    group += [nodes.colspec(colwidth=70), nodes.colspec(colwidth=30)]
    head = nodes.row("", *(nodes.entry("", nodes.paragraph("", word)) for word in heads))
    group += [nodes.thead("", head), rows]
    return nodes.table("", group)


def setup(app: Sphinx) -> None:
    """Register role, directive and the events behind them."""
    app.add_node(claim_mark)
    app.add_node(claims_table)
    app.add_role("claim", ClaimRole())
    app.add_directive("claims", ClaimsDirective)
    app.add_post_transform(ShowClaims)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", outdated)
    app.connect("env-check-consistency", check)
