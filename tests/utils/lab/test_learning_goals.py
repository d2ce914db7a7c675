"""Every goal of the laboratory can be reached, and none is reached by doing nothing for it."""

import pytest
from test_learning_samples import in_node

from book.build import ROOT

PROGRAM = """
import fs from "node:fs";
import { createEngine } from "FOLDER/learner.js";
import { DEFAULTS, agree, recipeOf, samplingOf } from "FOLDER/choices.js";
import { PRESETS, dataOf, paint } from "FOLDER/drawing.js";
import { GOALS } from "FOLDER/goals.js";
const { tries } = JSON.parse(fs.readFileSync(0, "utf8"));
const trained = new Map(); // engines are kept: a look at other steps costs no training
async function side(name, settings, drawing, reflow) {
  const recipe = recipeOf(settings, name);
  const key = JSON.stringify([recipe, drawing, settings.count, reflow]);
  if (!trained.has(key)) {
    const answers = [];
    const answer = createEngine((message) => answers.push(message));
    await answer({ id: 0, type: "load" });
    const data = dataOf(paint(PRESETS[drawing]), settings.count, 1);
    const asked = { type: "train", recipe, data, seed: 1, width: 64, depth: 3 };
    Object.assign(asked, { peak: 3e-3, batch: 256, budget: 1500, settings: samplingOf(DEFAULTS) });
    await answer({ id: 1, ...asked });
    if (reflow) await answer({ id: 2, ...asked, reflow: true });
    trained.set(key, { answer, answers });
  }
  const { answer, answers } = trained.get(key);
  answers.length = 0;
  await answer({ id: 9, type: "sample", settings: samplingOf(settings) });
  return { recipe, seen: answers[0].seen };
}
const out = [];
for (const { change, drawing, own, reflow } of tries) {
  const settings = { ...DEFAULTS, ...change };
  agree(settings);
  const a = await side("a", settings, drawing, reflow);
  const b = await side("b", settings, drawing, false);
  const [x, y] = [a, b].map(({ seen }) => seen.states.at(-1));
  let apart = 0;
  for (let i = 0; i < x.length; i += 2) {
    apart += Math.hypot(x[i] - y[i], x[i + 1] - y[i + 1]) / (x.length / 2);
  }
  const reached = GOALS.flatMap((goal, i) => (goal({ a, b, settings, apart, own }) ? [i + 1] : []));
  out.push({ reached, energies: [a.seen.energy, b.seen.energy], apart });
}
console.log(JSON.stringify(out));
"""
# What the page of the laboratory says to try, with the three groups that it begins with.
TRIES = {
    1: {"own": True},
    2: {"change": {"steps": 2, "solver": "midpoint"}},
    3: {"change": {"steps": 2, "solver": "midpoint", "a.path": "vp", "b.path": "condot"}},
    4: {"change": {"steps": 1}, "reflow": True},
    5: {"change": {"count": 20, "exact": True, "steps": 200}},
    6: {"change": {"steps": 100}},
    7: {"change": {"steps": 200, "noise": 0.5}},
    8: {"change": {"weight": 3}, "drawing": "pair"},
}
NOTHING = [
    {},
    {"change": {"steps": 1}},
    {"change": {"steps": 4}},
    {"change": {"noise": 1, "steps": 5}},
    {"change": {"count": 20, "steps": 20}},
    {"change": {"steps": 20}, "drawing": "pair"},
]


@pytest.fixture(scope="module")
def found():
    tries = [
        {"drawing": "three", "own": False, "reflow": False} | one
        for one in (*TRIES.values(), *NOTHING)
    ]
    out = in_node(PROGRAM, {"tries": tries})
    for one, result in zip(tries, out, strict=True):
        print(one, result)
    return out


@pytest.mark.parametrize("number", TRIES)
def test_the_goal_can_be_reached(found, number):
    assert number in found[number - 1]["reached"]


@pytest.mark.parametrize("index", range(len(NOTHING)), ids=map(str, NOTHING))
def test_nothing_is_reached_without_trying(found, index):
    assert found[len(TRIES) + index]["reached"] == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_tells_of_every_goal(language):
    text = (ROOT / f"chapters/{language}/laboratory.md").read_text("utf-8")
    name = {"ko": "**목표.**", "en": "**Goal.**"}[language]
    assert text.count(name) == len(TRIES)
