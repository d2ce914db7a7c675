"""The laboratory that learns against torch: the same weights and batches, 50 steps of training."""

import json
import subprocess

import pytest
import torch
from laboratory import node
from training import by_torch

from utils.lab.source import FOLDER
from utils.models import MLP
from utils.paths import DiscreteVP

PROGRAM = """
import fs from "node:fs";
import { TRAINING } from "FOLDER/training-kernel.js";
import { compileKernel } from "FOLDER/compile.js";
import { begin, createPerceptron, frequencies } from "FOLDER/perceptron.js";
import { createBatches, ALPHA_BAR } from "FOLDER/recipe.js";
import { finish } from "FOLDER/metrics.js";
import { gaussian, uniform } from "FOLDER/random.js";
const { recipes, steps, batch, rate, hidden, depth } = JSON.parse(fs.readFileSync(0, "utf8"));
const points = gaussian(3)(600).map((value, i) => (i % 4 < 2 ? 1.2 : -1) + 0.3 * value);
const labels = Int32Array.from({ length: 300 }, (_, i) => i % 2);
const runs = recipes.map((recipe) => {
  const classes = recipe.classes ?? 0;
  const widths = [18 + classes, ...Array(depth).fill(hidden), 2];
  const network = createPerceptron(compileKernel(TRAINING), { widths, labels: classes });
  const start = begin(widths, uniform(5));
  const data = { points, labels: classes ? labels : null };
  const draw = createBatches(recipe, data, 1);
  network.set(start);
  network.differentiate(finish(createBatches(recipe, data, 1)(batch)));
  const gradient = network.gradient();
  network.set(start);
  const batches = [];
  const found = [];
  for (let step = 0; step < steps; step += 1) {
    const drawn = finish(draw(batch));
    batches.push(["x0", "x1", "t", "label"].map((key) => drawn[key] && Array.from(drawn[key])));
    found.push(network.learn(drawn, 0.5 * (1 + Math.cos((Math.PI * step) / steps)) * rate));
  }
  const [x, t] = batches[0].slice(1, 3).map((numbers) => Float64Array.from(numbers));
  return {
    recipe, start, gradient, batches, losses: found,
    weights: network.weights(), average: network.average(),
    answer: Array.from(network.predict(x, t, classes ? 1 : -1)),
  };
});
const plain = (key, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value);
console.log(JSON.stringify({ runs, waves: frequencies(16), bars: ALPHA_BAR }, plain));
"""


def in_node(**asked):
    asked = {"steps": 50, "batch": 256, "rate": 3e-3, "hidden": 64, "depth": 3} | asked
    done = subprocess.run(
        [node(), "--input-type=module", "-e", PROGRAM.replace("FOLDER", FOLDER.as_uri())],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


RECIPES = [
    {"path": "condot", "prediction": "velocity"},
    {"path": "ddpm", "prediction": "epsilon"},
    {"path": "cosine", "prediction": "v"},
    {"path": "vp", "prediction": "target", "times": "middle"},
    {"path": "condot", "prediction": "velocity", "batch": 64},
    {"path": "condot", "prediction": "velocity", "classes": 2},
]


@pytest.fixture(scope="module")
def found():
    return in_node(recipes=RECIPES)


@pytest.mark.parametrize("index", range(len(RECIPES)), ids=[str(r) for r in RECIPES])
def test_training_equals_torch(found, index, monkeypatch):
    run = found["runs"][index]
    seen, weights, average, answer, slope = by_torch(run, monkeypatch)
    assert (torch.tensor(run["gradient"]) - slope).abs().max() < 1e-5 * slope.abs().max()
    assert (torch.tensor(run["losses"]) - seen).abs().max() < 1e-4 * seen.max()
    for name, want in (("weights", weights), ("average", average), ("answer", answer)):
        error = (torch.tensor(run[name]) - want).abs().max()
        assert error < 1e-4, name
    moved = (weights - torch.tensor(run["start"])).abs().max()
    assert moved > 0.02  # equal weights say something only if they have moved


def test_constants_are_those_of_the_course(found):
    waves, bars = torch.tensor(found["waves"]), torch.tensor(found["bars"], dtype=torch.float64)
    assert (waves - MLP(2).embed.frequencies).abs().max() < 1e-5
    assert (bars / DiscreteVP().alpha_bar - 1).abs().max() < 1e-10


@pytest.mark.parametrize(("batch", "hidden", "depth"), [(1, 4, 1), (65, 12, 2), (100, 128, 4)])
def test_any_size_of_batch_and_network(batch, hidden, depth, monkeypatch):
    asked = {"batch": batch, "hidden": hidden, "depth": depth, "rate": 1e-3}
    (run,) = in_node(recipes=RECIPES[:1], **asked)["runs"]
    _, weights, average, *_ = by_torch(run, monkeypatch, hidden, depth, rate=1e-3)
    assert (torch.tensor(run["weights"]) - weights).abs().max() < 1e-4
    assert (torch.tensor(run["average"]) - average).abs().max() < 1e-4


def test_both_models_see_the_same_noise_data_and_levels(found):
    flow, diffusion = (run["batches"] for run in found["runs"][:2])
    for mine, theirs in zip(flow, diffusion, strict=True):
        assert mine[:2] == theirs[:2]
        gap = torch.tensor(mine[2]) - torch.tensor(theirs[2])
        assert gap.abs().max() < 1.001e-3  # a moment of 1,000


def test_optimal_pairs_are_shorter(found):
    length = {}
    for index in (0, 4):
        pairs = [torch.tensor(batch[:2]) for batch in found["runs"][index]["batches"]]
        length[index] = torch.stack([(x_1 - x_0).square().mean() for x_0, x_1 in pairs]).mean()
    assert length[4] < 0.6 * length[0]
