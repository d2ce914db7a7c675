"""The engine in node: work that is superseded is dropped, and others are answered meanwhile."""

import json
import subprocess

import pytest
from laboratory import good, lab, node  # noqa: F401  (fixtures)

from utils.lab.source import FOLDER

PROGRAM = """
import fs from "node:fs";
import { createEngine } from "FOLDER/worker.js";
const { lab } = JSON.parse(fs.readFileSync(0, "utf8"));
const answers = [];
let hear = () => {};
const answer = createEngine((message) => {
  answers.push({ ...message, at: performance.now() });
  hear(message);
});
await answer({ id: 0, type: "load", lab });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const settings = { ...lab.start, model: "diffusion", sampler: "ddpm", steps: 1000, seed: 0 };
const count = (type) => answers.filter((answer) => answer.type === type).length;
const out = await (async () => { SCRIPT })();
console.log(JSON.stringify(out));
"""


@pytest.fixture
def run(lab):  # noqa: F811
    def run(script):
        program = PROGRAM.replace("FOLDER", FOLDER.as_uri()).replace("SCRIPT", script)
        done = subprocess.run(
            [node(), "--input-type=module", "-e", program],
            input=json.dumps({"lab": lab}),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


ASK = {
    "probe": "{ type: 'probe', settings, point: [id / 60, 0] }",
    "run": "{ type: 'run', settings: { ...settings, steps: 100 } }",
    "field": "{ type: 'field', settings, limits: 3, side: 15, count: 21 }",
    "pairs": "{ type: 'pairs', settings: { ...settings, model: 'flow' } }",
}
LAST = {"probe": "probe", "run": "distance", "field": "field", "pairs": "pairs"}


@pytest.mark.parametrize("kind", ASK)
def test_of_many_in_a_row_only_the_last_is_answered(run, kind):
    out = run(f"""
        const ask = (id) => answer({{ id, ...{ASK[kind]} }});
        await Promise.all(Array.from({{ length: 60 }}, (_, i) => ask(i + 1)));
        return answers.map((answer) => [answer.type, answer.id]);
    """)
    finished = [pair for pair in out if pair[0] == LAST[kind]]
    assert finished == [[LAST[kind], 60]]
    assert {id for _, id in out} == {60}  # the others have not even begun


def test_drags_that_come_one_by_one_stop_the_one_before(run):
    """As the reader drags: each comes while the one before it is being computed."""
    out = run("""
        const sde = { ...settings, model: "flow", sampler: "sde", steps: 20000 };
        const asked = [];
        for (let id = 1; id <= 60; id += 1) {
          asked.push(answer({ id, type: "probe", settings: sde, point: [id / 60, 0] }));
          await new Promise(setImmediate); // at its first pause, after a small part of the work
        }
        await Promise.all(asked);
        return answers.map((answer) => [answer.type, answer.id]);
    """)
    assert out == [["probe", 60]]


def test_a_long_run_lets_others_be_answered(run):
    out = run("""
        const sde = { ...settings, model: "flow", sampler: "sde" };
        const long = answer({ id: 1, type: "run", settings: { ...sde, steps: 4000 } });
        await new Promise(setImmediate); // now it is at work
        await answer({ id: 2, type: "probe", settings: { ...sde, steps: 10 }, point: [0, 0] });
        await answer({ id: 3, type: "ping" });
        const first = count("states");
        await long;
        return [first, count("states"), count("probe"), count("pong"), count("error")];
    """)
    assert out == [0, 1, 1, 1, 0], out  # the short one was answered before the long one


LONG = {
    "probe": "{ type: 'probe', settings: { ...sde, steps: 20000 }, point: [0, 0] }",
    "run": "{ type: 'run', settings: { ...sde, steps: 4000 } }",
    "field": "{ type: 'field', settings: sde, limits: 3, side: 15, count: 5000 }",
    "pairs": "{ type: 'pairs', settings: { ...sde, seed: 1 } }",
}


@pytest.mark.parametrize("kind", LONG)
def test_no_turn_is_long(run, kind):
    """However long a job takes, others have their turn (measured in the processor's time)."""
    out = run(f"""
        const sde = {{ ...settings, model: "flow", sampler: "sde", seed: 0 }};
        const numbers = Float32Array.from({{ length: 2400 }}, () => Math.random());
        const noise = Buffer.from(numbers.buffer).toString("base64");
        const flow = {{ ...lab.models.flow, batch: 600 }};
        await answer({{ id: 0, type: "load", lab: {{ ...lab, models: {{ flow }}, noise }} }});
        const spent = () => process.cpuUsage().user / 1000;
        const turns = [];
        let going = true;
        const watch = (async () => {{
          for (let last = spent(); going; last = spent()) {{
            await sleep(0);
            turns.push(spent() - last);
          }}
        }})();
        await answer({{ id: 7, ...{LONG[kind]} }});
        going = false;
        await watch;
        return [Math.max(...turns), turns.reduce((sum, turn) => sum + turn, 0), count("error")];
    """)
    longest, total, errors = out
    assert errors == 0 and total > 100, out  # milliseconds
    assert longest < 100 and longest < 0.4 * total, out


def test_two_that_pause_at_the_same_time_both_go_on(run):
    out = run("""
        await Promise.all([
          answer({ id: 1, type: "run", settings: { ...settings, steps: 300 } }),
          answer({ id: 2, type: "probe", settings, point: [0, 0] }),
          answer({ id: 3, type: "field", settings, limits: 3, side: 15, count: 200 }),
        ]);
        return ["states", "distance", "probe", "field", "error"].map(count);
    """)
    assert out == [1, 1, 1, 1, 0]


def test_a_trace_does_not_take_the_place_of_what_is_shown(run):
    out = run("""
        await Promise.all([
          answer({ id: 1, type: "run", settings: { ...settings, steps: 20 } }),
          answer({ id: 2, type: "trace", settings: { ...settings, steps: 20 } }),
        ]);
        const states = answers.filter(({ type }) => type === "states");
        return states.map(({ id, noises }) => [id, noises.length]);
    """)
    assert sorted(out) == [[1, 0], [2, 19]]


def test_a_closed_engine_stops(run):
    out = run("""
        const long = answer({ id: 1, type: "run", settings });
        await new Promise(setImmediate);
        answer({ type: "close" });
        await long;
        return [count("states"), count("error")];
    """)
    assert out == [0, 0]
