"""How a claim is seen: a small mark behind its sentence, a note that opens at it, and the table.

The mark is a button and the note a popover: without any script a tap, a click or the keyboard opens
it above everything else, and Esc or a tap elsewhere closes it. ``claims.js`` lets it open under the
pointer and with the keyboard's focus, and puts it beside its mark.
"""

from collections import Counter
from collections.abc import Iterator
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from book.extension.claims import Figure, claim_mark, claims_table, homes, store

WORDS = {
    "ko": {
        "sentence": "문장",
        "value": "측정값",
        "bound": "한계",
        "rival": "거짓이었다면",
        "seeds": "시드",
        "identity": "항등식",
        "error": "오차",
        "all": "측정값 모두 보기",
        "home": "측정한 곳으로",
        "none": "아직 없음",
    },
    "en": {
        "sentence": "Sentence",
        "value": "measured",
        "bound": "bound",
        "rival": "if it were false",
        "seeds": "seeds",
        "identity": "identity",
        "error": "error",
        "all": "All measurements",
        "home": "Where it was measured",
        "none": "none yet",
    },
}
COLUMNS = ("sentence", "value", "bound", "rival", "seeds")
JOINER = "\u2060"  # no line begins with a mark, or with what closes a bracket


class html_tag(nodes.inline):  # noqa: N801  (docutils names nodes so)
    """An HTML element that docutils has no node for."""


class claim_note(nodes.inline):  # noqa: N801
    """What opens at a mark."""


def tag(name: str, *children: nodes.Node | str, **attributes: str) -> html_tag:
    """An HTML element; ``class_`` is its class."""
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return filled(html_tag(tag=name, attributes=named), children)


