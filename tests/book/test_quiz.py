"""Multiple-choice questions: on the page, on paper, on slides, in notebooks, in other builders."""

import re
import subprocess
import sys

import pytest
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from test_notebooks_fresh import plain
from test_reading import media
from tiny_book import HEAD, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

from book import questions

QUIZ = """::::{quiz} What is $x^2$ in {ref}`sec-second`, where `x` is a **zyzzyva**?
- [ ] a line
  : No. The answer of $x$
  goes on here, see {ref}`sec-first`.
- [x] the square $x \\cdot x$ of a number
  : Yes. It is `x * x`.
- [ ] nothing that can be said in a few words, so that it fills two lines of a phone
  : No. It was said.
::::
"""
OTHER = "::::{quiz} Another?\n- [x] $x < 1$\n  : So it is.\n- [ ] no\n  : It is.\n::::\n"
WORDS = {"ko": ("확인 문제", "✓ 정답.", "✗ 오답."), "en": ("Check", "✓ Right.", "✗ Wrong.")}
SECTION = f"{HEAD}(sec-second)=\n# 2. Second\n\nIs $y$ a formula? {{claim}}`one-is-small`\n\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("tiny"), ("ko", "en"))
    text = f"(sec-part)=\n## 2.1 Part\n\n{QUIZ}\n{OTHER}\n```{{code-cell}} ipython3\n1 + 1\n```\n"
    book.write("02-second", SECTION + text)
    book.build()
    return book


def said(node):
    return node.get_text().strip()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_page_asks_and_holds_every_answer(tiny, language):
    first, second = tiny.soup(f"{language}/02-second.html").select("fieldset.quiz")
    label, right, wrong = WORDS[language]
    assert said(first.legend).startswith(f"{label} What is")
    assert first.legend.select_one(".katex") and first.legend.select_one("a[href='#sec-second']")
    assert first.legend.code and said(first.legend.strong) == "zyzzyva"
    options = first.select(".quiz-option")
    assert [said(option.strong) for option in options] == [wrong, right, wrong]
    assert ["right" in option["class"] for option in options] == [False, True, False]
    assert options[0].select_one(".quiz-said .katex") and options[1].label.select_one(".katex")
    assert options[0].select_one(".quiz-said a")["href"] == "01-first.html#sec-first"
    assert "goes on here" in said(options[0].select_one("[role=status]"))
    for box in (first, second):
        buttons = box.select("input[type=radio]")
        assert len({button["name"] for button in buttons}) == 1
        assert [tag["for"] for tag in box.select("label")] == [b["id"] for b in buttons]
    # A formula alone names no button for those who listen.
    names = [button.get("aria-label") for button in second.select("input")]
    assert names == ["x < 1", None] and not first.select("input[aria-label]")
    names = [tag["id"] for tag in tiny.soup(f"{language}/02-second.html").select("[id]")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_slides_ask_as_well(tiny, language):
    deck = tiny.soup(f"{language}/slides-02-second.html")
    slides = [slide for slide in deck.select("section.slide") if slide.select("fieldset")]
    assert len(slides) == 2
    for slide in slides:
        assert slide.h2 and len(slide.select("fieldset")) == 1
        assert [tag["for"] for tag in slide.select("label")] == [
            tag["id"] for tag in slide.select("input")
        ]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_search_finds_a_question(tiny, language):
    index = (tiny.folder / f"_build/html/{language}/searchindex.js").read_text("utf-8")
    assert "zyzzyva" in index


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_notebook_asks_in_plain_markdown(tiny, language):
    shown = plain(QUIZ.replace("sec-second", "sec-fm").replace("sec-first", "sec-fm"), language)
    question, _, answers = shown.partition("\n\n<details>\n")
    label, right, wrong = WORDS[language]
    assert question.startswith(f"**{label}. What is $x^2$ in ")
    assert question.splitlines()[2] == "1. a line" and "- [" not in shown and "{ref}" not in shown
    summary, rest = answers.removesuffix("\n\n</details>").split("\n\n")
    assert summary == f"<summary>{questions.WORDS[language]['answers']}</summary>"
    assert [re.match(r"\d\. \*\*(.*?)\*\*", line)[1] for line in rest.splitlines()] == [
        wrong,
        right,
        wrong,
    ]
    exported = tiny.folder / f"_build/html/{language}/_notebooks/02-second.ipynb"
    assert "<details>" in exported.read_text("utf-8")


def test_other_builders_write_a_list(tiny, tmp_path):
    stage = tiny.folder / "_build/stage/en"
    toc = {"external_toc_path": str(stage / "_toc.yml"), "latex_individualpages": False}
    program = (
        "from jupyter_book.sphinx import build_sphinx; build_sphinx('chapters/en', "
        f"{str(tmp_path)!r}, noconfig=True, path_config={str(stage / '_config.yml')!r}, "
        f"confoverrides={toc}, builder='text')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tiny.folder, capture_output=True, text=True
    )
    found = [file.read_text("utf-8") for file in tmp_path.rglob("02-second.txt")]
    assert len(found) == 1, done.stdout + done.stderr
    assert re.search(r"zyzzyva.*\?\n\n\* a line\n\n  \*\*✗ Wrong\.\*\* No\.", found[0], re.S)


LINES = QUIZ.splitlines()[1:-1]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([line.replace("[x]", "[ ]") for line in LINES], "exactly one"),
        ([line.replace("[ ]", "[x]") for line in LINES], "exactly one"),
        (LINES[3:5], "at least two"),
        ([], "at least two"),
        ([*LINES, "- [ ] more"], "says nothing"),
        ([*LINES, "text"], "got 'text'"),
        ([*LINES[:3], "- [X] d", *LINES[4:]], r"got '- \[X\]"),
        (["  : a reason", *LINES], "got '  : a reason'"),
        ([line.replace("  : ", "  ") for line in LINES], "got '  No"),
    ],
)
def test_what_is_no_quiz_is_refused(lines, words):
    assert len(questions.options(LINES)) == 3
    with pytest.raises(ValueError, match=words):
        questions.options(lines)


