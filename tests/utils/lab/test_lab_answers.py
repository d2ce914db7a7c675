"""Answers that come too late, wrongly, or never: the box says so, and the laboratory lives on."""

import json

import pytest
from laboratory import RENDER, good, hosted, lab, started  # noqa: F401  (fixtures)
from pages import browser, needs_browser  # noqa: F401  (a fixture)

pytestmark = needs_browser
BUSY = "host.querySelector('.fl-busy')"
SAID = "host.querySelector('[role=status]')"
SLOW = {"model": "diffusion", "sampler": "ddpm", "steps": 1000}


def set_to(page, change):
    return page.evaluate(f"host.flowLab.set({json.dumps(change)}).then(() => null)")


def told(page, words):
    """Wait until the box says so, to the eye and to the ear."""
    page.wait(f"!{BUSY}.hidden && {BUSY}.innerText.includes({words!r})")
    assert words in page.evaluate(f"{SAID}.textContent")


# What the worker is sent and answers; while it is muted, its answers wait. Put before rendering.
SPY = """
window.sent = [];
window.heard = [];
window.workers = [];
window.mute = false;
window.late = [];
window.release = () => {
  window.mute = false;
  for (const [worker, data] of late) worker.dispatchEvent(new MessageEvent("message", { data }));
};
window.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    workers.push(this);
    this.addEventListener("message", (event) => {
      heard.push(event.data);
      if (!mute) return;
      late.push([this, event.data]);
      event.stopImmediatePropagation(); // before the laboratory's own listener
    });
  }
  postMessage(message) {
    sent.push(message);
    super.postMessage(message);
  }
};
"""


def test_of_60_drags_only_the_last_is_computed(hosted):  # noqa: F811
    page = hosted(SPY + RENDER)
    started(page)
    set_to(page, SLOW)
    drags = "for (let i = 1; i <= 60; i += 1) host.flowLab.carry(i / 60, 0.5);"
    page.evaluate(f"heard.length = 0; {drags}")
    page.wait("Math.abs(host.flowLab.view.probe.states[0][0] - 1) < 1e-6")
    # test_lab_engine.py counts exactly; here the page may be held up between two of its messages.
    assert page.evaluate("heard.filter(({ type }) => type === 'probe').length") < 6


def test_an_answer_of_a_field_that_is_superseded(hosted):  # noqa: F811
    page = hosted(SPY + RENDER)
    started(page)
    observe = f"new MutationObserver(() => shown.push({BUSY}.textContent))"
    page.evaluate(f"window.shown = []; {observe}.observe({BUSY}, {{childList: true}})")
    for change in ({"field": True}, {"lines": False}, {"lines": True}, {"data": False}):
        page.evaluate(f"host.flowLab.set({json.dumps(change)}); 0")
    page.wait("host.flowLab.view.field?.typical > 0")
    for change in ({"field": False, "follow": "pairs"}, {"data": True}):
        page.evaluate(f"host.flowLab.set({json.dumps(change)}); 0")
    page.wait("!!host.flowLab.view.ways")
    assert not [text for text in page.evaluate("shown") if "could not" in text]
    assert page.complaints("http://127.0.0.1") == []


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("workers.at(-1).dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))",
         "out of memory"),
        ("workers.at(-1).dispatchEvent(new MessageEvent('messageerror'))", "unreadable"),
    ],
)  # fmt: skip
def test_a_worker_that_dies_after_its_first_message(hosted, death, words):  # noqa: F811
    page = hosted(SPY + RENDER)
    started(page)
    page.evaluate(f"window.mute = true; host.flowLab.set({json.dumps(SLOW)}); {death}; 0")
    page.evaluate("window.mute = false")
    told(page, "its worker has stopped")
    assert words in page.evaluate(f"{BUSY}.innerText")
    page.evaluate("host.flowLab.ready()")  # does not wait for ever
    # The next setting starts another one.
    set_to(page, {"steps": 7})
    assert page.evaluate("[host.flowLab.view.shown.nfe, workers.length]") == [7, 2]
    page.wait(f"{BUSY}.hidden")


def test_a_worker_that_dies_without_a_word(hosted):  # noqa: F811
    """The browser may take a worker away, for want of memory, and fire no event at all."""
    page = hosted(SPY + RENDER)
    started(page)
    page.evaluate("workers[0].terminate()")
    page.evaluate(f"host.flowLab.set({json.dumps(SLOW)}); 0")
    page.wait(f"!{BUSY}.hidden && {BUSY}.innerText.includes('has stopped (no answer)')", 60)
    set_to(page, {"steps": 7})
    assert page.evaluate("[host.flowLab.view.shown.nfe, workers.length]") == [7, 2]


