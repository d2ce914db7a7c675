"""Sentences, what was measured for them, and what was measured for their rivals."""

import json

import prose
import pytest
from nbformat.v4 import new_output
from pages import browser, needs_browser  # noqa: F401  (a fixture)
from tiny_book import FENCE, HEAD, TinyBook
from tiny_site import site  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

from book.export.addresses import ROOT
from book.export.markdown import to_plain
from book.extension.claims import LINE

PAGE = f"""{HEAD}(sec-first)=
# 1. First

A word stands here.

(sec-first-a)=
## 1.1 Is that all?

{FENCE}{{code-cell}} ipython3
import torch

from utils.claims import claim, identity

claim("one-is-small", [0.25, 0.5, 0.375], below=1, rival=[1.5, 2])
claim("in-between", 0.5, above=0.25, below=0.75)
identity("same", torch.ones(3), torch.ones(3), within=1e-5)
{FENCE}

One $x_0$ is small. {{claim}}`one-is-small | the half of $3 < 5$`
Half is in between. {{claim}}`in-between`
Both are *the same*. {{claim}}`same`

| left | right |
|---|---|
| One and half. {{claim}}`one-is-small` {{claim}}`in-between` | A long cell makes the table wide. |

{FENCE}{{code-cell}} ipython3
import matplotlib.pyplot as plt

plt.figure(figsize=(2, 1))
plt.plot([0, 1]);
{FENCE}

{FENCE}{{output-figure}} fig-line
:alt: A line that rises from left to right.
A line. See {{ref}}`sec-second` and {{cite}}`ho2020ddpm`.
{FENCE}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    book = TinyBook(tmp_path_factory.mktemp("claims"))
    (book.chapters / "01-first.md").write_text(PAGE, "utf-8")
    book.build()
    return book


def page(book, name):
    return book.soup(f"ko/{name}.html")


def notes(soup):
    return {note["id"]: note.get_text(" ", strip=True) for note in soup.select(".claim-note")}


def test_a_sentence_carries_a_mark_and_its_note_says_the_rest(tiny):
    first = page(tiny, "01-first")
    marks = first.select("button.claim-mark")
    assert [mark["aria-label"] for mark in marks] == [
        "측정값: 0.5 < 1",
        "측정값: 0.25 < 0.5 < 0.75",
        "항등식: 오차 0.0e+00 < 1.0e-05",
        "측정값: 0.5 < 1",
        "측정값: 0.25 < 0.5 < 0.75",
    ]
    said = notes(first)
    assert [mark["popovertarget"] for mark in marks] == list(said)  # and no identifier twice
    small = said["note-one-is-small"]
    assert small.startswith("측정값 0.5 한계 < 1 거짓이었다면 1.5, 2 (the half of")
    assert small.endswith("시드 0.25, 0.5, 0.375 측정값 모두 보기")
    assert said["note-one-is-small-2"] == small  # the words of the rival are said once
    assert said["note-in-between"] == "측정값 0.5 한계 > 0.25, < 0.75 측정값 모두 보기"
    assert said["note-same"] == "항등식 오차 0.0e+00 한계 < 1.0e-05 측정값 모두 보기"
    # No line begins with a mark, and no space stands before it.
    paragraph = marks[0].find_parent("p").decode_contents()
    assert "is small.<span" in paragraph and "\u2060<button" in paragraph
    assert len(first.select(".claim-next")) == 1 and first.select_one("td .claim + .claim-next")
    elsewhere = page(tiny, "02-second").select_one(".claim-note")
    links = [link["href"] for link in elsewhere.select("a")]
    assert links == ["01-first.html#claim-one-is-small", "claims.html#row-one-is-small"]


def test_the_table_has_value_bound_rival_and_seeds(tiny):
    rows = [
        [cell.get_text("", strip=True) for cell in row.select(":scope > *")]
        for row in page(tiny, "claims").select("table.claims tr")
    ]
    assert rows[0] == ["문장", "측정값", "한계", "거짓이었다면", "시드"]
    assert rows[1][1:3] == ["측정값0.5", "한계< 1"]
    assert rows[1][0].endswith("is small.") and rows[1][3].startswith(
        "거짓이었다면1.5, 2 (the half"
    )
    assert rows[1][4] == "시드0.25, 0.5, 0.375"
    assert rows[2][3:] == ["거짓이었다면–", "시드–"]
    assert rows[3][0] == "Both arethe same." and rows[3][1] == "측정값오차 0.0e+00"
    assert rows[3][3] == "거짓이었다면항등식"


def test_slides_and_search_know_the_notes(tiny):
    deck = page(tiny, "slides-01-first")
    for mark in deck.select(".claim-mark"):
        assert len(deck.select(f"#{mark['popovertarget']}")) == 1
    index = (tiny.folder / "_build/html/ko/searchindex.js").read_text("utf-8")
    assert "half" in index and "측정값" not in index  # what is written, not what is added


OPEN = "document.querySelectorAll('.claim-note:popover-open').length"
MARK = "document.querySelectorAll('.claim-mark')[{}]"
# Whether the open note lies within the screen and before all else, and the page kept its width.
SEEN = """(() => {
  const note = document.querySelector(".claim-note:popover-open");
  const box = note.getBoundingClientRect();
  const mark = document.querySelectorAll(".claim-mark")[MARK].getBoundingClientRect();
  const at = (x, y) => note.contains(document.elementFromPoint(x, y));
  return {
    inside: box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight,
    above: at(box.left + 3, box.top + 3) && at(box.right - 3, box.bottom - 3),
    kept: document.documentElement.scrollWidth <= innerWidth,
    near: Math.abs(box.top - mark.bottom) < 5,
  };
})()"""


def box(tab, number):
    """Left, top, width and height of a mark."""
    return tab.evaluate(f"""(() => {{
      const {{ x, y, width, height }} = {MARK.format(number)}.getBoundingClientRect();
      return [x, y, width, height];
    }})()""")


def middle(tab, number):
    x, y, width, height = box(tab, number)
    return {"x": x + width / 2, "y": y + height / 2}


def point(tab, number, kind, **more):
    """Move the pointer to a mark, or press there."""
    tab.call("Input.dispatchMouseEvent", type=kind, **middle(tab, number), **more)


def click(tab, number):
    for kind in ("mousePressed", "mouseReleased"):
        point(tab, number, kind, button="left", clickCount=1)


@needs_browser
@pytest.mark.parametrize("number", [0, 3])  # in a sentence, in a cell of a table
def test_the_pointer_opens_a_note_beside_its_mark(visit, number):  # noqa: F811
    tab = visit("ko/01-first.html", width=1280)
    tab.evaluate(f"{MARK.format(number)}.scrollIntoView({{block: 'center'}})")
    point(tab, number, "mouseMoved")
    tab.wait(f"{OPEN} === 1", 5)
    seen = tab.evaluate(SEEN.replace("MARK", str(number)))
    assert seen == {"inside": True, "above": True, "kept": True, "near": True}
    click(tab, number)  # it is held now
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    tab.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert tab.evaluate(OPEN) == 1
    click(tab, number)
    tab.wait(f"{OPEN} === 0", 5)
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    point(tab, number, "mouseMoved")
    tab.wait(f"{OPEN} === 1", 5)
    tab.call("Input.dispatchMouseEvent", type="mouseMoved", x=5, y=5)
    tab.wait(f"{OPEN} === 0", 5)


@needs_browser
def test_the_keyboard_opens_a_note_goes_into_it_and_closes_it(visit):  # noqa: F811
    tab = visit("ko/01-first.html", width=1280)
    for _ in range(60):
        tab.press("Tab", 9)
        if tab.evaluate(f"document.activeElement === {MARK.format(0)}"):
            break
    assert tab.evaluate(OPEN) == 1
    tab.press("Tab", 9)
    assert (
        tab.evaluate("document.activeElement.getAttribute('href')")
        == "claims.html#row-one-is-small"
    )
    tab.press("Escape", 27)
    tab.wait(f"{OPEN} === 0", 5)
    assert tab.evaluate(f"document.activeElement === {MARK.format(0)}")
    tab.press("Enter", 13, "\r")
    tab.wait(f"{OPEN} === 1", 5)
    tab.press("Tab", 9)
    tab.press("Tab", 9)  # on to the next mark
    tab.wait(f"{OPEN} === 1 && {MARK.format(1)}.parentElement.contains(document.activeElement)", 5)


@needs_browser
@pytest.mark.parametrize("number", [0, 3])
@pytest.mark.parametrize("dark", [False, True])
def test_a_tap_opens_a_sheet_on_a_phone(visit, number, dark):  # noqa: F811
    tab = visit("ko/01-first.html", width=390, height=844, dark=dark)
    tab.call("Emulation.setTouchEmulationEnabled", enabled=True)
    tab.evaluate(f"{MARK.format(number)}.scrollIntoView({{block: 'center'}})")
    assert min(box(tab, number)[2:]) >= 24
    mark = middle(tab, number)
    tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[mark])
    tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    tab.wait(f"{OPEN} === 1", 5)
    seen = tab.evaluate(SEEN.replace("MARK", str(number)))
    assert seen["inside"] and seen["above"] and seen["kept"]
    tab.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": 200, "y": 200}])
    tab.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    tab.wait(f"{OPEN} === 0", 5)


@needs_browser
def test_without_scripts_a_click_opens_the_note(visit):  # noqa: F811
    tab = visit("ko/01-first.html", width=390, height=844, scripts=False)
    tree = tab.call("DOM.getDocument")["root"]["nodeId"]
    mark = tab.call("DOM.querySelector", nodeId=tree, selector="td .claim-mark")["nodeId"]
    tab.call("DOM.scrollIntoViewIfNeeded", nodeId=mark)
    corners = tab.call("DOM.getBoxModel", nodeId=mark)["model"]["content"]
    middle = {"x": (corners[0] + corners[4]) / 2, "y": (corners[1] + corners[5]) / 2}
    for kind in ("mousePressed", "mouseReleased"):
        tab.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **middle)
    note = tab.call("DOM.querySelector", nodeId=tree, selector=".claim-note:popover-open")["nodeId"]
    box = tab.call("DOM.getBoxModel", nodeId=note)["model"]["border"]
    assert note and box[0] >= 0 and box[2] <= 390 and box[5] <= 844


@needs_browser
def test_paper_has_the_number_and_no_mark(visit):  # noqa: F811
    tab = visit("ko/01-first.html")
    tab.call("Emulation.setEmulatedMedia", media="print")
    said, mark = tab.evaluate("""(() => {
      const claim = document.querySelector(".claim"), [mark] = claim.children;
      return [getComputedStyle(claim, "::after").content, getComputedStyle(mark).display];
    })()""")
    assert "0.5 < 1" in said or "data-figure" in said
    assert mark == "none"


AXE = ROOT / "audit/node_modules/axe-core/axe.min.js"


@needs_browser
@pytest.mark.skipif(not AXE.exists(), reason="needs `npm ci` in audit/")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_an_open_note_violates_no_wcag_rule(visit, width, dark):  # noqa: F811
    for name in ("01-first", "claims", "slides-01-first"):
        tab = visit(f"ko/{name}.html", width=width, height=844, dark=dark)
        if name != "claims":
            tab.evaluate(
                f"{MARK.format(0)}.scrollIntoView({{block: 'center'}}); {MARK.format(0)}.click()"
            )
            assert tab.evaluate(OPEN) == 1
        tab.evaluate(AXE.read_text("utf-8"))
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        options = {"runOnly": {"type": "tag", "values": tags}}
        found = tab.evaluate(f"axe.run({json.dumps(options)}).then((r) => r.violations.map("
                             "(v) => v.id + ': ' + v.nodes.map((n) => n.html)))")  # fmt: skip
        assert not found, "\n".join(found)


def test_what_lacks_its_counterpart_stops_the_build(tiny):
    first = tiny.chapters / "01-first.md"
    before = first.read_text("utf-8")
    tiny.edit("01-first", "one-is-small | the half of $3 < 5$", "one-is-small")
    tiny.edit("01-first", "{claim}`in-between`", "{claim}`in-between | words`")
    tiny.edit("01-first", "{claim}`same`", "{claim}`nothing`")
    done = tiny.start()
    first.write_text(before, "utf-8")
    assert done.returncode
    for warning in (
        "claim one-is-small: no sentence says what its rival was",
        "claim in-between: a sentence names a rival that the cell did not measure",
        "claim nothing is said but not measured",
        "claim same is measured but not said",
    ):
        assert warning in done.stderr


def test_what_a_printed_line_holds():
    shown = (
        "claim a-b: 0.9 < 0.95 < 1.1; rival 1.3 2; seeds 0.94 0.95 0.93\nidentity c: 1e-07 < 1e-05"
    )
    assert LINE.findall(shown) == [
        ("claim", "a-b", "0.9 < 0.95 < 1.1", "1.3 2", "0.94 0.95 0.93"),
        ("identity", "c", "1e-07 < 1e-05", "", ""),
    ]
    long = "claim a: 0.9 < 1.1;\n    rival 1.3;\n    seeds 0.9 0.8\nclaim b: 1 < 2;\n    rival 3\nx"
    assert LINE.findall(long) == [
        ("claim", "a", "0.9 < 1.1", "1.3", "0.9 0.8"),
        ("claim", "b", "1 < 2", "3", ""),
    ]


def test_a_notebook_shows_nothing_for_the_role():
    text = "Small. {claim}`a | $x^2$ | words`\nOther. {claim}`b`\n"
    assert to_plain(text, "en", ROOT / "chapters/en/03-flow-matching.md") == "Small.\nOther."


def test_a_sentence_may_say_value_rival_or_seed_of_its_claim(tmp_path, monkeypatch):
    said = """Worst 0.95, rival 1.3, seeds 0.93 to 0.95. {claim}`a | widened 7.77 times`
The error is 0.2%. {claim}`c`
False, 0.94. {claim}`c`
"""
    source = tmp_path / "01-page.md"
    source.write_text(
        f"{HEAD}# 1. Page\n\n## A\n\n```{{code-cell}} ipython3\n1\n```\n\n## B\n\n{said}"
    )
    printed = "claim a: 0.95 < 0.99; rival 1.3; seeds 0.94 0.95 0.93\nidentity c: 2e-03 < 1e-02\n"
    outputs = [[new_output("stream", text=printed)]]
    monkeypatch.setattr(prose.execute, "outputs", lambda cache, page: outputs)
    monkeypatch.setattr(prose, "cache_path", lambda: None)
    assert prose.unprinted(source) == ["01-page.md: 0.94 in: False, 0.94. <<c>>"]
