"""The laboratory's numbers against torch: its JavaScript in node, without a browser."""

import json
import subprocess

import torch
from laboratory import SCHEDULERS, STEPS, by_torch, good, node  # noqa: F401  (a fixture)

from utils.lab import lab_state
from utils.lab.source import FOLDER
from utils.metrics import wasserstein2

PROGRAM = """
import fs from "node:fs";
import { decode } from "FOLDER/base64.js";
import { compileKernel } from "FOLDER/compile.js";
import { KERNEL } from "FOLDER/kernel.js";
import { wasserstein2 } from "FOLDER/metrics.js";
import { createNetwork } from "FOLDER/network.js";
import { gaussian } from "FOLDER/random.js";
import { cumulative, indices, sample } from "FOLDER/solvers.js";
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


def trained_a_little(good):  # noqa: F811
    """Weights like those of a trained network: the start of MLP gives almost nothing."""
    for kind in ("velocity", "epsilon"):
        for network in good[kind].values():
            for parameter in network.parameters():
                parameter.data *= 1.7
    return good


def test_javascript_equals_torch(good, monkeypatch):  # noqa: F811
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
        [node(), "--input-type=module", "-e", program],
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
