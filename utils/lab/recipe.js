// What a model is trained on, and what its answer means: paths, predictions, pairs and times.
// As utils/paths.py and utils/losses.py have it. A recipe is {path, prediction, batch, times}.

import { partners } from "./metrics.js";
import { gaussian, uniform } from "./random.js";
import { SCHEDULERS, cumulative, mix } from "./solvers.js";

const T = 1000;

/** DDPM's schedule: torch.linspace(1e-4, 0.02, 1000), in float64. */
const betas = Float64Array.from({ length: T }, (_, i) => {
  const step = (0.02 - 1e-4) / (T - 1);
  return i < T / 2 ? 1e-4 + step * i : 0.02 - step * (T - 1 - i);
});
export const ALPHA_BAR = cumulative(betas);

/** The moment k of DDPM on the course's clock. */
export const moment = (k) => 1 - (k + 1) / T;

/** Weights of data and noise at a time, and their derivatives; DDPM's are known at its moments. */
export function level(path, t) {
  if (path !== "ddpm") {
    const s = SCHEDULERS[path];
    return { alpha: s.alpha(t), sigma: s.sigma(t), dAlpha: s.dAlpha(t), dSigma: s.dSigma(t) };
  }
  const k = Math.round((1 - t) * T) - 1;
  const bar = k < 0 ? 1 : ALPHA_BAR[k];
  return { alpha: Math.sqrt(bar), sigma: Math.sqrt(1 - bar), dAlpha: NaN, dSigma: NaN };
}

/** Row (a, b) of a prediction a x_1 + b x_0. */
export function row(prediction, { alpha, sigma, dAlpha, dSigma }) {
  if (prediction === "target") return [1, 0];
  if (prediction === "epsilon") return [0, 1];
  if (prediction === "velocity") return [dAlpha, dSigma];
  return [-sigma, alpha]; // v
}

/** E[x_1 | x] and E[x_0 | x] from a prediction: two linear equations. */
export function solve(prediction, at, x, value) {
  const [a, b] = row(prediction, at);
  const { alpha, sigma } = at;
  const determinant = alpha * b - sigma * a;
  return {
    x1: mix(b / determinant, x, -sigma / determinant, value),
    x0: mix(alpha / determinant, value, -a / determinant, x),
  };
}

/** The velocity (DDPM: the noise) that a network's prediction amounts to. */
export function fieldOf({ path, prediction }, network) {
  const wanted = path === "ddpm" ? "epsilon" : "velocity";
  if (prediction === wanted) return network;
  return (x, t) => {
    const at = level(path, t);
    const { x1, x0 } = solve(prediction, at, x, network(x, t));
    const [a, b] = row(wanted, at);
    return a === 0 ? x0 : mix(a, x1, b, x0);
  };
}

/** Where time begins: noise cannot be told from data where there is no data yet. */
export const beginning = ({ path, prediction }) =>
  prediction === "epsilon" && (path === "condot" || path === "cosine") ? 0.02 : 0;

/** Times from equally likely numbers: equally likely, mostly in the middle, mostly near noise. */
const TIMES = {
  uniform: (u) => u,
  middle: (u, z) => 1 / (1 + Math.exp(-z)), // logit-normal
  noise: (u) => u * u,
};

/**
 * Batches from a seed. Each of what is drawn has a stream of its own, so that two recipes see the
 * same data, the same noise and the same u.
 *
 * @param data {points, labels}: numbers x, y, ... and a class for each point
 * @param pairs noises that belong to the points (after reflow), or null: they are drawn
 */
export function createBatches(recipe, data, seed, { pairs = null, dropped = 0.1 } = {}) {
  const [which, when, drop] = [11, 12, 13].map((salt) => uniform(seed * 7919 + salt));
  const [noise, wave] = [14, 15].map((salt) => gaussian(seed * 7919 + salt));
  const { points, labels } = data;
  const count = points.length / 2;
  return function* draw(n) {
    const index = Int32Array.from({ length: n }, () => Math.floor(which() * count));
    const drawn = Float64Array.from({ length: 2 * n }, (_, i) => points[2 * index[i >> 1] + (i & 1)]);
    const fresh = noise(2 * n);
    const x0 = pairs ? fresh.map((_, i) => pairs[2 * index[i >> 1] + (i & 1)]) : fresh;
    const partner = yield* partners(x0, drawn, recipe.batch ?? 1);
    const x1 = drawn.map((_, i) => drawn[2 * partner[i >> 1] + (i & 1)]);
    const label = labels && Int32Array.from(partner, (j) => (drop() < dropped ? -1 : labels[index[j]]));
    const z = recipe.times === "middle" ? wave(n) : [];
    const t = Float64Array.from({ length: n }, (_, i) => {
      const share = TIMES[recipe.times ?? "uniform"](when(), z[i]);
      return recipe.path === "ddpm" ? moment(Math.floor(T * (1 - share) * (1 - 1e-12))) : share;
    });
    const [x, target] = [new Float64Array(2 * n), new Float64Array(2 * n)];
    for (let s = 0; s < n; s += 1) {
      const at = level(recipe.path, t[s]);
      const [a, b] = row(recipe.prediction, at);
      for (let i = 2 * s; i < 2 * s + 2; i += 1) {
        x[i] = at.alpha * x1[i] + at.sigma * x0[i];
        target[i] = a * x1[i] + b * x0[i];
      }
    }
    return { x, t, target, label, x0, x1 };
  };
}
