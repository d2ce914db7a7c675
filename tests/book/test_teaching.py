"""The teachers' page and the slides: taken from the chapters, complete."""

import copy
import re

import pytest
from bs4 import BeautifulSoup
from test_site import ROOT, SITE, soups  # noqa: F401  (a fixture)
from test_slides import missing

from book import chapters
from book.extension import teaching
from book.finish import outline, slides

LANGUAGES = ("ko", "en")
# What no slide shows: exercises, wherever they stand, and what to read.
LEFT_OUT = 'section[id$="-exercises"], section[id$="-reading"], .exercise, .solution'


def test_both_languages_describe_the_same_course():
    korean, english = (chapters.all_of(ROOT / "chapters" / language) for language in LANGUAGES)
    assert [chapter.number for chapter in korean] == list(range(1, 13))
    for one, other in zip(korean, english, strict=True):
        assert (one.name, one.minutes, one.needs) == (other.name, other.minutes, other.needs)
        assert len(one.goals) == len(other.goals) >= 3
        assert all(name < one.name for name in one.needs)
    assert [chapter.minutes for chapter in korean if chapter.number in (1, 7)] == [45, 55]


def test_a_chapter_without_its_box_is_refused(tmp_path):
    (tmp_path / "01-a.md").write_text("# 1. A\n\ntext\n")
    with pytest.raises(ValueError, match="first box"):
        chapters.read(tmp_path / "01-a.md")


def test_what_is_behind_a_chapter_is_no_chapter(tmp_path):
    box = ":::{{admonition}} Goals\n:class: tip\n- one\n\nNeeds {}. Time: 30 minutes.\n:::\n"
    pages = {
        "01-basics": "# 1. Basics\n\n" + box.format("nothing"),
        "01-deeper": "# Chapter 1, deeper\n\ntext\n",
        "02-all": "# 2. All\n\n" + box.format("{doc}`this <01-deeper>`, {doc}`that <01-basics>`"),
        "02-deeper": "# Chapter 2, deeper\n\n" + box.format("{doc}`2 <02-all>`"),
    }
    for name, text in pages.items():
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    found = chapters.all_of(tmp_path)
    assert [(chapter.name, chapter.needs) for chapter in found] == [
        ("01-basics", ()),
        ("02-all", ("01-basics",)),
    ]
    first, second = chapters.deeper_of(tmp_path)
    assert (first.name, first.title, first.minutes) == ("01-deeper", "Chapter 1, deeper", None)
    assert (second.name, second.minutes) == ("02-deeper", 30)
    assert sorted(pages, key=chapters.place) == ["01-basics", "01-deeper", "02-all", "02-deeper"]
    assert "30 min" in teaching.deeper_row(second, found[1], teaching.WORDS["en"])
    assert " – " in teaching.deeper_row(first, found[0], teaching.WORDS["en"])


def test_the_map_draws_every_chapter_and_arrow():
    found = chapters.all_of(ROOT / "chapters/ko")
    drawn = BeautifulSoup(teaching.drawing(found, "ko"), "html.parser")
    assert [a["href"] for a in drawn.find_all("a")] == [f"{c.name}.html" for c in found]
    arrows, depth = teaching.direct(found), teaching.layers(found)
    assert len(drawn.find_all("line")) == len(arrows)
    assert ("06-from-scratch", "07-flow-matching-library") in arrows
    assert ("03-flow-matching", "07-flow-matching-library") not in arrows  # chapter 6 needs it
    for line, (needed, name) in zip(drawn.find_all("line"), arrows, strict=True):
        assert depth[name] > depth[needed] and float(line["x2"]) > float(line["x1"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_teachers_page(soups, language):  # noqa: F811
    soup = soups[SITE / language / "teaching.html"]
    found = chapters.all_of(ROOT / "chapters" / language)
    linked = {a["href"] for a in soup.select("article a[href]")}
    for chapter in found:
        assert f"slides-{chapter.name}.html" in linked
    behind = [page.name for page in chapters.deeper_of(ROOT / "chapters" / language)]
    for name in behind:
        assert {f"{name}.html", f"slides-{name}.html"} <= linked
    goals = sum(len(chapter.goals) for chapter in found)
    rows = [row for table in soup.select("#sec-teaching-goals table") for row in table.select("tr")]
    assert len(rows) == goals + len(found)  # one line of headings in each table
    # Every exercise of every chapter tests some goal.
    labels = set(re.findall(r"^ex-[\w-]+|(?<=\s)ex-[\w-]+",
        (ROOT / f"chapters/{language}/teaching.md").read_text("utf-8"), re.M))  # fmt: skip
    there, behind_them = (
        {
            label
            for name in names
            for label in re.findall(
                r"^:label: (ex-[\w-]+)",
                (ROOT / f"chapters/{language}/{name}.md").read_text("utf-8"),
                re.M,
            )
        }
        for names in ([chapter.name for chapter in found], behind)
    )
    # Those behind the chapters go further than the goals.
    assert there <= labels <= there | behind_them


@pytest.mark.parametrize("language", LANGUAGES)
def test_slides_show_what_the_chapter_shows(soups, language):  # noqa: F811
    for file, soup in soups.items():
        if file.parent.name != language or not re.match(r"\d\d-", file.name):
            continue
        deck = copy.copy(soups[file.with_name(f"slides-{file.name}")])
        shown = deck.select("section.slide")
        assert len(shown) >= (2 if chapters.is_deeper(file.stem) else 8), file.name
        assert not deck.select("div.cell, .exercise, .flow-lab, [id]:not(.claim-note, input)")
        article = copy.copy(soup.select_one("article.bd-article"))
        for part in article.select(LEFT_OUT):
            part.extract()
        pictures = [
            i["src"]
            for i in article.select(
                "section > figure img:not(.on-dark), details figure img:not(.on-dark)"
            )
        ]
        assert [i["src"] for i in deck.select("figure img")] == pictures
        assert len(deck.select("fieldset")) == len(article.select("fieldset"))
        marks = {b["popovertarget"] for b in deck.select(".claim-mark")}
        notes = [note["id"] for note in deck.select(".claim-note[id]")]
        assert len(notes) == len(set(notes)) and set(notes) == marks
        spoken = " ".join(part.get_text() for part in deck.select(".speaker"))
        for claim in article.select("section > p .claim"):
            on_a_slide = claim.button["popovertarget"] in marks
            assert on_a_slide or f"[{claim['data-figure']}]" in spoken, claim["id"]
        assert missing(article, deck) == [], file.name
        for part in shown:
            title = part.find(["h1", "h2"])
            assert title and (title.name == "h1" or len(part.get_text(strip=True)) > 10)
            seen = part.select(
                ".show > :is(figure, .math, table, fieldset, .admonition, ul, ol, dl, "
                '[class*="highlight-"], [class*="table-container"])'
            )
            words = part.select(".show > p:not(.above, .open, .keys)")
            assert len(seen) <= 1 and len(words) <= outline.SENTENCES, f"{file.name}: {title}"


def test_slides_need_a_text():
    with pytest.raises(ValueError, match="no text"):
        slides.deck("<html></html>", "x.html", "en")
