// What a network would answer that has learned the drawn points perfectly: a softmax over them.

import { level } from "./recipe.js";

/**
 * E[x_1 | x_t] of the points themselves, as utils.mixtures.EmpiricalDistribution has it. Answers
 * as a network would that predicts the data; `label` leaves only the points of its class.
 */
export function exactTarget(path, { points, labels }) {
  return (x, t, label = -1) => {
    const { alpha, sigma } = level(path, t);
    const out = new Float64Array(x.length);
    const scores = new Float64Array(points.length / 2);
    for (let i = 0; i < x.length; i += 2) {
      const own = typeof label === "number" ? label : label[i >> 1];
      let best = -Infinity;
      for (let j = 0; j < scores.length; j += 1) {
        const [dx, dy] = [x[i] - alpha * points[2 * j], x[i + 1] - alpha * points[2 * j + 1]];
        scores[j] = own < 0 || labels[j] === own ? -(dx * dx + dy * dy) / (2 * sigma * sigma) : -Infinity;
        if (scores[j] > best) best = scores[j];
      }
      let total = 0;
      for (let j = 0; j < scores.length; j += 1) {
        if (scores[j] - best < -40) continue;
        const weight = Math.exp(scores[j] - best);
        total += weight;
        out[i] += weight * points[2 * j];
        out[i + 1] += weight * points[2 * j + 1];
      }
      out[i] /= total;
      out[i + 1] /= total;
    }
    return out;
  };
}
