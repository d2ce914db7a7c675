"""The laboratory that learns, in Chromium: numbers, drawing, keyboard, rest, goals, axe."""

import json
import re
from pathlib import Path

import pytest
import torch
from laboratory import node  # noqa: F401
from learning import LAB, RENDER, learning, train  # noqa: F401  (a fixture)
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from training import by_torch
from waiting import until

from book.build import ROOT
from utils.metrics import energy_distance, wasserstein2
from utils.plotting import COLORS

pytestmark = needs_browser
QUICK = {"budget": 500}
AXE = ROOT / "audit/node_modules/axe-core/axe.min.js"


def points(numbers):
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, 2)


def test_training_in_workers_equals_torch(learning, monkeypatch):  # noqa: F811
    page = learning()
    train(page, QUICK)
    for side in (0, 1):
        run = page.evaluate(
            f"{LAB}.sides[{side}].trace(50)"
            ".then(({start, batches, losses, weights, average}) => ({"
            f"recipe: {LAB}.sides[{side}].recipe, start: [...start], losses, weights: [...weights],"
            "average: [...average],"
            "batches: batches.map((batch) => batch.map((x) => x && [...x]))}))"
        )
        budget = 500  # the rate falls along the whole budget, not along 50 steps

        def rates(step, budget=budget):
            return 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / budget))).item()

        seen, weights, average, *_ = by_torch(run, monkeypatch, schedule=rates)
        assert (torch.tensor(run["losses"]) - seen).abs().max() < 1e-4 * seen.max()
        assert (torch.tensor(run["weights"]) - weights).abs().max() < 1e-4
        assert (torch.tensor(run["average"]) - average).abs().max() < 1e-4
    assert page.complaints(page.base) == []


def test_numbers_on_the_screen_are_those_of_utils(learning):  # noqa: F811
    page = learning()
    train(page, QUICK)
    for side in (0, 1):
        end, check, shown = page.evaluate(
            f"(() => {{ const s = {LAB}.sides[{side}]; return [[...s.seen.states.at(-1)],"
            " [...s.data.check],"
            f" [...document.querySelectorAll('.fl-read')][{side}].innerText]; }})()"
        )
        end, check = points(end), points(check)
        numbers = re.findall(r"\d+\.\d+", shown)
        energy = energy_distance(end, check[:512])
        w2 = sum(wasserstein2(end[i : i + 256], check[i : i + 256]) for i in (0, 256)) / 2
        said = lambda value: f"{value:.4f}" if value < 0.1 else f"{value:.2f}"  # noqa: E731
        assert said(energy) in numbers and said(w2) in numbers, (energy, w2, shown)
        assert re.search(r"NFE\s+20", shown)
        side = f"{LAB}.sides[{side}]"
        cells = torch.tensor(page.evaluate(f"[...{side}.data.cells]")).reshape(64, 64)
        column, line = ((end + 2.6) / 5.2 * 64).floor().long().unbind(1)
        inside = (column.clamp(0, 63) == column) & (line.clamp(0, 63) == line)
        outside = 1 - (inside & (cells[line.clamp(0, 63), column.clamp(0, 63)] > 0)).double().mean()
        assert f"{100 * outside:.0f} %" in shown and 0 < outside < 1
    ends = [points(page.evaluate(f"[...{LAB}.sides[{i}].seen.states.at(-1)]")) for i in (0, 1)]
    apart = (ends[0] - ends[1]).norm(dim=1).mean()
    assert f"{apart:.2f}" in page.evaluate("host.innerText")
    # Another number of steps moves the samples, not the networks.
    page.evaluate(f"{LAB}.set({{steps: 2}}).then(() => null)")
    assert page.evaluate(f"{LAB}.sides.map((s) => s.seen.nfe)") == [2, 2]
    assert (points(page.evaluate(f"[...{LAB}.sides[0].seen.states.at(-1)]")) - ends[0]).norm() > 1


