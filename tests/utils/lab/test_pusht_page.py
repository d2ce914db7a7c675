"""Push-T in a browser: what the reader sees and can do."""

import json
import re

import pytest
from laboratory import DETACHED
from pages import browser, needs_browser  # noqa: F401  (a fixture)
from pushing import PUSH, pushed  # noqa: F401  (a fixture)

from book.build import ROOT
from utils.lab.pusht import push_state

AXE = ROOT / "audit/node_modules/axe-core/axe.min.js"
pytestmark = needs_browser


def click(page, i):
    """Play, one action, again, new start, new noise."""
    page.evaluate(f"host.querySelectorAll('.fl-buttons button')[{i}].click()")


def episode(page, *names):
    picked = ", ".join(names)
    return page.evaluate(f"(({{ {picked} }}) => [{picked}])({PUSH}.episode)")


def set_slider(page, key, position):
    page.evaluate(
        f"(() => {{ const input = host.querySelector('[id$={key}]'); input.value = {position};"
        "input.dispatchEvent(new Event('input')); })()"
    )


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_policy_plans_and_every_number_is_counted(pushed, language):  # noqa: F811
    page = pushed(language)
    assert page.evaluate(f"{PUSH}.isPlaying()") is False  # nothing begins by itself
    for _ in range(9):
        click(page, 1)
    assert episode(page, "steps", "plans", "evaluations") == [9, 2, 16]
    set_slider(page, "evaluations", 0)
    set_slider(page, "chunk", 1)
    for _ in range(9):
        click(page, 1)
    # The old plan is carried out to its end (7), then comes one for two actions (2).
    assert episode(page, "steps", "plans", "evaluations") == [18, 3, 17]
    text = page.evaluate(f"{PUSH}.root.innerText")
    assert bool(re.search("[가-힣]", text)) == (language == "ko")
    assert "1.8 s" in text and "NFE 17" in text
    assert page.complaints(page.address) == []


def test_the_same_noise_gives_the_same_episode_and_other_noise_another(pushed):  # noqa: F811
    page = pushed()

    def after(button):
        click(page, button)
        for _ in range(20):
            click(page, 1)
        return episode(page, "seen")

    first = after(2)
    assert after(2) == first
    other = after(4)
    assert other != first
    starts = push_state()["starts"]
    click(page, 3)
    seen = episode(page, "seen")[0]
    assert page.evaluate(f"{PUSH}.settings.start") == 1
    assert abs(seen["agent"][0] - starts[1][0]) < 1e-9


def test_an_episode_ends_and_is_told(pushed):  # noqa: F811
    page = pushed()
    page.evaluate(f"Object.assign({PUSH}.settings, {{ evaluations: 1, fast: true }})")
    click(page, 0)
    page.wait(f"{PUSH}.stats.steps > 3")
    page.evaluate(f"{PUSH}.episode.steps = 298")  # the end of the 30 s
    page.wait(f"{PUSH}.episode.done && !{PUSH}.isPlaying()")
    said = page.evaluate("host.querySelector('[role=status]').textContent")
    assert said.startswith(("30 s are over", "Success")) and "NFE" in said
    click(page, 0)  # it begins again
    page.wait(f"{PUSH}.episode.steps > 0 && {PUSH}.episode.steps < 200")


def test_the_reader_pushes_with_keys_and_with_the_mouse(pushed):  # noqa: F811
    page = pushed()
    before = episode(page, "seen")[0]
    page.evaluate("host.querySelector('.fl-handle').focus()")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(4):
        page.press("ArrowRight", 39)
    page.wait(f"{PUSH}.stats.steps > 5 && !{PUSH}.isPlaying()")  # it rests: nothing computes
    agent = episode(page, "seen")[0]["agent"]
    assert agent[0] > before["agent"][0] + 35 and abs(agent[1] - before["agent"][1]) < 1
    assert "You push" in page.evaluate(f"{PUSH}.root.innerText")
    box = page.evaluate("host.querySelector('.fl-handle').getBoundingClientRect().toJSON()")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, dy in (("mousePressed", 0), ("mouseMoved", -60), ("mouseReleased", -60)):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y + dy, button="left",
                  buttons=int(kind != "mouseReleased"), clickCount=1)  # fmt: skip
    page.wait(f"{PUSH}.episode.seen.agent[1] < {agent[1] - 50}")
    click(page, 0)
    page.wait(f"{PUSH}.episode.plans > 0")
    assert "You push" not in page.evaluate(f"{PUSH}.root.innerText")


def test_nothing_computes_out_of_sight(pushed):  # noqa: F811
    page = pushed()
    page.evaluate("document.body.append(Object.assign(document.createElement('div'),"
                  "{ style: 'height: 5000px' }))")  # fmt: skip
    click(page, 0)
    page.wait(f"{PUSH}.stats.steps > 2")
    page.evaluate("scrollTo(0, 4000)")
    page.wait(f"!{PUSH}.isPlaying()")
    frames = page.evaluate(f"{PUSH}.stats.frames")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert page.evaluate(f"{PUSH}.stats.frames") == frames


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_its_page_and_axe_finds_nothing(pushed, width, dark):  # noqa: F811
    page = pushed("ko", width=width, height=844, dark=dark)
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0
    assert page.evaluate(f"{PUSH}.root.scrollWidth - {PUSH}.root.clientWidth") <= 0
    assert page.evaluate(f"{PUSH}.root.classList.contains('fl-dark')") == dark
    unlabelled = "[...host.querySelectorAll('input')].filter((c) => !c.labels.length).length"
    assert page.evaluate(unlabelled) == 0
    if AXE.exists():
        page.evaluate(AXE.read_text("utf-8") + "; null")
        found = page.evaluate("axe.run(host).then(({ violations }) => violations.map((v) => v.id))")
        assert found == []


def test_what_fails_is_said(pushed):  # noqa: F811
    state = push_state()
    broken = state | {"policy": state["policy"] | {"weights": state["policy"]["weights"][:-8]}}
    page = pushed(state=broken, wait=False)
    page.wait("host.querySelector('[role=alert]')?.textContent.includes('weights')")
    no_wasm = "<script>WebAssembly.instantiate = () => Promise.reject(Error('not here'))</script>"
    page = pushed(head=no_wasm, wait=False)
    page.wait("host.querySelector('.fl-busy').textContent.includes('not here')")
    click(page, 0)  # and nothing else breaks
    assert page.evaluate(f"{PUSH}.isPlaying()") is False


def test_it_may_be_shown_later_and_closed(pushed):  # noqa: F811
    page = pushed(script=DETACHED, wait=False)
    page.wait(f"!!{PUSH}.episode")
    page.evaluate("document.body.append(host)")
    page.wait("host.querySelector('canvas').width > 100")
    click(page, 0)
    page.wait(f"{PUSH}.stats.steps > 2")
    page.evaluate("end()")
    assert page.evaluate("host.childElementCount") == 0
    assert json.loads(page.evaluate(f"JSON.stringify({PUSH}.isPlaying())")) is False
