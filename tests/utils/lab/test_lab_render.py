"""What `render` does beside drawing: it says what fails in its box, and follows the kernel."""

import json
import re

import pytest
from laboratory import DETACHED, RENDER, good, hosted, lab, started  # noqa: F401  (fixtures)
from pages import browser, needs_browser  # noqa: F401  (a fixture)

from utils.lab import lab_state
from utils.models import MLP

pytestmark = needs_browser


# ---- what fails is said in the box -------------------------------------------------------------


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_cannot_start_says_so_in_its_box(hosted, language):  # noqa: F811
    script = f"document.documentElement.lang = '{language}'; model.lab = {{ models: {{}} }};"
    page = hosted(script + RENDER)
    text = page.evaluate("host.innerText")
    assert bool(re.search("[가-힣]", text)) == (language == "ko")
    assert "lab has no data, noise, limits, colors, start; set it to the lab of a FlowLab" in text
    assert page.evaluate("host.querySelector('[role=alert]').getBoundingClientRect().height") > 20
    assert page.evaluate("host.flowLab") is None


def test_what_fails_half_way_leaves_no_half_laboratory(hosted):  # noqa: F811
    script = "window.IntersectionObserver = class { observe() { throw Error('not here') } };"
    page = hosted(script + RENDER)
    assert page.evaluate("[host.querySelectorAll('.fl').length, host.innerText]") == [
        1, "The laboratory could not start: not here",
    ]  # fmt: skip
    page.evaluate("end()")
    assert page.evaluate("host.childNodes.length") == 0


def test_weights_that_do_not_fit_are_told(hosted, lab):  # noqa: F811
    lab["models"]["flow"]["widths"][1] += 1
    page = hosted(state=lab)
    page.wait("/could not compute.*weights/.test(host.querySelector('.fl-busy').innerText)")
    assert page.evaluate("host.querySelector('.fl-busy').hidden") is False


def test_what_fails_when_it_is_attached_is_told(hosted):  # noqa: F811
    page = hosted(DETACHED)
    started(page)
    full = "CanvasRenderingContext2D.prototype.createImageData = () => { throw Error('full') };"
    page.evaluate(f"{full} document.body.append(host)")
    page.evaluate("new Promise((done) => setTimeout(done, 300))")  # other events are no cure
    page.wait("host.querySelector('.fl-busy').innerText.includes('full')")
    assert page.evaluate("host.querySelector('.fl-busy').hidden") is False


# ---- a kernel that sets `lab` again ------------------------------------------------------------


def test_a_lab_that_is_set_again_is_shown(hosted, lab, good):  # noqa: F811
    page = hosted()
    started(page)
    assert page.evaluate("host.flowLab.view.shown.states[0].length") == 2 * len(good["noise"])
    networks = {"new": MLP(hidden=16), "other": MLP(hidden=24)}
    again = lab_state(networks, data=good["data"], noise=good["noise"][:100], steps=4)
    page.evaluate(f"window.old = host.flowLab; model.set({json.dumps(again)})")
    page.wait("host.flowLab !== old && host.flowLab.view.shown.states[0].length === 200")
    assert page.evaluate("host.flowLab.view.shown.nfe") == 4
    assert page.evaluate("host.querySelectorAll('.fl').length") == 1
    assert "other" in page.evaluate("host.querySelector('select').innerText")
    # What is no laboratory is told, and a good one after it is shown.
    page.evaluate("window.good = model.lab; model.set({})")
    page.wait("host.querySelector('[role=alert]').innerText.includes('could not start')")
    page.evaluate("model.set(good)")
    started(page)
    assert page.evaluate("host.querySelectorAll('.fl, style').length") == 2
    # A view that has ended hears no more.
    page.evaluate("end(); model.set(good)")
    assert page.evaluate("[host.childNodes.length, model.hears.length]") == [0, 0]
