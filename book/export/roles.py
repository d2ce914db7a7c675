"""MyST roles as plain Markdown: every reference becomes real text and, where it can, a link."""

import re
from dataclasses import dataclass, field

from book.export.citations import cited
from book.export.labels import ROOT, Label, labels
from book.repository import Repository

ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]*)`")


@dataclass(frozen=True)
class Page:
    """The page that is turned into a notebook, and what is known of the world around it.

    Attributes:
        language: ``"ko"`` or ``"en"``.
        name: of the page, such as ``02-diffusion``.
        site: address of the site with a slash at its end, or nothing.
        repository: the course's.
    """

    language: str
    name: str
    site: str = ""
    repository: Repository = field(default_factory=Repository)

    def plain(self, text: str) -> str:
        """Replace every role of a line."""
        return ROLE.sub(self._role, text)

    def find(self, name: str) -> Label:
        """What a label of this language stands for."""
        try:
            return labels(self.language)[name]
        except KeyError:
            where = f"chapters/{self.language}/{self.name}.md"
            raise ValueError(f"{where} refers to {name!r}, which no chapter defines") from None

    def _role(self, match: re.Match) -> str:
        role, text = match["role"], match["text"]
        titled = re.fullmatch(r"(.*?)\s*<([^>]*)>", text, re.S)
        title, target = titled.groups() if titled else ("", text)
        if role == "claim":
            return ""  # the cell prints the figure
        if role.startswith("cite"):
            return cited(target, in_text=role == "cite:t")
        if role == "term":
            return self._link(title or target, Label("glossary", "", target))
        if role in ("ref", "numref", "eq", "doc", "prf:ref"):
            label = self.find(target)
            return self._link(title or label.text, label)
        return title or target

    def _link(self, text: str, label: Label) -> str:
        anchor = f"#{label.anchor}" if label.anchor else ""
        if self.site:
            return f"[{text}]({self.site}{self.language}/{label.page}.html{anchor})"
        # Without a site: the notebook beside this one, if that page is a notebook.
        file = ROOT / "chapters" / self.language / f"{label.page}.md"
        if label.page != self.name and "\nkernelspec:" in file.read_text("utf-8")[:600]:
            return f"[{text}]({label.page}.ipynb)"
        return text
