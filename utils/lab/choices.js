// What can be set in the laboratory that learns, and what does not go together.

export const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 16, 20, 50, 100, 200];
export const SIDES = ["a", "b"]; // flow matching, diffusion

export const CHOICES = {
  seed: (value) => Number.isInteger(value) && value >= 0 && value < 1e5,
  count: [20, 200, 1000, 4000],
  budget: [500, 1500, 5000],
  steps: STEPS,
  solver: ["euler", "midpoint", "heun"],
  noise: (value) => value >= 0 && value <= 1,
  weight: (value) => value >= 0 && value <= 5,
  exact: [false, true],
  path: ["condot", "cosine", "vp", "ddpm"],
  prediction: ["velocity", "epsilon", "target", "v"],
  batch: [1, 16, 64, 256],
  times: ["uniform", "middle", "noise"],
};
const RECIPE = ["path", "prediction", "batch", "times"];
const BEGIN = { a: { path: "condot", prediction: "velocity" }, b: { path: "ddpm", prediction: "epsilon" } };

export const DEFAULTS = { seed: 1, count: 1000, budget: 1500, steps: 20, solver: "euler", noise: 0, weight: 1, exact: false };
export const ALLOWED = {};
for (const key of Object.keys(DEFAULTS)) ALLOWED[key] = CHOICES[key];
for (const side of SIDES) {
  for (const key of RECIPE) {
    DEFAULTS[`${side}.${key}`] = BEGIN[side][key] ?? CHOICES[key][0];
    ALLOWED[`${side}.${key}`] = CHOICES[key];
  }
}

/** Heun's last evaluation is at t = 1: where the velocity is infinite there, or not known. */
const heunFails = ({ path, prediction }) => path === "vp" || prediction === "target";

/** The recipe of one side, among all settings. */
export const recipeOf = (settings, side) =>
  Object.fromEntries(RECIPE.map((key) => [key, settings[`${side}.${key}`]]));

/** Change what does not go together; `weight` counts only where there are two colours. */
export function agree(settings) {
  for (const side of SIDES) {
    // DDPM's path is known at its moments alone: it has no velocity.
    const { path, prediction } = recipeOf(settings, side);
    if (path === "ddpm" && prediction === "velocity") settings[`${side}.prediction`] = "epsilon";
  }
  const heunless = SIDES.some((side) => heunFails(recipeOf(settings, side)));
  if (heunless && settings.solver === "heun") settings.solver = "midpoint";
  return { heunless };
}

export const samplingOf = ({ steps, solver, noise, weight, exact }) => ({ steps, solver, noise, weight, exact });
