// The flow policy of utils/robots/policies.py: a chunk of actions from two states and noise.
import { affine, parameters, silu } from "./layers.js";

const SIZE = 512; // side of the table
const GOAL_ANGLE = Math.PI / 4;
const MULTIPLES = [1, 2, 4]; // of half a wave over half the table, and of the angle
const EPSILON = 1e-5; // of LayerNorm

/** What the network sees of a state: utils/pusht/features.py. */
export function features([agentX, agentY, blockX, blockY, angle]) {
  const half = SIZE / 2;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const [dx, dy] = [(agentX - blockX) / half, (agentY - blockY) / half];
  const middle = [agentX, agentY, blockX, blockY].map((value) => (value - half) / half);
  const points = [...middle, c * dx + s * dy, c * dy - s * dx];
  const waves = MULTIPLES.flatMap((m) => points.map((p) => m * Math.PI * p));
  const turns = MULTIPLES.map((m) => m * (angle - GOAL_ANGLE));
  const [sin, cos] = [Math.sin, Math.cos];
  return [...points, ...waves.map(sin), ...waves.map(cos), ...turns.map(sin), ...turns.map(cos)];
}

function layerNorm(x) {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const scale = 1 / Math.sqrt(variance + EPSILON);
  return x.map((value) => (value - mean) * scale);
}

/** Build {encode, velocity, plan} from {shapes, weights, horizon, depth}. */
export function createPolicy({ shapes, weights, horizon, depth }) {
  const parts = parameters(shapes, weights);
  const layer = (name) => ({ weight: parts[`${name}.weight`], bias: parts[`${name}.bias`] });
  const encoder = [0, 2, 4].map((i) => layer(`net.encoder.${i}`));
  const clock = [1, 3].map((i) => layer(`net.time.${i}`));
  const enter = layer("net.enter");
  const blocks = Array.from({ length: depth }, (_, i) => [0, 2].map((j) => layer(`net.blocks.${i}.net.${j}`)));
  const scaleOut = layer("net.leave.0");
  const leave = layer("net.leave.2");
  const frequencies = parts["net.time.0.frequencies"];
  const limits = ["observations", "actions"].map((what) => [parts[`${what}.low`], parts[`${what}.high`]]);

  /** Two states to their share of all scales and shifts; once for a plan. */
  function encode(states) {
    const [low, high] = limits[0];
    const seen = states.flatMap((state) => features(state).map((x, i) => (2 * (x - low[i])) / (high[i] - low[i]) - 1));
    return affine(encoder[2], silu(affine(encoder[1], silu(affine(encoder[0], Float64Array.from(seen))))));
  }

  const times = new Map(); // the time's share: a plan asks for the same few times again
  function timed(t) {
    if (!times.has(t)) {
      const angles = Array.from(frequencies, (f) => t * f);
      const wave = Float64Array.of(...angles.map(Math.sin), ...angles.map(Math.cos));
      times.set(t, affine(clock[1], silu(affine(clock[0], wave))));
    }
    return times.get(t);
  }

  /** The network: a chunk in normalised units, time t in [0, 1]. */
  function velocity(a, t, code) {
    const time = timed(t);
    let h = affine(enter, a);
    const width = h.length;
    blocks.forEach(([first, second], b) => {
      const from = 2 * b * width;
      const steered = layerNorm(h).map((value, i) => {
        const scale = 1 + code[from + i] + time[from + i];
        return code[from + width + i] + time[from + width + i] + value * scale;
      });
      const added = affine(second, silu(affine(first, steered)));
      h = h.map((value, i) => value + added[i]);
    });
    const normed = layerNorm(h).map((value, i) => value * scaleOut.weight[i] + scaleOut.bias[i]);
    return affine(leave, silu(normed));
  }

  return {
    encode,
    velocity,
    size: 2 * horizon,
    /** Euler's method from `noise` with `steps` evaluations: [x, y] of each action, in pixels. */
    plan(states, noise, steps) {
      const code = encode(states);
      let a = Float64Array.from(noise);
      for (let i = 0; i < steps; i += 1) {
        const u = velocity(a, i / steps, code);
        a = a.map((value, j) => value + u[j] / steps);
      }
      const [low, high] = limits[1];
      const inPixels = (value, i) => ((value + 1) / 2) * (high[i] - low[i]) + low[i];
      return Array.from({ length: horizon }, (_, k) => [inPixels(a[2 * k], 0), inPixels(a[2 * k + 1], 1)]);
    },
  };
}
