// The samplers of utils/samplers.py and the schedulers of utils/schedulers.py, line by line.
// Points are flat arrays [x, y, x, y, ...]; t = 0 is noise, t = 1 is data.

/** x + a u, for arrays. */
function add(x, a, u) {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += 1) out[i] = x[i] + a * u[i];
  return out;
}

/** a x + b y, for arrays. */
export function mix(a, x, b, y) {
  const out = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += 1) out[i] = a * x[i] + b * y[i];
  return out;
}

// ---- schedulers: x_t = alpha x_1 + sigma x_0 ------------------------------------------------

const logAlpha = (t) => -0.25 * (1 - t) ** 2 * 19.9 - 0.05 * (1 - t);
const vp = {
  alpha: (t) => Math.exp(logAlpha(t)),
  sigma: (t) => Math.sqrt(-Math.expm1(2 * logAlpha(t))),
  dAlpha: (t) => 0.5 * (0.1 + (1 - t) * 19.9) * vp.alpha(t),
  dSigma: (t) => -(vp.alpha(t) * vp.dAlpha(t)) / vp.sigma(t), // minus infinity at t = 1
};

export const SCHEDULERS = {
  condot: { alpha: (t) => t, sigma: (t) => 1 - t, dAlpha: () => 1, dSigma: () => -1 },
  cosine: {
    alpha: (t) => Math.sin(0.5 * Math.PI * t),
    sigma: (t) => Math.sin(0.5 * Math.PI * (1 - t)),
    dAlpha: (t) => 0.5 * Math.PI * Math.cos(0.5 * Math.PI * t),
    dSigma: (t) => -0.5 * Math.PI * Math.sin(0.5 * Math.PI * t),
  },
  vp,
};

/** E[x_1 | x_t] and E[x_0 | x_t] from a velocity: two linear equations. */
function ends(s, x, t, u) {
  const [alpha, sigma, a, b] = [s.alpha(t), s.sigma(t), s.dAlpha(t), s.dSigma(t)];
  const determinant = alpha * b - sigma * a;
  const x1 = mix(b / determinant, x, -sigma / determinant, u);
  const x0 = mix(alpha / determinant, u, -a / determinant, x);
  return { x1, x0 };
}

/**
 * The velocity on another scheduler's path of a network that was trained on CondOT's.
 *
 * Both paths pass the same ratio of data to noise, one at t, the other at level; between the two
 * the picture is only scaled, by alpha + sigma.
 */
export function velocityOn(name, network) {
  if (name === "condot") return network;
  const s = SCHEDULERS[name];
  return (x, t) => {
    const scale = s.alpha(t) + s.sigma(t);
    const level = s.alpha(t) / scale;
    const point = x.map((value) => value / scale);
    const { x1, x0 } = ends(SCHEDULERS.condot, point, level, network(point, level));
    return mix(s.dAlpha(t), x1, s.dSigma(t), x0);
  };
}

// ---- steps ---------------------------------------------------------------------------------

export function eulerStep(velocity, x, t, h) {
  return add(x, h, velocity(x, t));
}

export function midpointStep(velocity, x, t, h) {
  const middle = add(x, 0.5 * h, velocity(x, t));
  return add(x, h, velocity(middle, t + 0.5 * h));
}

export function heunStep(velocity, x, t, h) {
  const k1 = velocity(x, t);
  const k2 = velocity(add(x, h, k1), Math.min(t + h, 1));
  return add(x, 0.5 * h, add(k1, 1, k2));
}

/** One Euler-Maruyama step of dX = (u - c x_0) dt + sqrt(2 sigma c) dW with c = lambda sigma. */
export function sdeStep(velocity, x, t, h, scheduler, z, lambda = 1) {
  const sigma = scheduler.sigma(t);
  const u = velocity(x, t);
  const { x0 } = ends(scheduler, x, t, u);
  const c = lambda * sigma;
  const drift = add(u, -c, x0);
  return add(add(x, h, drift), Math.sqrt(2 * sigma * c * h), z);
}

/** One DDIM step from index k to kNext (-1 is clean data); eta = 1 is ancestral sampling (DDPM). */
export function ddimStep(epsilon, x, k, kNext, alphaBar, eta, z) {
  const bar = alphaBar[k];
  const barNext = kNext === -1 ? 1 : alphaBar[kNext];
  const x1 = mix(1 / Math.sqrt(bar), x, -Math.sqrt((1 - bar) / bar), epsilon);
  const s = eta * Math.sqrt(((1 - barNext) / (1 - bar)) * (1 - bar / barNext));
  const rest = Math.max(1 - barNext - s ** 2, 0);
  const next = mix(Math.sqrt(barNext), x1, Math.sqrt(rest), epsilon);
  return s === 0 ? next : add(next, s, z);
}

// ---- samplers ------------------------------------------------------------------------------

export const SAMPLERS = {
  velocity: ["euler", "midpoint", "heun", "sde"],
  epsilon: ["ddim", "ddpm"],
};
const EVALUATIONS = { midpoint: 2, heun: 2 };

/** Number of evaluations of the network for one sample. */
export function evaluations(sampler, steps) {
  return steps * (EVALUATIONS[sampler] ?? 1);
}

export function cumulative(betas) {
  let product = 1;
  return Float64Array.from(betas, (beta) => (product *= 1 - beta));
}

/** torch.linspace(T - 1, 0, steps).round(), in float32 like torch, halves to even. */
export function indices(T, steps) {
  const step = Math.fround(-(T - 1) / (steps - 1));
  const found = [];
  for (let i = 0; i < steps; i += 1) {
    const value =
      i < Math.floor(steps / 2) || steps === 1
        ? Math.fround(T - 1 + (steps === 1 ? 0 : step * i))
        : Math.fround(-step * (steps - 1 - i));
    const low = Math.floor(value);
    const rest = value - low;
    found.push(rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low);
  }
  return found;
}

/**
 * Yield {time, x} for the start and after every step.
 *
 * @param model {kind: "velocity" | "epsilon", network, alphaBar}
 * @param settings {sampler, steps, scheduler}
 * @param x0 the noise to start from
 * @param draw gives n standard normal numbers; used by "sde" and "ddpm" alone
 */
export function* sample(model, { sampler, steps, scheduler }, x0, draw) {
  let x = x0;
  yield { time: 0, x };
  if (model.kind === "epsilon") {
    const { network, alphaBar } = model;
    const T = alphaBar.length;
    const eta = sampler === "ddpm" ? 1 : 0;
    const walk = [...indices(T, Math.min(steps, T)), -1];
    for (let i = 0; i + 1 < walk.length; i += 1) {
      const [k, kNext] = [walk[i], walk[i + 1]];
      const epsilon = network(x, 1 - (k + 1) / T);
      const z = eta > 0 && kNext >= 0 ? draw(x.length) : null;
      x = ddimStep(epsilon, x, k, kNext, alphaBar, eta, z);
      yield { time: (i + 1) / (walk.length - 1), x };
    }
    return;
  }
  const velocity = velocityOn(scheduler, model.network);
  const step = { euler: eulerStep, midpoint: midpointStep, heun: heunStep }[sampler];
  for (let i = 0; i < steps; i += 1) {
    const t = i / steps;
    const h = 1 / steps;
    x = step
      ? step(velocity, x, t, h)
      : sdeStep(velocity, x, t, h, SCHEDULERS[scheduler], draw(x.length));
    yield { time: (i + 1) / steps, x };
  }
}
