"""Tie a sentence to what was measured for it: the role ``{claim}`` and the page of all claims.

``claim("name", value, below=bound, rival=other)`` and ``identity(...)`` in a cell print one line
each (see ``utils.claims``). ``{claim}`name | what the rival was``` at the end of a sentence shows
that line's figures beside the sentence, and the directive ``{claims}`` makes the table of all of
them. A sentence without a figure is a warning, and so are a figure without a sentence, a rival
that no sentence names and a rival that nobody measured; all of them stop the build.
"""

import re
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)
LINE = re.compile(
    r"^(claim|identity) ([a-z0-9-]+): ([^;\n]+)(?:;\s+rival ([^;\n]+))?(?:;\s+seeds (.+))?$", re.M
)


class Figure(NamedTuple):
    """What a cell printed for a claim or an identity."""

    kind: str  # "claim" or "identity"
    line: str  # the value and its bounds: "0.95 < 0.99"
    rival: str  # what the instrument says where the sentence is false, or nothing
    seeds: str  # the value of every seed, or nothing

    @property
    def value(self) -> str:
        """What was measured, without its bounds."""
        parts = self.line.split()
        return parts[2] if len(parts) == 5 else parts[0]

    @property
    def bound(self) -> str:
        """What it must not cross: "< 0.99", "> 0.1", or both."""
        parts = self.line.split()
        return f"> {parts[0]}, < {parts[4]}" if len(parts) == 5 else " ".join(parts[1:])


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
        said.setdefault(mark["name"], sentence(mark))  # it may be said again further down
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


def setup(app: Sphinx) -> None:
    """Register role, directive and the events behind them; see ``claim_marks`` for what is seen."""
    app.add_node(claim_mark)
    app.add_node(claims_table)
    app.add_role("claim", ClaimRole())
    app.add_directive("claims", ClaimsDirective)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", outdated)
    app.connect("env-check-consistency", check)