PICKED = """[...document.querySelectorAll("#quiz-1 .quiz-said > p")]
  .map((node) => node.checkVisibility() ? node.innerText.trim().slice(0, 6) : "")"""


@needs_browser
def test_the_keyboard_picks_and_reads(visit):  # noqa: F811
    page = visit("en/02-second.html", width=390)
    assert page.evaluate(PICKED) == ["", "", ""]
    page.evaluate("document.querySelector('#quiz-1-1').focus()")
    assert page.evaluate(PICKED) == ["", "", ""]  # to reach it is not to pick it
    page.press("ArrowDown", 40)
    assert page.evaluate(PICKED) == ["", "✓ Righ", ""]
    page.press("ArrowDown", 40)
    assert page.evaluate(PICKED) == ["", "", "✗ Wron"]
    page.press("ArrowUp", 38)
    assert page.evaluate("document.activeElement.id") == "quiz-1-2"
    assert page.evaluate("document.querySelector('#quiz-2 :checked')") is None


@needs_browser
@pytest.mark.parametrize("dark", [True, False])
def test_a_finger_finds_every_answer_and_an_eye_reads_it(visit, dark):  # noqa: F811
    page = visit("ko/02-second.html", width=390, dark=dark)
    rows = page.evaluate("""[...document.querySelectorAll(".quiz label")].map((node) => {
      const { width, height } = node.getBoundingClientRect();
      return [width, height]; })""")
    assert all(width > 250 and height >= 44 for width, height in rows)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = page.evaluate("""[...document.querySelectorAll("#quiz-1 .quiz-option")].map((box) => {
      box.querySelector("input").click();
      const said = box.querySelector(".quiz-said"), ground = getComputedStyle(said);
      return [...[said, said.querySelector("strong")].map((n) => getComputedStyle(n).color),
        ground.backgroundColor]; })""")
    for text, verdict, ground in shown:
        assert contrast(text, ground) > 4.5 and contrast(verdict, ground) > 4.5


def contrast(one, other):
    def light(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dim, bright = sorted(map(light, (one, other)))
    return (bright + 0.05) / (dim + 0.05)


@needs_browser
def test_paper_shows_the_right_answer(visit):  # noqa: F811
    page = visit("ko/02-second.html")
    page.evaluate("document.querySelector('#quiz-1-1').click()")  # whatever was picked
    media(page, "print")
    assert page.evaluate(PICKED) == ["", "✓ 정답. ", ""]
    assert page.evaluate("document.querySelectorAll('.quiz label').length") == 5


def test_a_page_with_a_bad_quiz_stops_the_build(tiny):
    before = tiny.site()
    bad = [
        QUIZ.replace("[x]", "[ ]"),
        OTHER.replace("  : It is.\n", ""),
        OTHER.replace("- [ ] no\n  : It is.\n", ""),
        OTHER.replace("Another", "{claim}`one-is-small`"),
    ]
    tiny.write("02-second", SECTION + "\n".join(bad))
    done = tiny.start()
    assert done.returncode
    for words in ("exactly one", "says nothing", "at least two", "cannot hold a claim"):
        assert words in done.stderr
    assert tiny.site() == before
