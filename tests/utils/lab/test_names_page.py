"""Names in a browser: what the reader sees and can do."""

import re

import pytest
from laboratory import DETACHED
from naming import NAMES, named  # noqa: F401  (a fixture)
from pages import browser, needs_browser  # noqa: F401  (a fixture)

from book.build import ROOT
from utils.lab.names import names_state

AXE = ROOT / "audit/node_modules/axe-core/axe.min.js"
MEASURED = {("careful", "en", "random", 1): (0.75, 0.001, 0.012)}
FINISHED = f"{NAMES}.judged().length === 8"
TEXT = f"{NAMES}.root.innerText"
pytestmark = needs_browser


def click(page, i):
    """Play, one step, new names, 1,000 names."""
    page.evaluate(f"host.querySelectorAll('.fl-buttons button')[{i}].click()")


def choose(page, key, value):
    """Set a select, a slider (by its position) or the text."""
    page.evaluate(
        f"(() => {{ const input = host.querySelector('[id$=-{key}]'); input.value = '{value}';"
        "input.dispatchEvent(new Event(input.localName === 'select' ? 'change' : 'input')); })()"
    )


def written(page):
    return page.evaluate(f"{NAMES}.names().map(({{ x }}) => x)")


def to_the_end(page):
    while not page.evaluate(FINISHED):
        click(page, 1)


