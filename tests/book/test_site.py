"""The built site: links, pictures, languages, and no request to anybody else."""

import json
import re
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import Comment, Tag
from parsed_site import parsed

from book.build import LANGUAGES, ROOT, SITE
from book.export.addresses import sources
from book.repository import repository

PAGES = sorted(page.stem for page in (ROOT / "chapters" / "ko").glob("*.md"))


@pytest.fixture(scope="module")
def soups():
    return parsed()


def local(file, address):
    """File and anchor that an address on the page leads to; None if it leads elsewhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    return path, unquote(parts.fragment)


def test_every_page_is_there_in_both_languages(soups):
    for language in LANGUAGES:
        for name in PAGES:
            assert SITE / language / f"{name}.html" in soups
    assert SITE / "index.html" in soups


def test_sphinx_takes_every_notebook_from_the_cache(soups):
    for language in LANGUAGES:
        log = (ROOT / "_build/stage" / language / "build.log").read_text("utf-8")
        assert "Executing notebook" not in log, language


def test_links_and_anchors_resolve(soups):
    ids = {f: {t["id"] for t in s.find_all(id=True)} for f, s in soups.items()}
    broken = []
    for file, soup in soups.items():
        for link in soup.find_all("a", href=True):
            goal = local(file, link["href"])
            if goal is None:
                continue
            path, anchor = goal
            if path.is_dir():
                path /= "index.html"
            if not path.exists() or (path in ids and anchor and anchor not in ids[path]):
                broken.append(f"{file.relative_to(SITE)}: {link['href']}")
    assert not broken, "\n".join(broken)


def test_pictures_are_there_and_described(soups):
    for file, soup in soups.items():
        for image in soup.find_all("img"):
            path, _ = local(file, image["src"])
            assert path.exists(), f"{file}: {image['src']}"
        for image in soup.select("figure.output-figure img"):
            assert len(image.get("alt", "")) > 15 and ".png" not in image["alt"], f"{file}: {image}"
        for output in soup.select("div.cell_output img"):
            raise AssertionError(f"{file}: a picture without caption, {output['src']}")


def test_what_a_page_loads_is_there_and_on_the_same_host(soups):
    for file, soup in soups.items():
        loaded = [t.get("src") for t in soup.find_all(["script", "img", "iframe"])]
        named = (["canonical"], ["alternate"])  # whole addresses, which nothing loads
        loaded += [t.get("href") for t in soup.find_all("link") if t.get("rel") not in named]
        for address in filter(None, loaded):
            assert not re.match(r"(https?:)?//", address), f"{file}: {address}"
            if not address.startswith("data:"):
                path, _ = local(file, address)
                assert path.exists(), f"{file}: {address}"


def test_languages_are_declared_and_linked(soups):
    for language in LANGUAGES:
        other = {"ko": "en", "en": "ko"}[language]
        for name in PAGES:
            soup = soups[SITE / language / f"{name}.html"]
            assert soup.html["lang"] == language
            switch = soup.select_one("a.language-switch")
            assert switch["href"] == f"../{other}/{name}.html"


def test_labelled_sections_have_the_same_anchor_in_both_languages(soups):
    for name in PAGES:
        anchors = []
        for language in LANGUAGES:
            links = soups[SITE / language / f"{name}.html"].select(
                "#pst-page-toc-nav a, .page-toc a"
            )
            anchors.append([a["href"] for a in links if a["href"].startswith("#sec-")])
        assert anchors[0] == anchors[1]


ENGLISH_INTERFACE = [
    "Previous",
    "Next",
    "next page",
    "previous page",
    "Contents",
    "On this page",
    "Search this book",
    "Skip to main content",
    "Back to top",
    "Show code cell",
    "Hide code cell",
    "Print to PDF",
    "Toggle",
    "Fullscreen",
    "light/dark",
    "Color mode",
    "Ctrl",
    "By ",
    "Exercise",
    "Solution",
    "Proof",
    "Theorem",
    "Click to",
]


def without(soup, selector, beside="", unless=()):
    """What stands in a tree; neither what is selected, nor ``beside``, if in no tag of those."""
    gone = {id(tag) for tag in soup.select(selector)}
    if beside:
        gone |= {id(tag) for tag in soup.select(beside) if not tag.find_parent(unless)}
    left = []

    def gather(tag):
        for child in tag.children:
            if id(child) not in gone:
                left.append(child)
                if isinstance(child, Tag):
                    gather(child)

    gather(soup)
    return left


def test_korean_interface_is_korean(soups):
    found = []
    english = re.compile(rf"\b({'|'.join(map(re.escape, ENGLISH_INTERFACE))})")
    for file, soup in soups.items():
        if file.parent.name != "ko":
            continue
        text = "p, li" if file.name.startswith("slides-") else "article.bd-article p"
        left = without(soup, f"{text}, article pre, script, style, kbd")
        texts = [node.strip() for node in left if not isinstance(node, Tag)]
        tags = [node for node in left if isinstance(node, Tag)]
        texts += [t[a] for t in tags for a in ("title", "aria-label") if t.has_attr(a)]
        for text in texts:
            if english.search(text):
                found.append(f"{file.name}: {text[:60]}")
    assert not found, "\n".join(sorted(set(found)))


MARKUP = re.compile(r"\*\*|\*\S.*\S\*|\{[a-z:]+\}`|:::|\]\(")


def test_no_markup_is_left_on_a_page(soups):
    """In Korean, ``**word(term)**은`` opens no emphasis, and ``*word?*를`` closes none."""
    found = []
    for file, soup in soups.items():
        article = soup.select_one("article.bd-article")
        for text in article.find_all(string=MARKUP) if article else ():
            if not text.find_parent(["pre", "code", "script", "style"]):
                if not text.find_parent(class_=["katex", "math"]):
                    found.append(f"{file.parent.name}/{file.name}: {text.strip()[:60]}")
    assert not found, "\n".join(found)


SAID = ("title", "aria-label", "placeholder", "data-tooltip", "data-stop")
CONTENT = (
    "script, style, pre, code, .katex, h1, article :is(p, li, td, th, dd, dt, h2, h3, h4), title,"
    " nav.bd-docs-nav li, nav a.nav-link, .prev-next-info, .logo, #search-results, .citation .label"
)


def test_nothing_around_the_text_is_left_in_english(soups):
    """Whatever a package may write: what the Korean page says in Latin letters is a name."""
    found = set()
    for file, soup in soups.items():
        if file.parent.name != "ko" or file.name.startswith("slides-"):
            continue
        keys = "kbd, a.reference[title]"  # keys have names; so have works
        tags = [node for node in without(soup.body, keys) if isinstance(node, Tag)]
        texts = [tag[name] for tag in tags for name in SAID if tag.has_attr(name)]
        # Titles of boxes and buttons are not content, wherever they stand.
        around = without(soup.body, keys, CONTENT, unless=["summary", "button"])
        texts += [t for t in around if not isinstance(t, (Tag, Comment))]
        for text in map(str.strip, texts):
            if re.search(r"[A-Za-z]{3}", text) and not re.search(r"[가-힣]", text):
                found.add(text)
    assert found == {"English"}


def test_folded_parts_and_proofs_say_so_in_the_language(soups):
    words = {
        "ko": ("코드 펼치기", "코드 접기", "증명."),
        "en": ("Show code", "Hide code", "Proof."),
    }
    for language, (show, hide, proof) in words.items():
        summaries, proofs = [], []
        for file, soup in soups.items():
            if file.parent.name == language and not file.name.startswith("slides-"):
                summaries += soup.select("details.hide > summary")
                proofs += soup.select("div.proof-text")
        assert len(summaries) > 15 and len(proofs) > 8
        for summary in summaries:
            assert summary.get_text(" ", strip=True) == f"{show} {hide}" and not summary.attrs
        for box in proofs:
            assert box.get_text().strip().startswith(proof) and not box.has_attr("id")


def test_every_chapter_with_code_offers_its_notebook(soups):
    for language in LANGUAGES:
        for source in sources(language):
            soup = soups[SITE / language / f"{source.stem}.html"]
            download = soup.select_one("nav.launch-links a[download]")
            notebook = json.loads((SITE / language / download["href"]).read_text("utf-8"))
            assert notebook["metadata"]["course"]["source"].endswith(f"{language}/{source.name}")
            assert any(cell.get("outputs") for cell in notebook["cells"])


def test_no_launch_link_leads_nowhere(soups):
    for file, soup in soups.items():
        for link in soup.select("nav.launch-links a"):
            known = bool(repository().url) or link.has_attr("download")
            assert known and link["href"], f"{file}: {link}"
