"""What the laboratory says of two models beside each other: no false alarm, and no lie."""

import pytest
import torch
from laboratory import node  # noqa: F401
from learning import LAB, learning, train  # noqa: F401  (a fixture)
from pages import browser, needs_browser  # noqa: F401  (fixtures)
from test_learning_samples import in_node

from utils.metrics import energy_distance

PROGRAM = """
import fs from "node:fs";
import { energyDifference, nearer, tidier } from "FOLDER/comparison.js";
import { PRESETS, paint, pointsOf } from "FOLDER/drawing.js";
const { tries, blur } = JSON.parse(fs.readFileSync(0, "utf8"));
const cells = paint(PRESETS.cat);
const everywhere = paint(() => 1);
const out = { alike: [], apart: [], turned: [] };
for (let i = 0; i < tries; i += 1) {
  const [x, y, data] = [1, 2, 3].map((k) => pointsOf(cells, 512, 10 * i + k).points);
  const noise = pointsOf(everywhere, 512, 10 * i + 4).points;
  const blurred = y.map((value, k) => value + blur * noise[k]);
  const said = (a, b) => [nearer(a, b, data), tidier(a, b, cells)];
  out.alike.push(said(x, y));
  out.apart.push(said(x, blurred));
  out.turned.push(said(blurred, x));
  if (!i) out.points = [x, blurred, data].map((points) => [...points]);
  if (!i) out.first = energyDifference(x, blurred, data);
  if (!i) out.wild = nearer(x.map(() => NaN), y, data);
}
console.log(JSON.stringify(out));
"""


@pytest.fixture(scope="module")
def said():
    return in_node(PROGRAM, {"tries": 60, "blur": 0.55})


def test_the_difference_is_that_of_utils_and_its_error_that_of_a_bootstrap(said):
    x, y, data = (torch.tensor(p, dtype=torch.float64).reshape(-1, 2) for p in said["points"])

    def difference(rows, columns):
        a, b, d = x[rows], y[rows], data[columns]
        return energy_distance(a, d) - energy_distance(b, d)

    every = torch.arange(512)
    assert abs(difference(every, every) - said["first"]["difference"]) < 1e-6
    torch.manual_seed(0)
    again = [difference(*torch.randint(512, (2, 512))) for _ in range(200)]
    spread = torch.tensor(again, dtype=torch.float64).std()
    assert 0.8 < said["first"]["error"] / spread < 1.25  # 200 draws know it within 10 %


def test_two_sets_of_the_same_drawing_are_rarely_said_to_differ(said):
    alarms = torch.tensor(said["alike"]).abs().double().mean(0)
    assert (alarms <= 0.1).all(), alarms
    assert said["wild"] == 1  # the other one has the samples


def test_a_blur_is_found_and_on_the_right_side(said):
    for name, sign in (("apart", -1), ("turned", 1)):
        found = torch.tensor(said[name])
        assert ((found == sign).double().mean(0) > 0.8).all(), found
        assert not (found == -sign).any()


@needs_browser
def test_what_was_different_is_said_of_what_was_trained(learning):  # noqa: F811
    page = learning()
    text = f"{LAB}.root.querySelector('.fl-verdict').innerText"
    assert page.evaluate(text) == ""
    train(page, {"budget": 500, "steps": 4})
    energies = page.evaluate(f"{LAB}.sides.map((s) => s.seen.energy)")
    shown = page.evaluate(text)
    assert "Scheduler CondOT / DDPM" in shown and "Prediction velocity / noise" in shown
    assert energies[0] < energies[1] and "Flow matching comes nearer" in shown, shown
    # One more dot, and the samples are those of another drawing: nothing is said, no goal reached.
    goal = f"{LAB}.reached.has(0)"
    page.evaluate(f"{LAB}.cells.fill(1, 0, 40); {LAB}.set({{steps: 20}}).then(() => null)")
    assert page.evaluate(text) == "" and "train again" in page.evaluate("host.innerText")
    page.evaluate(f"{LAB}.replace({LAB}.cells.slice(), true)")
    page.evaluate(f"{LAB}.set({{steps: 50}}).then(() => null)")
    assert not page.evaluate(goal), "learned before it was drawn"
    # The same recipe twice, from the same seed: the same network, and nothing between them.
    train(page, {"steps": 20, "b.path": "condot", "b.prediction": "velocity"})
    shown = page.evaluate(text)
    assert "in the same way" in shown and "no clear difference" in shown, shown
    assert page.complaints(page.base) == []  # one answers before the other
    assert "nearer" not in shown and "less often" not in shown, shown
