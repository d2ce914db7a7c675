// Runs in a worker: computes every state of every particle once per setting, off the main thread.
import { decode } from "./base64.js";
import { compileKernel } from "./compile.js";
import { KERNEL } from "./kernel.js";
import { couple, distance, floor } from "./metrics.js";
import { createNetwork } from "./network.js";
import { gaussian } from "./random.js";
import { SCHEDULERS, cumulative, evaluations, sample, velocityOn } from "./solvers.js";
import { createTurn, inTurns } from "./turns.js";

const KEPT = 100; // states kept of a longer run; the picture lies between two of them
const COPIES = 24; // runs from the point that the reader drags, where the sampler is random
const BLOCK = 256; // points of one exact W2;
const BLOCKS = 3; // it is the mean of so many
const STOCHASTIC = new Set(["sde", "ddpm"]);

/** Answer messages {id, type, ...}; `post(message, transfer)` sends the answers. */
export function createEngine(post) {
  const models = {};
  let noise, data, baseline;
  const current = {}; // the latest request of each type: an older one stops

  /** For a job of this message: `await turn()` lets others in; false if the job is superseded. */
  const turns = ({ id, type }, paused) => createTurn(() => current[type] === id, paused);

  function load({ lab }) {
    const kernel = compileKernel(KERNEL);
    const betas = lab.betas && decode(lab.betas, Float64Array);
    for (const [name, spec] of Object.entries(lab.models)) {
      const { widths, frequencies } = spec;
      const network = createNetwork({ widths, frequencies, weights: decode(spec.weights) }, kernel);
      models[name] = { ...spec, network, alphaBar: betas && cumulative(betas) };
    }
    data = Float64Array.from(decode(lab.data));
    noise = Float64Array.from(decode(lab.noise));
  }

  /** The noise that the particles start from: the notebook's own, or fresh. */
  const start = (seed) => (seed === 0 ? noise : gaussian(seed)(noise.length));

  async function run(message) {
    const { id, settings, trace } = message;
    let share = 0;
    const turn = turns(message, () => post({ id, type: "progress", share }));
    if (!(await turn())) return;
    const model = models[settings.model];
    const x0 = start(settings.seed);
    const normal = gaussian(settings.seed + 1000003);
    const noises = [];
    const draw = (n) => {
      const z = normal(n);
      if (trace) noises.push(z);
      return z;
    };
    const steps = model.kind === "epsilon" ? Math.min(settings.steps, model.alphaBar.length) : settings.steps;
    const stride = Math.ceil(steps / KEPT);
    const states = [];
    const times = [];
    let done = 0;
    for (const { time, x } of sample(model, settings, x0, draw)) {
      if (done % stride === 0 || done === steps) {
        states.push(Float32Array.from(x));
        times.push(time);
      }
      done += 1;
      share = time;
      if (!(await turn())) return;
    }
    const end = states[states.length - 1];
    const nfe = evaluations(settings.sampler, steps);
    post({ id, type: "states", times, states, nfe, noises });
    if (trace) return;
    const others = turns(message); // whoever waits for the states gets them before the distance
    if (!(await others())) return;
    const least = Math.min(x0.length, data.length) / 2;
    const n = Math.min(BLOCK, Math.floor(least / 2));
    const blocks = Math.min(BLOCKS, Math.floor(least / n));
    baseline ??= await inTurns(floor(data, n, blocks), others);
    if (baseline === null) return;
    const finite = end.every(Number.isFinite);
    const w2 = finite ? await inTurns(distance(end, data, n, blocks), others) : NaN;
    if (w2 === null) return;
    post({ id, type: "distance", w2, baseline, n, blocks });
  }

  /** States on the conditional paths: the pair (x_0, x_1), mixed by the scheduler. */
  async function pairs(message) {
    const { id, settings } = message;
    const turn = turns(message);
    if (!(await turn())) return;
    const model = models[settings.model];
    const x0 = start(settings.seed);
    const n = x0.length;
    const ends = Float64Array.from(x0, (_, i) => data[i % data.length]);
    const x1 = await inTurns(couple(x0, ends, model.batch ?? 1), turn);
    if (!x1) return;
    const straight = model.kind === "velocity" && settings.scheduler === "condot";
    const count = straight ? 1 : 32;
    const times = Array.from({ length: count + 1 }, (_, i) => i / count);
    const states = times.map((t) => {
      const [alpha, sigma] = weights(model, settings, t);
      return Float32Array.from({ length: n }, (_, i) => alpha * x1[i] + sigma * x0[i]);
    });
    post({ id, type: "pairs", times, states });
  }

  function weights(model, settings, t) {
    if (model.kind === "velocity") {
      const s = SCHEDULERS[settings.scheduler];
      return [s.alpha(t), s.sigma(t)];
    }
    const T = model.alphaBar.length;
    const k = Math.round((1 - t) * T) - 1;
    const bar = k < 0 ? 1 : model.alphaBar[k];
    return [Math.sqrt(bar), Math.sqrt(1 - bar)];
  }

  /** The same start many times: how far apart do a random sampler's runs end? */
  async function probe(message) {
    const { id, settings, point } = message;
    const turn = turns(message);
    if (!(await turn())) return;
    const model = models[settings.model];
    const copies = STOCHASTIC.has(settings.sampler) ? COPIES : 1;
    const x0 = Float64Array.from({ length: 2 * copies }, (_, i) => point[i % 2]);
    const states = [];
    const times = [];
    for (const { time, x } of sample(model, settings, x0, gaussian(settings.seed + 2000003))) {
      states.push(Float32Array.from(x));
      times.push(time);
      if (!(await turn())) return;
    }
    post({ id, type: "probe", times, states });
  }

  /** Arrows on a grid at several times: the velocity, or minus the predicted noise. */
  async function field(message) {
    const { id, settings, limits, side, count } = message;
    const turn = turns(message);
    if (!(await turn())) return;
    const model = models[settings.model];
    const grid = new Float64Array(2 * side * side);
    for (let i = 0; i < side * side; i += 1) {
      grid[2 * i] = limits * ((2 * ((i % side) + 0.5)) / side - 1);
      grid[2 * i + 1] = limits * ((2 * (Math.floor(i / side) + 0.5)) / side - 1);
    }
    const sign = model.kind === "epsilon" ? -1 : 1;
    const velocity = sign < 0 ? model.network : velocityOn(settings.scheduler, model.network);
    const times = Array.from({ length: count }, (_, i) => (0.99 * i) / (count - 1)); // VP: inf. at 1
    const arrows = [];
    for (const t of times) {
      arrows.push(Float32Array.from(velocity(grid, t), (u) => sign * u));
      if (!(await turn())) return;
    }
    post({ id, type: "field", grid: Float32Array.from(grid), times, arrows });
  }

  /** The same with the noise that was drawn: for the tests, apart from what the reader sees. */
  const trace = (message) => run({ ...message, trace: true });
  const ping = () => post({ type: "pong" });
  /** Nothing is current any more: what is being computed stops at its next turn. */
  function close() {
    for (const type of Object.keys(current)) delete current[type];
  }

  const actions = { load, run, trace, pairs, probe, field, ping, close };
  return async function answer(message) {
    current[message.type] = message.id;
    try {
      await actions[message.type](message);
    } catch (error) {
      post({ id: message.id, type: "error", text: String(error) });
    }
  };
}
