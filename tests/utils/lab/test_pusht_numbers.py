"""Push-T in the page: its simulator is gym-pusht's, its policy is the one that was trained."""

import base64
import json
import re
import subprocess

import numpy as np
import pytest
import torch
from laboratory import node

from supply import simulator
from supply.pusht_page import apart, starts
from utils.lab.pusht import PushTLab, module, push_state, recorded_policy
from utils.lab.source import FOLDER, joined
from utils.pusht.features import features
from utils.pusht.recorded import recorded_episodes

POLICY = """
import { readFileSync } from "node:fs";
const { policy, states, noise, t } = JSON.parse(readFileSync(0));
const made = createPolicy(policy);
const ask = (s, i) => Array.from(made.velocity(noise[i], t, made.encode(s)));
const out = { velocity: states.map(ask) };
for (const n of [1, 2, 4, 8, 16]) out[n] = states.map((s, i) => made.plan(s, noise[i], n));
process.stdout.write(JSON.stringify(out));
"""
EPISODE = """
import { readFileSync } from "node:fs";
const { start, seed, settings } = JSON.parse(readFileSync(0));
const plans = [];
const policy = { size: 32, plan(states, noise, steps) {
  const [x, y] = states[1];
  const plan = Array.from({ length: 16 }, (_, k) => [x + 4 * k, y]);
  plans.push({ states, noise: Array.from(noise), steps });
  return plan;
} };
const episode = createEpisode(await createTable(), policy);
episode.begin(start, seed);
const actions = [];
while (!episode.done) { episode.act(settings); actions.push(episode.action); }
const { steps, evaluations, success } = episode;
const said = { steps, evaluations, success, made: episode.plans, plans, actions };
process.stdout.write(JSON.stringify(said));
"""


def run(script, given, tmp_path):
    file = tmp_path / "script.mjs"
    file.write_text(script, "utf-8")
    text = json.dumps(given)
    done = subprocess.run([node(), str(file)], input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- the simulator ------------------------------------------------------------------------------


def recorded():
    """Every episode that the course keeps; where the agent was is where it is sent."""
    found = []
    for episodes in recorded_episodes().values():
        for states, length, _ in episodes:
            way = states[1 : length + 1, :2].double().tolist()
            found.append({"start": states[0].double().tolist(), "actions": way})
    return found


def test_the_simulator_is_gym_pusht():
    pytest.importorskip("gym_pusht")
    episodes = recorded()
    assert len(episodes) == 16 and sum(len(e["actions"]) for e in episodes) > 3000
    found = apart(episodes, node())
    assert max(found.values()) < 1e-9, found
    assert apart(episodes[:1], node(), moved=1e-3)["pixels"] > 5e-4  # that would be noticed


def test_the_simulator_asks_for_nothing():
    text = (FOLDER / "pusht-wasm.js").read_text("utf-8")
    lines = re.findall(r'"([\w+/=]+)"', text.partition("export const")[2])
    binary = base64.b64decode("".join(lines))
    assert binary[:4] == b"\0asm" and len(binary) < 64_000
    assert b"wasi" not in binary and not re.search(rb"[\w.]+/[\w.]+/[\w.]+", binary)
    for named in (simulator.PYMUNK, simulator.ZIG, "Permission is hereby granted", "Lembcke"):
        assert named in text


def test_the_initial_states_are_those_of_the_record():
    gym = pytest.importorskip("gym_pusht.envs.pusht")
    drawn = starts()
    assert recorded_policy()[1]["starts"] == drawn and len(drawn) == 50
    environment = gym.PushTEnv(obs_type="state")
    for seed, start in ((100000, drawn[0]), (100049, drawn[49])):
        first, _ = environment.reset(seed=seed)
        again, _ = environment.reset(options={"reset_to_state": start})
        assert np.array_equal(first, again)


# ---- the policy ---------------------------------------------------------------------------------


def test_the_policy_computes_what_torch_computes(tmp_path):
    policy, _ = recorded_policy()
    g = torch.Generator().manual_seed(0)
    states = 512 * torch.rand(12, 2, 5, generator=g)
    states[..., 4] = 2 * torch.pi * torch.rand(12, 2, generator=g)
    noise = torch.randn(12, 16, 2, generator=g)
    given = {"states": states.tolist(), "noise": noise.flatten(1).tolist(), "t": 0.3}
    script = joined("pusht-policy.js") + POLICY
    found = run(script, given | {"policy": push_state()["policy"]}, tmp_path)
    seen = features(states)
    code = policy.net.encode(policy.observations(seen))
    velocity = policy.net(noise, torch.tensor(0.3), code).flatten(1)
    assert (torch.tensor(found["velocity"]) - velocity).abs().max() < 1e-4
    for steps in (1, 2, 4, 8, 16):
        plan = policy.actions(policy.plan(seen, steps, noise))
        assert (policy.actions(torch.tensor(found[str(steps)])) - plan).abs().max() < 1e-4
    wrong = push_state()["policy"] | {"depth": policy.net.depth - 1}
    found = run(script, given | {"policy": wrong}, tmp_path)
    assert (torch.tensor(found["velocity"]) - velocity).abs().max() > 1e-2


@pytest.mark.parametrize(("evaluations", "chunk"), [(8, 8), (1, 3)])
def test_an_episode_looks_plans_and_acts_in_turn(evaluations, chunk, tmp_path):
    settings = {"evaluations": evaluations, "chunk": chunk}
    given = {"start": [100, 400, 256, 300, 0.5], "seed": 3, "settings": settings}
    script = joined("pusht-episode.js") + EPISODE
    found = run(script, given, tmp_path)
    assert found["steps"] == 300 and not found["success"]
    assert found["made"] == len(found["plans"]) == -(-300 // chunk)
    assert found["evaluations"] == evaluations * found["made"]
    first, second = found["plans"][:2]
    assert first["states"][0] == first["states"][1]  # the first state is repeated at the start
    assert second["noise"] != first["noise"] and len(first["noise"]) == 32
    # A plan begins at the older state: its second action is the first that is carried out.
    x, y = first["states"][1][:2]
    for k in range(chunk):
        assert found["actions"][k] == [x + 4 * (k + 1), y]
    assert max(max(action) for action in found["actions"]) <= 512
    assert run(script, given, tmp_path) == found
    assert run(script, given | {"seed": 4}, tmp_path)["plans"][0]["noise"] != first["noise"]


# ---- what the page gets -------------------------------------------------------------------------


def test_the_module_is_one_small_file_that_asks_nobody(tmp_path):
    text = module()
    assert not re.search(r"^\s*import\b|\bimport\(|fetch\(|https?://|XMLHttp", text, re.M)
    assert text.count("export ") == 1 and len(text) < 130_000
    assert len(json.dumps(push_state())) < 800_000  # with all other files a page is below 1 MB
    file = tmp_path / "one.mjs"
    file.write_text(text, "utf-8")
    assert subprocess.run([node(), "--check", str(file)], capture_output=True).returncode == 0


def test_the_site_writes_what_the_element_asks_for():
    from book.extension import laboratory
    from book.finish.light import LABORATORY

    assert laboratory.scripts()[PushTLab.FILE] == module()
    html = PushTLab().html()
    assert f'data-module="{PushTLab.FILE}"' in html
    host, state = LABORATORY.search(html).groups()
    assert "data-module" in host and json.loads(state)["start"]["evaluations"] == 8


@pytest.mark.parametrize("wrong", [{"evaluations": 3}, {"chunk": 0}, {"chunk": 9}])
def test_settings_that_the_page_does_not_have_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        PushTLab(**wrong)
