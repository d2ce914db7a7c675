// The multi-layer perceptron of utils/models.py while it learns: forward, backward, Adam, average.
// All numbers lie in the memory of training.wat; this file knows where.

const TILE = 64; // samples that go through all layers together
const even = (n) => n + (n % 2);
const padded = (n) => 4 * Math.ceil(n / 4);

/** utils.models.TimeEmbedding: 2 pi f, with f from 1/4 to 2 cycles per unit time. */
export function frequencies(features) {
  const half = features / 2;
  const [low, high] = [Math.log(0.25), Math.log(2)];
  const share = (i) => (half > 1 ? i / (half - 1) : 0);
  return Float64Array.from({ length: half }, (_, i) => 2 * Math.PI * Math.exp(low + share(i) * (high - low)));
}

/** How many numbers W and b of all layers are. */
export const size = (widths) =>
  widths.slice(1).reduce((sum, outputs, l) => sum + (widths[l] + 1) * outputs, 0);

/** Weights as torch's nn.Linear begins: uniform within 1 / sqrt(inputs); W row by row, then b. */
export function begin(widths, next) {
  const out = [];
  for (let l = 0; l + 1 < widths.length; l += 1) {
    const bound = 1 / Math.sqrt(widths[l]);
    for (let i = 0; i < (widths[l] + 1) * widths[l + 1]; i += 1) out.push(bound * (2 * next() - 1));
  }
  return Float32Array.from(out);
}

/**
 * Build a network for points in the plane.
 *
 * `widths` are [2 + time features + labels, hidden, ..., 2], hidden ones in multiples of 4. A sample
 * is a point, a time, and with labels a class: one row for each class, all 0 for "no class" (-1).
 */
