"""The links under a page's title, and the address that they need."""

import pytest
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader

from book.extension.launch import NAV, links
from book.repository import ROOT, Repository, repository

GITHUB = Repository("https://github.com/someone/course")
COLAB = "https://colab.research.google.com/github/someone/course/blob/main/notebooks"


def addresses(language, name, notebook, where):
    return [link.href for link in links(language, name, notebook=notebook, where=where)]


def test_links_of_a_chapter():
    assert addresses("ko", "02-diffusion", True, GITHUB) == [
        f"{COLAB}/ko/02-diffusion.ipynb",
        "_notebooks/02-diffusion.ipynb",
        "https://github.com/someone/course/blob/main/chapters/ko/02-diffusion.md",
    ]


def test_no_link_leads_nowhere():
    assert addresses("en", "02-diffusion", True, Repository()) == ["_notebooks/02-diffusion.ipynb"]
    assert addresses("en", "glossary", False, Repository()) == []
    assert len(addresses("en", "glossary", False, GITHUB)) == 1
    elsewhere = Repository("https://gitlab.com/someone/course")
    assert not any("colab" in href for href in addresses("en", "02-diffusion", True, elsewhere))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_row_says_what_it_shows_in_the_language_of_the_page(language):
    loader = FileSystemLoader(ROOT / "book/templates")
    row = links(language, "02-diffusion", notebook=True, where=GITHUB)
    html = (
        Environment(loader=loader)
        .get_template("launch-links.html")
        .render(launch_links=row, launch_name=NAV[language])
    )
    soup = BeautifulSoup(html, "html.parser")
    assert soup.nav["aria-label"] == NAV[language]
    for link in soup.find_all("a"):
        assert link["aria-label"].startswith(link.get_text().strip())
        assert ("열기" in html) == (language == "ko")
    assert [a["download"] for a in soup.select("a[download]")] == ["02-diffusion.ipynb"]
    assert soup.find_all("i", {"aria-hidden": "true"}) == soup.find_all("i")


def test_environment_overrides_the_repository_for_a_fork():
    fork = {"REPOSITORY_URL": "https://github.com/fork/course.git", "REPOSITORY_BRANCH": "next"}
    assert repository(fork) == Repository("https://github.com/fork/course", "next")
    with pytest.raises(SystemExit, match="REPOSITORY_URL"):
        repository({"REPOSITORY_URL": "git@github.com:fork/course"})
