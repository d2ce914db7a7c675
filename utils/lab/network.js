// The multi-layer perceptron of utils/models.py: in float32 by SIMD, or in float64 without it.

const TILE = 32; // particles that go through all layers together: their activations stay in cache

/** y = W x + b for `n` rows; two rows and four outputs at a time, so that loads are shared. */
function linear(weight, bias, inputs, outputs, x, y, n) {
  let row = 0;
  for (; row + 1 < n; row += 2) {
    const p = row * inputs;
    const q = p + inputs;
    let o = 0;
    for (; o + 3 < outputs; o += 4) {
      let w = o * inputs;
      const w1 = inputs;
      const w2 = 2 * inputs;
      const w3 = 3 * inputs;
      let a0 = bias[o], a1 = bias[o + 1], a2 = bias[o + 2], a3 = bias[o + 3];
      let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
      for (let i = 0; i < inputs; i += 1, w += 1) {
        const xp = x[p + i], xq = x[q + i];
        const k0 = weight[w], k1 = weight[w + w1], k2 = weight[w + w2], k3 = weight[w + w3];
        a0 += k0 * xp; a1 += k1 * xp; a2 += k2 * xp; a3 += k3 * xp;
        b0 += k0 * xq; b1 += k1 * xq; b2 += k2 * xq; b3 += k3 * xq;
      }
      const r = row * outputs + o;
      const s = r + outputs;
      y[r] = a0; y[r + 1] = a1; y[r + 2] = a2; y[r + 3] = a3;
      y[s] = b0; y[s + 1] = b1; y[s + 2] = b2; y[s + 3] = b3;
    }
    for (; o < outputs; o += 1) {
      let a = bias[o], b = a;
      for (let i = 0, w = o * inputs; i < inputs; i += 1, w += 1) {
        a += weight[w] * x[p + i];
        b += weight[w] * x[q + i];
      }
      y[row * outputs + o] = a;
      y[(row + 1) * outputs + o] = b;
    }
  }
  if (row < n) {
    for (let o = 0; o < outputs; o += 1) {
      let a = bias[o];
      for (let i = 0, w = o * inputs; i < inputs; i += 1, w += 1) a += weight[w] * x[row * inputs + i];
      y[row * outputs + o] = a;
    }
  }
}

function silu(x, n) {
  for (let i = 0; i < n; i += 1) x[i] /= 1 + Math.exp(-x[i]);
}

/** Cut the flat weights into layers {inputs, outputs, weight, bias}; W row by row, then b. */
function cut(widths, numbers) {
  const layers = [];
  let offset = 0;
  for (let i = 0; i + 1 < widths.length; i += 1) {
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    const weight = numbers.subarray(offset, offset + inputs * outputs);
    const bias = numbers.subarray(offset + inputs * outputs, offset + (inputs + 1) * outputs);
    layers.push({ inputs, outputs, weight, bias });
    offset += (inputs + 1) * outputs;
  }
  if (offset !== numbers.length) throw new Error(`weights: ${numbers.length}, expected ${offset}`);
  return layers;
}

/** All layers for a tile of particles, in plain JavaScript and float64. */
function plainTile(layers, widest) {
  const a = new Float64Array(TILE * widest);
  const b = new Float64Array(TILE * widest);
  return (x, m, out) => {
    let [from, to] = [a, b];
    layers.forEach((layer, i) => {
      if (i) silu(from, m * layer.inputs);
      linear(layer.weight, layer.bias, layer.inputs, layer.outputs, i ? from : x, to, m);
      [from, to] = [to, from];
    });
    out.set(from.subarray(0, out.length));
  };
}

/** The same in float32 by kernel.wat: about five times as fast. */
function simdTile(layers, widest, kernel) {
  const { layer: run, memory } = new WebAssembly.Instance(kernel).exports;
  const padded = (n) => 4 * Math.ceil(n / 4);
  let top = 0;
  const reserve = (floats) => {
    const start = top;
    top += 16 * Math.ceil(floats / 4);
    if (top > memory.buffer.byteLength) memory.grow(Math.ceil((top - memory.buffer.byteLength) / 65536));
    return start;
  };
  const places = layers.map((layer) => ({
    weight: reserve(padded(layer.outputs) * layer.inputs),
    bias: reserve(padded(layer.outputs)),
  }));
  const buffers = [reserve(TILE * padded(widest)), reserve(TILE * padded(widest))];
  const floats = new Float32Array(memory.buffer);
  layers.forEach(({ inputs, outputs, weight }, l) => {
    for (let o = 0; o < outputs; o += 1) {
      const block = places[l].weight / 4 + (o - (o % 4)) * inputs + (o % 4);
      for (let i = 0; i < inputs; i += 1) floats[block + 4 * i] = weight[o * inputs + i];
    }
  });
  return (x, m, out) => {
    const { inputs: dim } = layers[0];
    const start = buffers[0] / 4;
    layers.forEach(({ bias }, l) => floats.set(bias, places[l].bias / 4)); // the first holds the time
    for (let p = 0; p < m; p += 1) {
      for (let d = 0; d < dim; d += 1) floats[start + d * TILE + p] = x[p * dim + d];
    }
    layers.forEach(({ inputs, outputs }, l) => {
      const [from, to] = l % 2 ? [buffers[1], buffers[0]] : buffers;
      const last = l === layers.length - 1;
      run(places[l].weight, places[l].bias, from, to, inputs, outputs, last ? 0 : 1);
    });
    const end = buffers[layers.length % 2] / 4;
    for (let p = 0; p < m; p += 1) {
      for (let d = 0; d < dim; d += 1) out[p * dim + d] = floats[end + d * TILE + p];
    }
  };
}

/**
 * Build f(x, t) from {widths, frequencies, weights}.
 *
 * `widths` are [D + time features, hidden, ..., D]; `weights` hold W (row by row) and b of each layer.
 * The result takes n points as a flat array [x, y, x, y, ...] and one time for all of them.
 */
export function createNetwork({ widths, frequencies, weights }, kernel = null) {
  const layers = cut(widths, Float64Array.from(weights));
  const dim = widths[widths.length - 1];
  const [first] = layers;
  // The time is the same for every point: its part of the first layer is a bias.
  const points = new Float64Array(dim * first.outputs);
  for (let o = 0; o < first.outputs; o += 1) {
    for (let d = 0; d < dim; d += 1) points[o * dim + d] = first.weight[o * first.inputs + d];
  }
  const timed = new Float64Array(first.outputs);
  const half = frequencies.length;

  function embed(t) {
    for (let o = 0; o < first.outputs; o += 1) {
      const row = o * first.inputs + dim;
      let sum = first.bias[o];
      for (let i = 0; i < half; i += 1) {
        sum += first.weight[row + i] * Math.sin(t * frequencies[i]);
        sum += first.weight[row + half + i] * Math.cos(t * frequencies[i]);
      }
      timed[o] = sum;
    }
  }

  const inner = [
    { inputs: dim, outputs: first.outputs, weight: points, bias: timed },
    ...layers.slice(1),
  ];
  const widest = Math.max(...widths);
  const tile = kernel ? simdTile(inner, widest, kernel) : plainTile(inner, widest);
  return function network(x, t) {
    const n = x.length / dim;
    const out = new Float64Array(n * dim);
    embed(t);
    for (let start = 0; start < n; start += TILE) {
      const end = Math.min(start + TILE, n);
      tile(x.subarray(start * dim, end * dim), end - start, out.subarray(start * dim, end * dim));
    }
    return out;
  };
}