@pytest.mark.parametrize(("language", "length"), [("ko", 15), ("en", 10)])
def test_letters_are_opened_step_by_step_and_counted(named, language, length):  # noqa: F811
    page = named(language)
    assert page.evaluate(f"{NAMES}.isPlaying()") is False  # nothing begins by itself
    mask = {"ko": 69, "en": 27}[language]
    assert written(page) == [[mask] * length] * 8
    assert page.evaluate("host.querySelectorAll('.fl-masked').length") == 8 * length
    choose(page, "atOnce", 2)
    for done in range(1, -(-length // 3) + 1):
        click(page, 1)
        assert page.evaluate(f"{NAMES}.stats.evaluations") == done
        assert all(row.count(mask) == max(length - 3 * done, 0) for row in written(page))
        fresh = page.evaluate(f"{NAMES}.names().map(({{ fresh }}) => fresh.length)")
        assert fresh == [min(3, length - 3 * (done - 1))] * 8
        assert page.evaluate("host.querySelectorAll('.fl-fresh').length") > 0
    assert page.evaluate(FINISHED)
    text = page.evaluate(TEXT)
    assert bool(re.search("[가-힣]", text)) == (language == "ko")
    said = page.evaluate("[...host.querySelectorAll('[role=status]')].at(-1).textContent")
    good = page.evaluate(f"{NAMES}.judged().filter((one) => one.written).length")
    assert str(good) in said and str(done) in said and f"{good} / 8" in text
    shown = page.evaluate("[...host.querySelectorAll('li .fl-hidden')].map((s) => s.textContent)")
    assert shown == page.evaluate(f"{NAMES}.judged().map((one) => one.text)")
    assert page.complaints(page.address) == []


def test_it_plays_pauses_and_ends(named):  # noqa: F811
    page = named("en")
    click(page, 0)
    assert page.evaluate(f"{NAMES}.isPlaying()")
    page.wait(f"{NAMES}.stats.evaluations > 1")
    click(page, 0)
    assert page.evaluate(f"{NAMES}.isPlaying()") is False
    before = page.evaluate(f"{NAMES}.stats.evaluations")
    page.evaluate("new Promise((done) => setTimeout(done, 700))")
    assert page.evaluate(f"{NAMES}.stats.evaluations") == before
    click(page, 0)
    page.wait(f"{FINISHED} && !{NAMES}.isPlaying()")
    assert page.evaluate(f"{NAMES}.stats.evaluations") == 10


def test_a_seed_says_what_is_written(named):  # noqa: F811
    page = named("en", reduced=True)
    to_the_end(page)
    first = written(page)
    click(page, 0)  # with less motion, all at once
    assert page.evaluate(FINISHED) and page.evaluate(f"{NAMES}.stats.ticks") == 0
    assert written(page) == first
    click(page, 2)
    assert page.evaluate(f"{NAMES}.settings.seed") == 1
    assert page.evaluate(FINISHED) and written(page) != first
    choose(page, "seed", 0)
    to_the_end(page)
    assert written(page) == first


def test_every_setting_writes_other_names(named):  # noqa: F811
    page = named("ko", reduced=True)
    to_the_end(page)
    seen = [written(page)]
    for key, value in (("order", "certain"), ("which", "careless"), ("atOnce", 4), ("begin", "부"),
                       ("alphabet", "en")):  # fmt: skip
        choose(page, key, value)
        assert page.evaluate(f"{NAMES}.judged().length") == 0
        to_the_end(page)
        assert written(page) not in seen, key
        seen.append(written(page))
    assert len(seen[-1][0]) == 10 and page.evaluate(f"{NAMES}.settings.begin") == ""


def test_the_reader_begins_a_name(named):  # noqa: F811
    page = named("en", reduced=True)
    page.evaluate("host.querySelector('[id$=-begin]').focus()")
    for letter in "San":
        page.press(letter, ord(letter.upper()), letter)
    assert page.evaluate("host.querySelectorAll('.fl-given').length") == 3 * 8
    click(page, 0)
    texts = page.evaluate(f"{NAMES}.judged().map((one) => one.text)")
    assert all(text.startswith("san") for text in texts) and len(set(texts)) > 4
    assert page.evaluate(f"{NAMES}.stats.evaluations") == 7
    for typed, words in (("서", "a to z"), ("abcdefghijk", "at most 10")):
        choose(page, "begin", typed)
        assert words in page.evaluate("host.querySelector('[id$=-wrong]').textContent")
        invalid = "host.querySelector('[id$=-begin]').getAttribute('aria-invalid')"
        assert page.evaluate(invalid) == "true"
    choose(page, "begin", "")
    assert page.evaluate("host.querySelector('[id$=-wrong]').hidden")


def test_a_thousand_names_stand_beside_those_of_python(named):  # noqa: F811
    page = named("en", state=names_state(MEASURED))
    assert "75.0 %" in page.evaluate(TEXT) and "0.1 %" in page.evaluate(TEXT)
    click(page, 3)
    assert page.evaluate(f"{NAMES}.isDrawing()")
    page.wait(f"{NAMES}.drawn()?.names > 0 && {NAMES}.drawn().names < 1000")  # the page lives
    page.wait(f"!{NAMES}.isDrawing()", 120)
    drawn = page.evaluate(f"{NAMES}.drawn()")
    assert drawn["names"] == 1000 and 0.6 < drawn["written"] / 1000 < 0.9
    assert f"{drawn['written'] / 10:.1f} %" in page.evaluate(TEXT)
    said = page.evaluate("[...host.querySelectorAll('[role=status]')].at(-1).textContent")
    assert said.startswith("1,000 names") and str(drawn["written"]) in said
    # Python has measured nothing else, and other settings begin anew.
    choose(page, "order", "certain")
    assert page.evaluate(f"{NAMES}.drawn()") is None and "75.0 %" not in page.evaluate(TEXT)
    choose(page, "order", "random")
    choose(page, "begin", "a")
    assert "75.0 %" not in page.evaluate(TEXT)
    click(page, 3)
    click(page, 3)
    assert page.evaluate(f"{NAMES}.isDrawing()") is False


def test_nothing_computes_out_of_sight(named):  # noqa: F811
    page = named()
    page.evaluate("document.body.append(Object.assign(document.createElement('div'),"
                  "{ style: 'height: 9000px' }))")  # fmt: skip
    click(page, 0)
    page.evaluate("scrollTo(0, 8000)")
    page.wait(f"!{NAMES}.isPlaying()")
    evaluations = page.evaluate(f"{NAMES}.stats.evaluations")
    click(page, 3)
    page.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert page.evaluate(f"{NAMES}.stats.evaluations") == evaluations
    assert page.evaluate(f"{NAMES}.drawn()?.names ?? 0") == 0
    page.evaluate("scrollTo(0, 0)")
    page.wait(f"{NAMES}.drawn()?.names > 0")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_fits_its_page_and_axe_finds_nothing(named, language, width, dark):  # noqa: F811
    page = named(language, width=width, height=844, dark=dark, state=names_state(MEASURED))
    choose(page, "begin", {"ko": "서", "en": "san"}[language])
    click(page, 1)
    root = "document.documentElement"

    def sound():
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0
        assert page.evaluate(f"{NAMES}.root.scrollWidth - {NAMES}.root.clientWidth") <= 0
        # Text that leaves its box is seen by nobody else.
        out = page.evaluate(
            "[...host.querySelectorAll('.fl-name, .fl-panel > *')].filter((n) => "
            f"n.getBoundingClientRect().right > {NAMES}.root.getBoundingClientRect().right).length"
        )
        assert out == 0
        if AXE.exists():
            found = page.evaluate(
                "axe.run(host).then(({ violations }) => violations.map((v) => v.id))"
            )
            assert found == []

    if AXE.exists():
        page.evaluate(AXE.read_text("utf-8") + "; null")
    assert page.evaluate(f"{NAMES}.root.classList.contains('fl-dark')") == dark
    unlabelled = "[...host.querySelectorAll('input, select')].filter((c) => !c.labels.length)"
    assert page.evaluate(f"{unlabelled}.length") == 0
    sound()
    to_the_end(page)
    choose(page, "begin", "?")
    sound()


def test_what_fails_is_said(named):  # noqa: F811
    state = names_state()
    net = state["nets"]["en-careful"]
    broken = {"en-careful": net | {"weights": net["weights"][:-8]}}
    page = named(state=state | {"nets": state["nets"] | broken}, wait=False)
    page.wait("host.querySelector('[role=alert]')?.textContent.includes('weights')")
    broken = {"en-careless": {**net, "weights": net["weights"][:-8]}}
    page = named(state=state | {"nets": state["nets"] | broken})
    choose(page, "which", "careless")
    page.wait("host.innerText.includes('have stopped')")
    choose(page, "which", "careful")  # and nothing else breaks
    to_the_end(page)
    assert "have stopped" not in page.evaluate("host.innerText")


def test_it_may_be_shown_later_and_closed(named):  # noqa: F811
    page = named(script=DETACHED, wait=False)
    page.wait(f"!!{NAMES}")
    page.evaluate("document.body.append(host)")
    page.wait(f"{NAMES}.names().length === 8")
    click(page, 0)
    page.wait(f"{NAMES}.stats.evaluations > 1")
    click(page, 3)
    page.evaluate("end()")
    assert page.evaluate("host.childElementCount") == 0
    assert page.evaluate(f"{NAMES}.isPlaying()") is False
    assert page.evaluate(f"{NAMES}.isDrawing()") is False


def test_the_page_s_language_chooses_the_letters_at_first(named):  # noqa: F811
    page = named("ko")
    assert page.evaluate(f"{NAMES}.settings.alphabet") == "ko"
    page = named("ko", state=names_state(language="en"))
    assert page.evaluate(f"{NAMES}.settings.alphabet") == "en"