# Nothing may be compiled from text, and workers are refused: by an event, after `new Worker`.
STRICT = """<meta http-equiv="Content-Security-Policy"
    content="script-src 'unsafe-inline' blob:; worker-src 'none'">"""


@pytest.mark.parametrize("before", ["", "delete window.Worker;"], ids=["onerror", "no worker"])
def test_a_policy_that_forbids_everything_is_told(hosted, before):  # noqa: F811
    page = hosted(before + RENDER, head=STRICT)
    told(page, "the page allows no worker")
    page.evaluate("host.flowLab.ready().then(() => null)")
    set_to(page, {"steps": 7})  # is told again, and does not hang
    told(page, "the page allows no worker")


def test_an_error_of_one_setting_is_gone_with_the_next(hosted):  # noqa: F811
    page = hosted()
    started(page)
    set_to(page, {"model": "flow", "scheduler": "nonsense"})
    told(page, "could not compute")
    set_to(page, {"scheduler": "cosine"})
    page.wait(f"{BUSY}.hidden")


def test_without_workers_a_closed_laboratory_computes_no_more(hosted):  # noqa: F811
    """Nobody can end the page's own thread: the work must stop by itself, at its next turn."""
    count = """
    delete window.Worker;
    window.turns = 0;
    window.MessageChannel = class extends MessageChannel {
      constructor() {
        super();
        turns += 1;
      }
    };
    """
    page = hosted(count + RENDER)
    started(page)
    page.wait("host.querySelectorAll('.fl-read b').length === 2")  # nothing is computed any more
    slow = f"turns = 0; host.flowLab.set({json.dumps(SLOW)}); end();"
    later = "new Promise((done) => setTimeout(done, 1500)).then(() => turns)"
    assert page.evaluate(f"{slow} {later}") == 2  # the first turns of the run and of the probe


# ---- time -------------------------------------------------------------------------------------

# Frames that come when the test says so: one loop asks for one frame at a time.
FRAMES = """
window.frames_ = new Map();
let number = 0;
window.requestAnimationFrame = (act) => (frames_.set(++number, act), number);
window.cancelAnimationFrame = (which) => frames_.delete(which);
window.tick = (now) => {
  const due = [...frames_.values()];
  frames_.clear();
  for (const act of due) act(now);
};
"""


def test_pause_and_play_within_one_frame_keep_the_speed(hosted):  # noqa: F811
    page = hosted(FRAMES + RENDER)
    started(page)
    time = page.evaluate("""(() => {
      const { flowLab } = host;
      flowLab.move(0);
      flowLab.play(true);
      tick(1000);
      for (let i = 0; i < 3; i += 1) { flowLab.play(false); flowLab.play(true); }
      for (let now = 2000; now <= 2500; now += 100) tick(now);
      return [flowLab.view.time, flowLab.stats.frames, frames_.size];
    })()""")
    assert time == [pytest.approx(0.5 / 3), 7, 1]  # half a second of three


def seen(page, whole):
    """Wait until the laboratory has been told that it is in sight, or out of it."""
    page.evaluate(f"""new Promise((done) => {{
      const watch = new IntersectionObserver(([{{ intersectionRatio }}]) => {{
        if ((intersectionRatio > 0.5) === {whole}) setTimeout(done, 100);
      }}, {{ threshold: [0, 0.5] }});
      watch.observe(host.querySelector(".fl-stage"));
    }})""")


@pytest.mark.parametrize("moves_on", ["scrolls away", "takes the time", "stays"])
def test_it_starts_by_itself_unless_the_reader_has_moved_on(hosted, moves_on):  # noqa: F811
    """The first run starts when its states are there: the reader may be elsewhere by then."""
    before = "document.body.style.paddingBottom = '3000px'; window.mute = true;"
    page = hosted(SPY + before + RENDER, reduced=False)
    page.wait("host.flowLab.view.time === 0")  # it is going to start
    if moves_on == "scrolls away":
        page.evaluate("scrollTo(0, 3000)")
        seen(page, "false")
    if moves_on == "takes the time":
        page.evaluate("""(() => {
          const slider = host.querySelector('[type=range]');
          slider.value = 0.5;
          slider.dispatchEvent(new Event('input'));
        })()""")
    page.wait("heard.some(({ type }) => type === 'distance')")
    page.wait("heard.some(({ type }) => type === 'probe')")
    page.evaluate("release(); host.flowLab.ready().then(() => null)")
    if moves_on == "stays":
        page.wait("host.flowLab.stats.frames > 0")
        return
    page.evaluate("new Promise((done) => setTimeout(done, 100))")
    time = 0.5 if moves_on == "takes the time" else 0
    assert page.evaluate("[host.flowLab.view.playing, host.flowLab.view.time]") == [False, time]