def test_the_same_link_gives_the_same_numbers(learning):  # noqa: F811
    page = learning()
    page.evaluate("document.querySelector('[type=number]').value = 5;"
                  "document.querySelector('[type=number]')"
                  ".dispatchEvent(new Event('change'))")  # fmt: skip
    page.evaluate(f"{LAB}.set({{budget: 500, 'b.path': 'cosine', steps: 8}}).then(() => null)")
    page.evaluate("[...document.querySelectorAll('.fl-tools button')][2].click()")
    hash = page.evaluate("location.hash")
    assert hash.startswith("#draw=") and "seed=5" in hash
    train(page)
    found = page.evaluate(f"{LAB}.sides.map((s) => [s.seen.energy, s.losses.at(-1).mean])")
    other = learning(hash=hash)
    assert other.evaluate(f"{LAB}.settings.seed") == 5
    train(other)
    again = other.evaluate(f"{LAB}.sides.map((s) => [s.seen.energy, s.losses.at(-1).mean])")
    assert again == found
    train(other, {"seed": 6})
    assert other.evaluate(f"{LAB}.sides.map((s) => [s.seen.energy, s.losses.at(-1).mean])") != found


def test_it_stops_and_goes_on_and_rests_out_of_sight(learning):  # noqa: F811
    page = learning(body="<div style='height: 3000px'></div>", height=1000)
    page.evaluate("host.scrollIntoView()")
    page.evaluate(f"{LAB}.set({{budget: 5000}}).then(() => null)")
    go = "document.querySelector('.fl-go')"
    page.evaluate(f"{go}.click()")
    step = f"Math.max(...{LAB}.sides.map((s) => s.step))"
    page.wait(f"{step} >= 50", 60)
    rest = (
        f"new Promise((done) => setTimeout(() => {{ const at = {step}; setTimeout(() =>"
        f" done([at, {step}]), 1500); }}, 700))"
    )
    page.evaluate(f"{go}.click()")
    before, after = page.evaluate(rest)
    assert before == after < 5000 and page.evaluate(f"{go}.textContent") == "Go on"
    page.evaluate(f"{go}.click()")
    page.wait(f"{step} > {after}", 60)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("new Promise((done) => setTimeout(done, 500))")
    before, after = page.evaluate(rest)
    assert before == after < 5000, "it computes out of sight"
    page.evaluate("host.scrollIntoView()")
    page.wait(f"{step} > {after}", 60)
    page.evaluate("window.end()")
    assert page.evaluate("host.childElementCount") == 0


def cells(page):
    return page.evaluate(f"[1, 2].map((c) => {LAB}.cells.filter((cell) => cell === c).length)")


def mouse(page, kind, x, y, held=1):
    page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=held,
              clickCount=1)  # fmt: skip


def test_mouse_finger_and_keyboard_draw(learning):  # noqa: F811
    page = learning()
    page.evaluate("[...document.querySelectorAll('.fl-tools button')][1].click()")
    assert cells(page) == [0, 0]
    box = page.evaluate(
        "document.querySelector('.fl-draw canvas').getBoundingClientRect().toJSON()"
    )
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    mouse(page, "mousePressed", x, y)
    mouse(page, "mouseMoved", x + box["width"] / 2, y)
    mouse(page, "mouseReleased", x + box["width"] / 2, y, 0)
    drawn = cells(page)
    assert drawn[0] > 100 and drawn[1] == 0  # a line without gaps, not two dots
    page.evaluate("document.querySelectorAll('.fl-choice input')[2].click()")
    mouse(page, "mousePressed", x + box["width"] / 4, y)
    mouse(page, "mouseReleased", x + box["width"] / 4, y, 0)
    assert 0 < cells(page)[0] < drawn[0]
    page.evaluate("document.querySelectorAll('.fl-choice input')[1].click()")
    touch = [{"x": x, "y": y - box["height"] / 4}]
    page.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=touch)
    page.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    until(lambda left: cells(page)[1] > 5, 10, "a finger draws")
    before = cells(page)[1]
    page.evaluate("document.querySelector('.fl-draw canvas').focus()")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for _ in range(20):
        page.press("ArrowDown", 40)
    page.press(" ", 32, " ")
    assert cells(page)[1] > before


