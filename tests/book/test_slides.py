"""Slides: one thing on each, the words for the speaker in notes, questions before their answers."""

import re

import pytest
from bs4 import BeautifulSoup
from chromium import Page
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from tiny_book import HEAD, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

from book.finish import outline, slides

TIP = (
    '<div class="tip admonition"><p class="admonition-title">Goals</p><ul><li>Walk.</li></ul></div>'
)
FIGURE = (
    '<figure class="output-figure" id="fig-a"><img alt="A line." src="a.webp"><figcaption><p>'
    '<span class="caption-number">Fig. 1 </span><span class="caption-text">One.\nTwo.\nThree.\n'
    "Four.</span></p></figcaption></figure>"
)
QUIZ = (
    '<fieldset class="quiz" id="quiz-1"><legend>Which?</legend><div class="quiz-option right">'
    '<input id="quiz-1-a" type="radio"></div></fieldset>'
)


def formula(name):
    inner = (
        '<span class="katex"><span class="katex-mathml"><math><mi>x</mi><annotation>x</annotation>'
        '</math></span><span class="katex-html">x</span></span>'
    )
    return f'<div class="math" id="equation-{name}">{inner}</div>'


def claim(name):
    return (
        f'<span class="claim" data-figure="{name} &lt; 2"><button popovertarget="note-{name}">'
        f'</button><span class="claim-note" id="note-{name}">what</span></span>'
    )


def code(text, *classes):
    names = " ".join(("cell", *classes, "docutils", "container"))
    inside = f'<div class="highlight-ipython3"><pre>{text}</pre></div>'
    return f'<div class="{names}">{inside}<div class="cell_output">printed</div></div>'


def of(*parts, title="1.1 A part", language="en"):
    """The slides of one section with these parts, after the title and the goals."""
    section = f'<section id="sec-a-b"><h2>{title}<a class="headerlink">#</a></h2>{"".join(parts)}'
    page = (
        f'<article class="bd-article"><section id="sec-a"><h1>1. A</h1>{TIP}<p>Hello.</p>{section}'
        "</section></section></article>"
    )
    soup = BeautifulSoup(slides.deck(page, "01-a.html", language), "html.parser")
    return soup.select("section.slide")[2:]


def text(part):
    return outline.plain(part)


def test_a_question_is_the_title_and_a_figure_comes_first():
    asked = "<p>It moves.\nWhere does the point go in the end?</p>"
    (slide,) = of(asked, code("plot()", "tag_hide-input"), FIGURE, "<p>So it goes.</p>")
    assert text(slide.h2) == "Where does the point go in the end?"
    assert text(slide.select_one(".above")) == "1.1 A part"
    assert slide.select_one(".show > h2 + figure img")["src"] == "a.webp"
    assert text(slide.figcaption) == "Fig. 1 One. Two. Three."
    notes = slide.select_one(".speaker:not([open]) > div")
    assert [text(p) for p in notes.select("p")] == [
        "It moves. Four. So it goes.",
        "Read it in the chapter",
    ]
    assert notes.a["href"] == "01-a.html#sec-a-b"


def test_a_heading_that_asks_stays_the_title():
    asked = "<p>Where does the point go in the end?</p>"
    (slide,) = of(asked, FIGURE, title="Why do points move?")
    assert text(slide.h2) == "Why do points move?" and not slide.select(".above")
    assert "Where does" in text(slide.select_one(".speaker"))


def test_a_slide_has_one_thing_and_three_sentences():
    measured = f"<p>A bit.\nIt holds. {claim('one')}\nMore.\nIt holds again. {claim('two')}</p>"
    first, second, third = of("<p>Look.</p>", FIGURE, measured, formula("a"), formula("b"))
    assert text(first.figcaption) == "Fig. 1 One. Two."
    assert [text(p) for p in first.select(".show > p")] == ["It holds."]
    notes = text(first.select_one(".speaker"))
    assert "Look. Three. Four. A bit. More. It holds again. [two < 2]" in notes
    assert len(first.select(".claim-note[id=note-one]")) == 1
    assert not first.select(".speaker .claim")
    assert [len(s.select(".show > .math")) for s in (second, third)] == [1, 1]


def test_a_formula_brings_the_sentence_before_it_and_the_one_about_its_letters():
    symbol = formula("in").replace("div", "span")
    (slide,) = of(
        "<p>Far away.\nThis is the rule.</p>", formula("a"), f"<p>Good.\nHere {symbol} is.</p>"
    )
    assert [tag.name for tag in slide.select_one(".show").find_all(recursive=False)] == [
        "h2", "p", "div", "p",
    ]  # fmt: skip
    assert [text(p) for p in slide.select(".show > p")] == ["This is the rule.", "Here x is."]
    said = slide.select_one(".speaker")
    assert text(said.p) == "Far away. Good."