def filled(node: nodes.Element, children: tuple[nodes.Node | str, ...]) -> nodes.Element:
    """A node with its children, of which some may be text."""
    node += [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return node


def listed(numbers: str) -> str:
    """Several numbers, as a sentence has them."""
    return ", ".join(numbers.split())


def reading_order(env: BuildEnvironment, page: str) -> Iterator[str]:
    """A page and those below it, as the contents have them."""
    yield page
    for below in env.toctree_includes.get(page, []):
        yield from reading_order(env, below)


class ShowClaims(SphinxPostTransform):
    """Put marks, notes and the table in their places."""

    default_priority = 5  # before references are resolved: sentences may hold some

    def run(self, **kwargs: object) -> None:
        """Replace what the roles and the directive left."""
        self.known = homes(self.env)
        self.page = self.env.docname
        self.words = WORDS.get(self.app.config.language, WORDS["en"])
        self.table_page = (self.page.rpartition("/")[0] + "/claims").lstrip("/")
        shown: Counter[str] = Counter()
        for mark in list(self.document.findall(claim_mark)):
            shown[mark["name"]] += 1
            at_mark = self._close_up(mark)
            mark.replace_self(self._mark(mark, shown[mark["name"]], at_mark))
        for place in list(self.document.findall(claims_table)):
            place.replace_self(self._tables())

    def _close_up(self, mark: claim_mark) -> bool:
        """Take away the space before a mark; whether it stands right behind another one then."""
        parent, at = mark.parent, mark.parent.index(mark)
        if at and isinstance(parent[at - 1], nodes.Text):
            left = parent[at - 1].astext().rstrip()
            parent[at - 1 : at] = [nodes.Text(left)] if left else []
        at = parent.index(mark)
        return at > 0 and isinstance(parent[at - 1], html_tag)

    def _link(self, text: str, goal: str, anchor: str) -> nodes.reference:
        address = self.app.builder.get_relative_uri(self.page, goal) + f"#{anchor}"
        return nodes.reference("", text, internal=True, refuri=address)

    def _mark(self, mark: claim_mark, time: int, at_mark: bool) -> html_tag:
        """The button and its note; the first one of a page is where links to the claim lead."""
        name = mark["name"]
        home, figure = self.known.get(name, (self.page, Figure("claim", "?", "", "")))
        identifier = f"note-{name}" + (f"-{time}" if time > 1 else "")
        if figure.kind == "identity":
            label = f"{self.words['identity']}: {self.words['error']} {figure.line}"
        else:
            label = f"{self.words['value']}: {figure.line}"
        button = tag("button", type="button", class_="claim-mark", popovertarget=identifier)
        button["attributes"]["aria-label"] = label
        words = mark.children or store(self.env)[home]["rivals"].get(name, [])
        note = claim_note(identifier=identifier)
        for term, said in self._facts(figure, words):
            note += tag("b", self.words[term])
            note += said
        note += self._links(name, home)
        place = {"id": f"claim-{name}"} if home == self.page and time == 1 else {}
        classes = "claim claim-next" if at_mark else "claim"
        return tag("span", JOINER, button, note, class_=classes, data_figure=figure.line, **place)

    def _facts(self, figure: Figure, words: list) -> Iterator[tuple[str, html_tag]]:
        """What a note says, line by line."""
        if figure.kind == "identity":
            yield "identity", tag("span", f"{self.words['error']} {figure.value}")
        else:
            yield "value", tag("span", figure.value)
        yield "bound", tag("span", figure.bound)
        if figure.rival:
            yield "rival", tag("span", *self._rival(figure, words))
        if figure.seeds:
            yield "seeds", tag("span", listed(figure.seeds))

    @staticmethod
    def _rival(figure: Figure, words: list) -> list[nodes.Node | str]:
        """The number, and what it is the number of."""
        copies = [node.deepcopy() for node in words]
        return [listed(figure.rival), *([" (", *copies, f"{JOINER})"] if copies else [])]

    def _links(self, name: str, home: str) -> html_tag:
        links = [self._link(self.words["home"], home, f"claim-{name}")] if home != self.page else []
        if self.table_page in self.env.found_docs and self.page != self.table_page:
            links.append(self._link(self.words["all"], self.table_page, f"row-{name}"))
        return tag("span", *links, class_="claim-links")

    def _tables(self) -> list[nodes.Node]:
        """A table for each chapter that measured something."""
        if not self.known:
            return [nodes.paragraph("", self.words["none"])]
        pages: dict[str, list[html_tag]] = {}
        for name, (home, figure) in self.known.items():
            if name in store(self.env)[home]["said"]:
                pages.setdefault(home, []).append(self._row(name, home, figure))
        found: list[nodes.Node] = []
        for home in filter(pages.get, reading_order(self.env, self.app.config.root_doc)):
            title = nodes.rubric("", "", *self.env.titles[home].deepcopy().children)
            heads = [
                tag("th", self.words[column], scope="col", role="columnheader")
                for column in COLUMNS
            ]
            head = tag("thead", tag("tr", *heads, role="row"), role="rowgroup")
            body = tag("tbody", *pages[home], role="rowgroup")
            found += [title, tag("table", head, body, class_="claims", role="table")]
        return found

    def _row(self, name: str, home: str, figure: Figure) -> html_tag:
        """One claim. On a phone it is a card, in which the heads of the columns are said again."""
        found = store(self.env)[home]
        said = [node.deepcopy() for node in found["said"][name]]
        error = f"{self.words['error']} " if figure.kind == "identity" else ""
        value = self._link(error + figure.value, home, f"claim-{name}")
        if figure.kind == "identity":
            rival = [self.words["identity"]]
        else:
            words = found["rivals"].get(name, [])
            rival = self._rival(figure, words) if figure.rival else ["–"]
        cells = [[value], [figure.bound], rival, [listed(figure.seeds) or "–"]]
        row = [tag("th", *said, scope="row", role="rowheader")]
        for column, cell in zip(COLUMNS[1:], cells, strict=True):
            label = tag("span", self.words[column], class_="claims-label", aria_hidden="true")
            empty = {"class_": "claims-empty"} if cell == ["–"] else {}
            row.append(tag("td", label, tag("span", *cell), role="cell", **empty))
        return tag("tr", *row, id=f"row-{name}", role="row")


def visit_tag(translator: HTML5Translator, node: html_tag) -> None:
    """Write the opening tag."""
    pairs = "".join(f' {name}="{escape(value)}"' for name, value in node["attributes"].items())
    translator.body.append(f"<{node['tag']}{pairs}>")


def depart_tag(translator: HTML5Translator, node: html_tag) -> None:
    """Write the closing tag."""
    translator.body.append(f"</{node['tag']}>")


def visit_note(translator: HTML5Translator, node: claim_note) -> None:
    """Write the opening tag."""
    translator.body.append(f'<span class="claim-note" id="{node["identifier"]}" popover>')


def depart_note(translator: HTML5Translator, node: claim_note) -> None:
    """Write the closing tag."""
    translator.body.append("</span>")


def setup(app: Sphinx) -> None:
    """Register the nodes and what puts them in their places."""
    app.add_node(html_tag, html=(visit_tag, depart_tag))
    app.add_node(claim_note, html=(visit_note, depart_note))
    app.add_post_transform(ShowClaims)
