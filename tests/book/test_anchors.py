"""Every section has a name of its own, the same in both languages: links to it last."""

import re

import pytest
from cells import UNFINISHED
from test_site import LANGUAGES, PAGES, ROOT, SITE, soups  # noqa: F401  (a fixture)

# Identifiers that docutils makes up from what stands in a language, or counts.
MADE_UP = re.compile(r"id\d+|term-.*|index-\d+")


def headings(text):
    """Headings outside fences, each with what stands above it."""
    text = re.sub(r"^(`{3,})\{?.*?^\1$", "", text, flags=re.S | re.M)
    lines = [line for line in text.splitlines() if line.strip()]
    return [
        (above, line)
        for above, line in zip(["", *lines], lines, strict=False)
        if re.match(r"#{1,6} ", line)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_every_heading_has_a_label(language, name):
    text = (ROOT / f"chapters/{language}/{name}.md").read_text("utf-8")
    text = text.partition(UNFINISHED.get(f"{name}.md", "\0"))[0]
    found = headings(text)
    assert found
    missing = [line for above, line in found if not re.fullmatch(r"\(sec-[\w-]+\)=", above)]
    assert not missing, f"write (sec-...)= above, in both languages: {missing}"


def test_the_search_for_headings_finds_them():
    text = "(sec-a)=\n# A\n\n```python\n# no heading\n```\n\n## B\n"
    assert headings(text) == [("(sec-a)=", "# A"), ("# A", "## B")]


def test_sections_and_labels_have_the_same_anchors_in_both_languages(soups):  # noqa: F811
    for name in PAGES:
        sections, names = [], []
        for language in LANGUAGES:
            article = soups[SITE / language / f"{name}.html"].select_one("article.bd-article")
            # sphinx-proof makes sections without a heading of its boxes.
            titled = [s for s in article.find_all("section") if s.find(re.compile("^h[1-6]$"))]
            sections.append([section.get("id") for section in titled])
            ids = {tag["id"] for tag in article.find_all(id=True)}
            names.append({i for i in ids if not MADE_UP.fullmatch(i)})
        assert len(set(sections[0])) == len(sections[0])
        if f"{name}.md" in UNFINISHED:
            continue
        assert sections[0] == sections[1]
        assert all(section.startswith("sec-") for section in sections[0]), name
        assert names[0] == names[1], f"{name}: {names[0] ^ names[1]}"