def test_a_formula_in_the_notes_is_mathml_alone():
    (slide,) = of(FIGURE, f"<p>Here {formula('a')}.</p>")
    notes = slide.select_one(".speaker")
    assert notes.math and not notes.select(".katex-html, annotation")


def test_a_sentence_that_was_measured_has_a_slide_with_the_one_before_it():
    parts = [f"<p>It holds. {claim('one')}</p>", code("new = experiment()")]
    drawn, words = of(FIGURE, "<p>Count them.</p>", code("count()"), *parts, QUIZ)[:2]
    assert [text(p) for p in drawn.select(".show > p")] == ["It holds."]
    quiz, words = of("<p>Before.\nCount.</p>", QUIZ, *parts)
    assert quiz.fieldset and [text(p) for p in words.select(".show > p")] == ["It holds."]
    alone, _ = of(code("f(1)"), "<p>Count them.</p>", *parts, QUIZ)
    assert [text(p) for p in alone.select(".show > p")] == ["Count them.", "It holds."]


def test_a_list_of_measured_sentences_is_not_shown_as_a_whole():
    items = "".join(f"<li><p>It holds. {claim(name)}</p></li>" for name in ("one", "two"))
    (slide,) = of(FIGURE, f"<ul>{items}</ul>")
    assert [text(p) for p in slide.select(".show > p")] == ["It holds."]
    assert "It holds. [two < 2]" in text(slide.select_one(".speaker"))


def test_what_is_folded_away_is_shown_too():
    film = FIGURE.replace("a.webp", "b.webp")
    box = f"<details><summary>A film</summary><div>{film}<p>Said.</p></div></details>"
    slides_ = of(FIGURE, box)
    assert [slide.img["src"] for slide in slides_] == ["a.webp", "b.webp"]
    assert "Said." in text(slides_[1].select_one(".speaker"))


def test_a_question_has_a_slide_of_its_own_without_notes():
    drawn, asked = of(FIGURE, code("x = 1"), "<p>So.</p>", QUIZ)
    assert asked["class"] == ["slide", "of-quiz"] and not asked.select(".speaker")
    assert asked.fieldset.input["id"] == "quiz-1-a" and "So." in text(drawn)


def test_only_short_functions_are_shown():
    short, long = "def f(x):\n    return x", "def f(x):\n" + "    x += 1\n" * 9
    assert [s["class"][1] for s in of("<p>a</p>", code(short))] == ["of-code"]
    for other in (code(long), code(short, "tag_hide-input"), code("x = 1"),
                  code("def f(ax):\n    ax.plot()")):  # fmt: skip
        assert [s["class"][1] for s in of("<p>a</p>", other)] == ["of-words"]
    (slide,) = of("<p>a</p>", code(short))
    assert "printed" not in text(slide)


def test_a_marked_cell_shows_its_loop():
    indent = '<span class="code-indent">    </span>'
    lines = "a = 1\n" * 9 + f"for x in y:\n{indent}walk(x)\n{indent}rest()\nlast()"
    (slide,) = of("<p>a</p>", code(lines, outline.MARKED))
    assert slide.pre.get_text() == "for x in y:\n    walk(x)\n    rest()"
    (slide,) = of("<p>a</p>", code("for x in y:\n" + "    walk()\n" * 30, outline.MARKED))
    assert len(slide.pre.get_text().split("\n")) == outline.CODE + 1


def test_a_marked_sentence_is_shown():
    marked = f'<p class="{outline.MARKED}">Yes.</p>'
    for parts in ((FIGURE, "<p>No.</p>", marked), (marked, FIGURE, "<p>No.</p>")):
        (slide,) = of(*parts)
        assert [text(p) for p in slide.select(".show > p")] == ["Yes."]


def test_a_long_table_stays_in_the_chapter():
    table = "<table>{}</table>".format("<tr><td>1</td></tr>" * outline.ROWS)
    assert [s["class"][1] for s in of("<p>a</p>", table)] == ["of-table"]
    longer = table.replace("<table>", "<table><tr><td>0</td></tr>")
    assert [s["class"][1] for s in of("<p>a</p>", longer)] == ["of-words"]


def test_the_goals_come_after_the_title():
    page = f'<article class="bd-article"><section id="s"><h1>1. A</h1>{TIP}<p>Hi.</p></section>'
    deck = BeautifulSoup(slides.deck(page + "</article>", "01-a.html", "ko"), "html.parser")
    first, second = deck.select("section.slide")
    assert text(first.h1) == "1. A" and slides.WORDS["ko"]["keys"] in text(first)
    assert (text(second.h2), text(second.li)) == ("Goals", "Walk.")


def test_a_laboratory_is_reached_from_its_slide():
    (slide,) = of(FIGURE.replace("output-figure", "output-figure with-lab"))
    assert slide.select_one(".open a")["href"] == "01-a.html#fig-a"


