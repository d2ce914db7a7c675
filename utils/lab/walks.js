// From noise to data by a recipe's model: the samplers of utils/samplers.py, and guidance.

import { ALPHA_BAR, beginning, fieldOf, moment } from "./recipe.js";
import { SCHEDULERS, ddimStep, eulerStep, evaluations, heunStep, indices, mix, midpointStep, sdeStep } from "./solvers.js";

const SOLVERS = { euler: eulerStep, midpoint: midpointStep, heun: heunStep };

/** How many steps there are: DDPM's path has no more than 1,000 moments. */
export const stepsOf = ({ path }, { steps }) => (path === "ddpm" ? Math.min(steps, ALPHA_BAR.length) : steps);

/** Number of evaluations of the network for one sample. */
export function evaluationsOf(recipe, settings) {
  const plain = recipe.path === "ddpm" || settings.noise > 0;
  return evaluations(plain ? "euler" : settings.solver, stepsOf(recipe, settings));
}

/** u_w = (1 - w) u(no class) + w u(class), as utils.guidance.guided has it. */
export function guided(predict, label, weight) {
  if (!label || weight === 0) return (x, t) => predict(x, t, -1);
  if (weight === 1) return (x, t) => predict(x, t, label);
  return (x, t) => mix(1 - weight, predict(x, t, -1), weight, predict(x, t, label));
}

/**
 * Yield {time, x} for the start and after every step.
 *
 * @param network (x, t) -> what the recipe predicts
 * @param settings {steps, solver, noise}; noise is eta on DDPM's path, gamma on the others
 * @param draw gives n standard normal numbers
 */
export function* walk(recipe, network, settings, x0, draw) {
  let x = x0;
  const field = fieldOf(recipe, network);
  const steps = stepsOf(recipe, settings);
  yield { time: 0, x };
  if (recipe.path === "ddpm") {
    const all = [...indices(ALPHA_BAR.length, steps), -1];
    for (let i = 0; i < steps; i += 1) {
      const [k, next] = [all[i], all[i + 1]];
      const z = settings.noise > 0 && next >= 0 ? draw(x.length) : null;
      x = ddimStep(field(x, moment(k)), x, k, next, ALPHA_BAR, settings.noise, z);
      yield { time: (i + 1) / steps, x };
    }
    return;
  }
  const start = beginning(recipe);
  const h = (1 - start) / steps;
  const scheduler = SCHEDULERS[recipe.path];
  for (let i = 0; i < steps; i += 1) {
    const t = start + i * h;
    x = settings.noise > 0
      ? sdeStep(field, x, t, h, scheduler, draw(x.length), settings.noise)
      : SOLVERS[settings.solver](field, x, t, h);
    yield { time: (i + 1) / steps, x };
  }
}
