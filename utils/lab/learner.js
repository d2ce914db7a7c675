// Runs in a worker: one model that learns what the reader has drawn, and moves noise to data by it.
import { compileKernel } from "./compile.js";
import { exactTarget } from "./exact.js";
import { copies, energyDistance, meanDistance, strayed } from "./judgement.js";
import { distance, floor } from "./metrics.js";
import { begin, createPerceptron } from "./perceptron.js";
import { gaussian, uniform } from "./random.js";
import { createBatches } from "./recipe.js";
import { TRAINING } from "./training-kernel.js";
import { createTurn, inTurns } from "./turns.js";
import { evaluationsOf, guided, walk } from "./walks.js";

const EVERY = 50; // steps between two looks at the samples,
const GLANCE = 20; // which take so many steps at most: a training waits for them
const KEPT = 60; // states kept of a long run
const PAIRS = 2000; // pairs of noise and its end, which reflow learns from
const BLOCK = 256; // points of one exact W2; it is the mean of two
export const RADIUS = 0.01; // a sample that is nearer to a data point is a copy

/** Answer messages {id, type, ...}; `post(message)` sends the answers. */
export function createEngine(post) {
  let kernel = null;
  let model = null; // {recipe, data, seed, network}
  let settings = null; // the latest, for the looks during training
  let best = null; // what the measures say of fresh data, computed once
  const current = {};
  let held = null; // a promise while the page is out of sight, or the reader has stopped

  const turns = ({ id, type }) => createTurn(() => current[type] === id);

  function load() {
    kernel = compileKernel(TRAINING);
    if (!kernel) throw new Error("no WebAssembly with SIMD");
  }

  /** A network as utils.models.MLP begins, by the seed, and how its batches are drawn. */
  function create({ recipe, data, seed, width, depth }, pairs = null) {
    const labels = data.labels ? 2 : 0;
    const widths = [18 + labels, ...Array(depth).fill(width), 2];
    const network = createPerceptron(kernel, { widths, labels });
    const start = begin(widths, uniform(seed * 7919 + 1));
    network.set(start);
    const points = pairs ? { points: pairs.x1, labels: data.labels && pairs.labels } : data;
    return { recipe, data, seed, network, start, draw: createBatches(recipe, points, seed, { pairs: pairs?.x0 }) };
  }
  const rate = (step, { budget, peak }) => peak * 0.5 * (1 + Math.cos((Math.PI * step) / budget));

  /** The model's answer, or that of the exact field. */
  function fieldFor({ recipe, data, network }, { exact, weight }, label) {
    if (!exact) return [recipe, guided(network.predict, label, weight)];
    const target = { ...recipe, prediction: "target" };
    return [target, guided(exactTarget(recipe.path, data), label, weight)];
  }

  /** Move noise; null if superseded. `noises` gets what the sampler has drawn, for the tests. */
  async function move(one, asked, x0, label, turn, { kept = KEPT, noises = null } = {}) {
    const [recipe, field] = fieldFor(one, asked, label);
    const normal = gaussian(one.seed * 7919 + 3);
    const draw = (n) => {
      const z = normal(n);
      noises?.push(z);
      return z;
    };
    const safe = asked.exact && asked.solver === "heun" ? { ...asked, solver: "midpoint" } : asked;
    const stride = Math.ceil(safe.steps / kept);
    const [states, times] = [[], []];
    let done = 0;
    for (const { time, x } of walk(recipe, field, safe, x0, draw)) {
      if (done % stride === 0 || time === 1) {
        states.push(Float32Array.from(x));
        times.push(time);
      }
      done += 1;
      if (!(await turn())) return null;
    }
    return { states, times, nfe: evaluationsOf(recipe, safe) };
  }
  const noiseOf = (seed, n) => gaussian(seed * 7919 + 2)(2 * n);

  /** Samples of a model and how far they are from fresh data. */
  async function look(one, asked, turn, noises) {
    const { check, checkLabels, points, labels } = one.data;
    const n = check.length / 4; // the first half is compared with, the second is the measure
    const found = await move(one, asked, noiseOf(one.seed, n), checkLabels?.subarray(0, n), turn, { noises });
    if (!found) return null;
    const [fresh, others] = [check.subarray(0, 2 * n), check.subarray(2 * n)];
    if (!best) {
      const within = meanDistance(fresh, fresh);
      const energyAtBest = energyDistance(others, fresh, within);
      best = { within, energyAtBest, copiedAtBest: copies(fresh, points, RADIUS) };
    }
    const end = found.states.at(-1);
    const energy = end.every(Number.isFinite) ? energyDistance(end, fresh, best.within) : NaN;
    const astray = labels && strayed(end, checkLabels, points, labels);
    return { ...found, ...best, energy, copied: copies(end, points, RADIUS), strayed: astray };
  }

  async function train(message) {
    const { id, budget, batch } = message;
    const turn = turns(message);
    if (!(await turn())) return;
    let pairs = null;
    if (message.reflow) {
      const labels = message.data.labels && Int32Array.from({ length: PAIRS }, (_, i) => message.data.labels[i % message.data.labels.length]);
      const x0 = gaussian(message.seed * 7919 + 4)(2 * PAIRS);
      const asked = { steps: 50, solver: "midpoint", noise: 0, weight: 1, exact: false };
      const moved = await move(model, asked, x0, labels, turn, { kept: 1 });
      if (!moved) return;
      pairs = { x0, x1: Float64Array.from(moved.states.at(-1)), labels };
    }
    settings = message.settings;
    best = null;
    const one = create(message, pairs);
    model = one;
    let losses = [];
    for (let step = 0; step < budget; step += 1) {
      const drawn = await inTurns(one.draw(batch), turn);
      if (!drawn) return;
      losses.push(one.network.learn(drawn, rate(step, message)));
      const last = step + 1 === budget;
      if (last || (step + 1) % EVERY === 0) {
        const glance = { ...settings, exact: false, steps: Math.min(settings.steps, GLANCE) };
        const seen = await look(one, glance, turn);
        if (!seen) return;
        post({ id, type: last ? "trained" : "progress", step: step + 1, losses: Float32Array.from(losses), seen });
        losses = [];
      }
      if (!(await turn())) return;
      while (held) await held.ended;
      if (current.train !== id) return;
    }
  }

  /** The samples of the present model by other settings, and in the end their W2. */
  async function sample(message) {
    settings = message.settings;
    const turn = turns(message);
    if (!(await turn()) || !model) return post({ id: message.id, type: "none" });
    const noises = message.trace ? [] : null;
    const one = model;
    const seen = await look(one, message.settings, turn, noises);
    if (!seen) return;
    post({ id: message.id, type: "states", seen, noises });
    const { check } = one.data;
    const end = Float64Array.from(seen.states.at(-1));
    const blocks = Math.floor(check.length / 4 / BLOCK);
    const measured = blocks && end.every(Number.isFinite);
    const w2 = measured ? await inTurns(distance(end, check, BLOCK, blocks), turn) : NaN;
    const atBest = blocks ? await inTurns(floor(check, BLOCK, 2 * blocks), turn) : NaN;
    if (w2 === null || atBest === null) return;
    post({ id: message.id, type: "distance", w2, w2AtBest: atBest, n: BLOCK, blocks });
  }

  /** So many steps apart from what is shown, with all that was drawn: for the tests. */
  async function trace(message) {
    const one = create(message);
    const [batches, losses] = [[], []];
    for (let step = 0; step < message.steps; step += 1) {
      const drawn = await inTurns(one.draw(message.batch), async () => true);
      batches.push([drawn.x0, drawn.x1, drawn.t, drawn.label]);
      losses.push(one.network.learn(drawn, rate(step, message)));
    }
    const [weights, average] = [one.network.weights(), one.network.average()];
    post({ id: message.id, type: "trace", start: one.start, batches, losses, weights, average });
  }

  function hold({ id, on }) {
    if (on && !held) {
      held = {};
      held.ended = new Promise((resolve) => (held.end = resolve));
    } else if (!on && held) {
      const { end } = held;
      held = null;
      end();
    }
    post({ id, type: "held", on });
  }
  const ping = () => post({ type: "pong" });
  function close() {
    for (const type of Object.keys(current)) delete current[type];
    held?.end();
    held = null;
  }

  const actions = { load, train, sample, trace, hold, ping, close };
  return async function answer(message) {
    current[message.type] = message.id;
    try {
      await actions[message.type](message);
    } catch (error) {
      post({ id: message.id, type: "error", text: String(error) });
    }
  };
}