def test_words_and_ready_made_drawings(learning):  # noqa: F811
    page = learning()
    before = cells(page)
    page.evaluate("Object.assign(document.querySelector('[type=text]'), {value: 'cat'});"
                  "document.querySelector('.fl-tools .fl-buttons button').click()")  # fmt: skip
    word = cells(page)
    assert word[0] > 100 and word != before
    label = page.evaluate("[...document.querySelectorAll('label')].find((l) => l.textContent ==="
                          " 'Ready-made').control.id")  # fmt: skip
    page.evaluate(f"document.getElementById('{label}').focus()")
    page.press("End", 35)
    assert cells(page)[1] > 50  # the last one has two colours
    ready_made = f"document.getElementById('{label}').value"
    assert page.evaluate(ready_made) == "pair"
    page.evaluate("document.querySelector('.fl-draw canvas').focus()")
    page.press(" ", 32, " ")
    assert page.evaluate(ready_made) == "choose"  # the same one can be chosen again
    assert page.evaluate("[...document.querySelectorAll('label')].find((l) => l.textContent ==="
                         " 'Guidance').parentElement.style.display") == ""  # fmt: skip


def test_without_workers_and_without_a_drawing(learning):  # noqa: F811
    page = learning(head="<script>delete window.Worker</script>")
    page.evaluate("[...document.querySelectorAll('.fl-tools button')][1].click()")
    page.evaluate("document.querySelector('.fl-go').click()")
    assert "Draw something" in page.evaluate("host.innerText")
    page.evaluate(f"{LAB}.replace(new Uint8Array(4096).fill(1, 1000, 1400), true)")
    train(page, QUICK)
    assert page.evaluate(f"{LAB}.sides.every((s) => Number.isFinite(s.seen.energy))")


@pytest.mark.parametrize(("language", "dark"), [("ko", True), ("en", False)])
def test_a_phone_and_axe(learning, language, dark):  # noqa: F811
    ground = "#121212" if dark else "#fff"
    head = (f"<html lang='{language}'><title>x</title>"
            "<meta name=viewport content='width=device-width'>"
            f"<style>body {{ background: {ground}; margin: 0 }}</style>")  # fmt: skip
    page = learning(head=head, width=390, height=844, dark=dark)
    train(page, QUICK)
    page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    assert page.evaluate(f"{LAB}.root.classList.contains('fl-dark')") == dark
    korean = re.search("[가-힣]", page.evaluate(f"{LAB}.root.innerText"))
    assert bool(korean) == (language == "ko")
    assert page.evaluate(f"{LAB}.view.playing") is False
    if not Path(AXE).exists():
        pytest.skip("needs axe-core: npm ci in audit/")
    page.evaluate(AXE.read_text("utf-8") + "; null")
    found = page.evaluate(
        "axe.run(host, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a',"
        " 'wcag22aa']})"
        ".then(({violations}) => violations.map((v) => [v.id, v.nodes.map((n) => n.html)]))"
    )
    assert found == []


def test_its_colours_are_those_of_the_figures():
    text = (ROOT / "utils/lab/learning-view.js").read_text("utf-8")
    found = dict(re.findall(r'(\w+): "(#\w{6})"', text))
    assert found == COLORS


def test_both_languages_say_the_same(learning):  # noqa: F811
    text = (ROOT / "utils/lab/learning-words.js").read_text("utf-8")
    english, korean = text.split("\n  ko: {")
    keys = [re.findall(r"(?:^|, )\s*(\w+): (?=[\"\[])", half, re.M) for half in (english, korean)]
    assert keys[0] == keys[1]
    places = [sorted(re.findall(r"\{\w+\}", half)) for half in (english, korean)]
    assert places[0] == places[1]


def test_host_in_a_shadow_root(learning):  # noqa: F811
    script = """const outer = document.createElement("div"); document.body.append(outer);
    outer.attachShadow({ mode: "open" }).append(host);
    window.end = widget.render({ model, el: host });"""
    page = learning(script=script)
    page.wait(f"{LAB}.root.querySelector('canvas').width > 100")
    assert json.loads(page.evaluate(f"JSON.stringify({LAB}.settings)"))["budget"] == 1500


def test_where_a_policy_forbids_workers_and_addresses(learning):  # noqa: F811
    """As in a frame of Colab: the link, which would lead nowhere, breaks nothing."""
    page = learning(
        head="<meta http-equiv='Content-Security-Policy' content=\"worker-src 'none'\">"
    )
    page.evaluate("history.replaceState = () => { throw new Error('not here'); }")
    page.evaluate("[...document.querySelectorAll('.fl-tools button')][2].click()")
    assert "not here" in page.evaluate(
        "document.querySelector('.fl-learn [role=status]').innerText"
    )
    train(page, QUICK)  # no worker, and yet it learns
