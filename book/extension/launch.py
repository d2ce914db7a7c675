"""The links under a chapter's title: run it in Colab, download it as a notebook, see its source."""

from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx

from book.export.addresses import sources
from book.export.downloads import FOLDER
from book.repository import Repository, repository

NAV = {"ko": "이 쪽의 노트북과 소스", "en": "Notebook and source of this page"}
WORDS = {
    "ko": {
        "colab": ("Colab에서 열기", "설치 없이 브라우저에서 실행합니다"),
        "download": ("노트북 내려받기", "이 쪽을 .ipynb 파일로 저장합니다"),
        "source": ("소스 보기", "저장소에 있는 이 쪽의 원본입니다"),
    },
    "en": {
        "colab": ("Open in Colab", "run it in the browser, nothing to install"),
        "download": ("Download notebook", "save this page as an .ipynb file"),
        "source": ("View source", "what this page is made from, in the repository"),
    },
}
ICONS = {"colab": "rocket", "download": "download", "source": "code"}


@dataclass(frozen=True)
class Link:
    """One link of the row.

    Attributes:
        href: where it leads.
        text: what is seen.
        label: what is said; it begins with what is seen.
        icon: name in the theme's font.
        file: name under which the browser saves it, if it does.
    """

    href: str
    text: str
    label: str
    icon: str
    file: str = ""


def links(language: str, name: str, *, notebook: bool, where: Repository) -> list[Link]:
    """The links of one page; none that would lead nowhere.

    Args:
        language: ``"ko"`` or ``"en"``.
        name: of the page, such as ``02-diffusion``.
        notebook: whether the page has code.
        where: the repository; without an address there is nothing to open in it.
    """
    file = f"{name}.ipynb"
    found = {
        "colab": where.colab(f"notebooks/{language}/{file}") if notebook else "",
        "download": f"{FOLDER}/{file}" if notebook else "",
        "source": where.page(f"chapters/{language}/{name}.md"),
    }
    made = []
    for kind, href in found.items():
        if href:
            text, more = WORDS[language][kind]
            saved = file if kind == "download" else ""
            made.append(Link(href, text, f"{text}: {more}", ICONS[kind], saved))
    return made


def launch_links(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Put the row under the title of a page."""
    language = app.config.language
    # `jupyter-book build .` makes one book alone, without notebooks beside its pages.
    if Path(app.srcdir).name != language or language not in WORDS or not doctree:
        return
    notebooks = {source.stem for source in sources(language)}
    row = links(language, page, notebook=page in notebooks, where=repository())
    if row:
        values = {"launch_links": row, "launch_name": NAV[language]}
        html = app.builder.templates.render("launch-links.html", values)
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{html}", 1)
