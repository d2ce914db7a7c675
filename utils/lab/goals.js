// Eight things to try, and how the laboratory sees that one of them is reached.

/** As near to fresh data as three times what other fresh data are, or nearer. */
export const good = ({ seen }) => seen.energy <= Math.max(3 * seen.energyAtBest, 0.02);
const bad = ({ seen }) => !(seen.energy <= Math.max(6 * seen.energyAtBest, 0.04));

const different = ({ recipe: a }, { recipe: b }) => a.path !== b.path || a.prediction !== b.prediction;

/**
 * Each is told {a, b, settings, apart, own} when both models are trained and their samples are
 * there; `own` says that the drawing is none of the ready-made ones.
 */
export const GOALS = [
  ({ a, b, own, settings }) => own && !settings.exact && good(a) && good(b),
  ({ a, settings }) => !settings.exact && a.seen.nfe <= 4 && good(a),
  ({ a, b, settings }) =>
    !settings.exact && a.recipe.prediction === "velocity" && b.recipe.prediction === "epsilon" &&
    bad(a) && !bad(b) && !(b.seen.energy >= 0.5 * a.seen.energy),
  ({ a, settings }) => !settings.exact && a.seen.nfe === 1 && good(a),
  ({ a, b, settings }) => settings.exact && [a, b].some(({ seen }) => seen.copied > 0.95 && seen.copiedAtBest < 0.5),
  ({ a, b, settings, apart }) => !settings.exact && settings.noise === 0 && different(a, b) && a.seen.nfe >= 50 && apart < 0.15,
  ({ a, b, settings }) => !settings.exact && settings.noise >= 0.5 && good(a) && good(b),
  ({ a, settings }) => !settings.exact && settings.weight >= 3 && a.seen.strayed !== null && a.seen.strayed < 0.005 && bad(a),
];