BOOK = f"""{HEAD}(sec-second)=
# 2. Second

Some words.

(sec-second-part)=
## 2.1 Part

Where does the longer line of the two lead to?

% slide
This sentence was chosen.

```{{code-cell}} ipython3
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([0, 1]);
```

```{{output-figure}} fig-second
:alt: A line that rises from left to right.
A line that rises.
```

What is said about it. {{claim}}`one-is-small`
What only the speaker says.

% slide
```{{code-cell}} ipython3
x = 1
```

::::{{quiz}} Another?
- [ ] no
  : It is.
- [x] yes
  : So it is.
::::
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"))
    book.write("02-second", BOOK)
    book.build()
    return book


def test_a_mark_chooses_and_is_not_seen(tiny):
    deck = tiny.soup("ko/slides-02-second.html")
    (drawn,) = deck.select(".of-figure")
    shown = [text(p) for p in drawn.select(".show > p:not(.above)")]
    assert shown == ["This sentence was chosen.", "What is said about it."]
    assert [pre.get_text() for pre in deck.select(".of-code pre")] == ["x = 1"]
    page = tiny.soup("ko/02-second.html")
    assert "% slide" not in page.get_text() and len(page.select("article .on-slide")) == 2
    exported = (tiny.folder / "_build/html/ko/_notebooks/02-second.ipynb").read_text("utf-8")
    assert "% slide" not in exported


def test_a_mark_above_nothing_stops_the_build(tiny):
    book = tiny.chapters / "02-second.md"
    book.write_text(f"{BOOK}\n% slide\n", "utf-8")
    try:
        done = tiny.start()
        assert done.returncode and "nothing stands below a '% slide'" in done.stdout + done.stderr
    finally:
        book.write_text(BOOK, "utf-8")


DECK = "ko/slides-02-second.html"
HERE = "slides[here()].className.split(' of-')[1]"
SEEN = "[...document.querySelectorAll('.speaker > div')].filter((n) => n.checkVisibility()).length"
ANSWER = "document.querySelector('.quiz-option.right > input').checked"


@needs_browser
def test_keys_turn_answer_and_show_the_notes(visit, site):  # noqa: F811
    page = visit(DECK)
    assert page.evaluate(SEEN) == 0
    count = page.evaluate("slides.length")
    for _ in range(count - 1):
        page.press("ArrowRight")
    assert page.evaluate(HERE) == "quiz" and not page.evaluate(ANSWER)
    page.press("ArrowRight")
    assert page.evaluate(HERE) == "quiz" and page.evaluate(ANSWER)
    assert page.evaluate("document.querySelector('.right .quiz-said > p').checkVisibility()")
    page.press("ArrowLeft")
    assert page.evaluate(HERE) == "code"
    page.press("Home")
    page.press("s")
    assert page.evaluate(SEEN) == page.evaluate("notes.length") >= 1
    assert page.evaluate(HERE) == "start"
    page.press("S")
    assert page.evaluate(SEEN) == 0
    assert page.complaints(site) == []


@needs_browser
def test_two_windows_move_together(visit, browser, site):  # noqa: F811
    page = visit(DECK)
    # Of the same context: a window without that knows nothing of the channel.
    target = browser.call("Target.createTarget", url="about:blank", browserContextId=page.context)
    other = Page.__new__(Page)
    other.browser, other.context = browser, page.context
    attached = browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    other.session = attached["sessionId"]
    other.call("Page.enable")
    other.open(f"{site}{DECK}")
    last = page.evaluate("slides.length") - 1
    other.press("End")
    page.wait(f"here() === {last}")
    other.press("a")
    page.wait(ANSWER)


@needs_browser
@pytest.mark.parametrize("width, height", [(1280, 720), (390, 780)])
def test_every_slide_fits(visit, width, height):  # noqa: F811
    page = visit(DECK, width=width, height=height)
    page.wait("document.fonts.status === 'loaded'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width > 900:
        tall = "slides.filter((s) => s.firstElementChild.scrollHeight > innerHeight + 2).length"
        assert page.evaluate(tall) == 0
        picture = "document.querySelector('.of-figure img').getBoundingClientRect().height"
        assert page.evaluate(picture) > 0.4 * height
        page.press("s")
        assert page.evaluate(tall) == 0
        assert page.evaluate("slides.every((s) => s.offsetHeight <= innerHeight + 2)")


def test_nothing_of_a_page_gets_lost(tiny):
    lost = missing(tiny.soup("ko/02-second.html"), tiny.soup("ko/slides-02-second.html"))
    assert lost == []


def missing(page, deck):
    """Sentences of a chapter that are neither on a slide nor in the notes."""
    for claim_ in deck.select(".claim"):
        claim_.decompose()
    said = re.sub(r" \[[^\]]*<[^\]]*\]", "", text(deck.main))
    return [
        text(sentence)
        for section in page.select("article.bd-article section")
        if not section.get("id", "").endswith(("-exercises", "-reading"))
        for part in section.find_all("p", recursive=False)
        for sentence in outline.sentences(part)
        if text(sentence) not in said
    ]