export function createPerceptron(module, { widths, features = 16, labels = 0 }) {
  const { layer, outer, turned, adam, memory } = new WebAssembly.Instance(module).exports;
  const [dim, count] = [2, widths.length - 1];
  if (widths[0] !== dim + features + labels) throw new Error(`widths begin with ${widths[0]}`);
  const waves = frequencies(features);
  const layers = widths.slice(1).map((outputs, l) => {
    const rows = even(widths[l] + 1);
    return { inputs: widths[l], outputs, rows, wide: padded(outputs), last: l === count - 1 };
  });
  let top = 0;
  const reserve = (floats) => {
    const start = top;
    top += 16 * Math.ceil(floats / 4);
    return start;
  };
  // One stretch for the weights of all layers, and like it for what goes with them.
  let total = 0;
  for (const one of layers) {
    one.at = 4 * total;
    total += one.rows * one.wide;
  }
  const [weights, gradient, first, second, average] = Array.from({ length: 5 }, () => reserve(total));
  for (const one of layers) {
    one.turned = reserve(one.inputs * one.wide);
    one.x = reserve(one.rows * TILE);
    one.slope = one.last ? 0 : reserve(one.wide * TILE);
  }
  const output = reserve(padded(dim) * TILE);
  const widest = Math.max(...layers.map((one) => one.wide));
  const errors = [reserve(widest * TILE), reserve(widest * TILE)];
  const missing = top - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  const floats = new Float32Array(memory.buffer);
  for (const one of layers) floats.fill(1, one.x / 4 + one.inputs * TILE, one.x / 4 + (one.inputs + 1) * TILE);
  let updates = 0;

  /** Place of weight (o, i) of a layer, counted in numbers; i = inputs is the bias. */
  const place = (start, one, o, i) =>
    (start + one.at) / 4 + (o - (o % 4)) * one.rows + 4 * i + (o % 4);
  function* places(start) {
    for (const one of layers) {
      for (let o = 0; o < one.outputs; o += 1) {
        for (let i = 0; i < one.inputs; i += 1) yield place(start, one, o, i);
      }
      for (let o = 0; o < one.outputs; o += 1) yield place(start, one, o, one.inputs);
    }
  }
  const read = (start) => Float32Array.from(places(start), (at) => floats[at]);

  /** Begin from these weights, with an optimiser that remembers nothing. */
  function set(numbers) {
    if (numbers.length !== size(widths)) throw new Error(`weights: ${numbers.length}`);
    floats.fill(0, 0, (5 * gradient) / 4); // the stretches of weights, which begin at 0
    for (const start of [weights, average]) {
      let n = 0;
      for (const at of places(start)) floats[at] = numbers[n++];
    }
    updates = 0;
    turn();
  }
  function turn() {
    for (const one of layers.slice(1)) {
      turned(weights + one.at, one.turned, one.rows, one.inputs, one.wide);
    }
  }

  /** Samples from..to as rows of the first layer; `t` is one time for all, or one for each. */
  function enter({ x, t, label }, from, to) {
    const start = layers[0].x / 4;
    const half = waves.length;
    const timed = typeof t !== "number";
    for (let f = 0; f < half && !timed; f += 1) {
      const [sine, cosine] = [dim + f, dim + half + f].map((row) => start + row * TILE);
      floats.fill(Math.sin(t * waves[f]), sine, sine + TILE);
      floats.fill(Math.cos(t * waves[f]), cosine, cosine + TILE);
    }
    for (let p = 0; p < to - from; p += 1) {
      const s = from + p;
      for (let d = 0; d < dim; d += 1) floats[start + d * TILE + p] = x[dim * s + d];
      for (let f = 0; f < half && timed; f += 1) {
        floats[start + (dim + f) * TILE + p] = Math.sin(t[s] * waves[f]);
        floats[start + (dim + half + f) * TILE + p] = Math.cos(t[s] * waves[f]);
      }
      const own = typeof label === "number" ? label : (label?.[s] ?? -1);
      for (let c = 0; c < labels; c += 1) {
        floats[start + (dim + features + c) * TILE + p] = c === own ? 1 : 0;
      }
    }
  }
  function forward(start) {
    layers.forEach((one, l) => {
      const next = one.last ? output : layers[l + 1].x;
      layer(start + one.at, one.x, next, one.slope, one.rows, one.wide, one.last ? 0 : 1);
    });
  }
  /** From the error of the output in errors[0] to the gradient, which is added up. */
  function backward() {
    let [here, next] = errors;
    for (let l = count - 1; l >= 0; l -= 1) {
      const one = layers[l];
      outer(gradient + one.at, here, one.x, one.rows, one.wide);
      if (l) layer(one.turned, here, next, layers[l - 1].slope, one.wide, one.inputs, 2);
      [here, next] = [next, here];
    }
  }

  /** The mean squared error of a batch and its gradient, which stands in the memory afterwards. */
  function differentiate(batch) {
    const { target } = batch;
    const n = target.length / dim;
    const scale = 2 / target.length;
    let sum = 0;
    for (let from = 0; from < n; from += TILE) {
      const to = Math.min(from + TILE, n);
      enter(batch, from, to);
      forward(weights);
      floats.fill(0, errors[0] / 4, errors[0] / 4 + padded(dim) * TILE);
      for (let p = 0; p < to - from; p += 1) {
        for (let d = 0; d < dim; d += 1) {
          const at = d * TILE + p;
          const error = floats[output / 4 + at] - target[dim * (from + p) + d];
          sum += error * error;
          floats[errors[0] / 4 + at] = scale * error;
        }
      }
      backward();
    }
    return sum / target.length;
  }

  return {
    set,
    weights: () => read(weights),
    average: () => read(average),
    gradient: () => read(gradient),
    differentiate,
    /** One step of Adam at this rate, then of the average as utils.training.move_average does. */
    learn(batch, rate, decay = 0.999) {
      const loss = differentiate(batch);
      const d = Math.min(decay, (1 + updates) / (10 + updates));
      updates += 1;
      const step = rate / (1 - 0.9 ** updates);
      const root = 1 / Math.sqrt(1 - 0.999 ** updates);
      adam(weights, gradient, first, second, average, 4 * padded(total), step, root, 1 - d);
      turn();
      return loss;
    },
    /** f(x, t), by the averaged weights; `label` is one class for all, or one for each. */
    predict(x, t, label = -1) {
      const out = new Float64Array(x.length);
      for (let from = 0; from < x.length / dim; from += TILE) {
        const to = Math.min(from + TILE, x.length / dim);
        enter({ x, t, label }, from, to);
        forward(average);
        for (let p = 0; p < to - from; p += 1) {
          for (let d = 0; d < dim; d += 1) out[dim * (from + p) + d] = floats[output / 4 + d * TILE + p];
        }
      }
      return out;
    },
  };
}
