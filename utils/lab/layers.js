// What networks are made of: weights in half precision, linear layers, SiLU.
import { decode } from "./base64.js";

/** Half precision as numbers: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halves(bits) {
  return Float32Array.from(bits, (h) => {
    const [exponent, fraction] = [(h >> 10) & 31, h & 1023];
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    return h >> 15 ? -size : size;
  });
}

/**
 * The parameters by name; `shapes` are pairs [name, sizes] in the order in which `weights`, halves
 * as base64, hold the numbers of each.
 */
export function parameters(shapes, weights) {
  const numbers = halves(decode(weights, Uint16Array));
  const parts = {};
  let at = 0;
  for (const [name, sizes] of shapes) {
    const count = sizes.reduce((product, size) => product * size, 1);
    parts[name] = numbers.subarray(at, at + count);
    at += count;
  }
  if (at !== numbers.length) throw new Error(`weights: ${numbers.length}, expected ${at}`);
  return parts;
}

export const silu = (x) => x.map((value) => value / (1 + Math.exp(-value)));

/** W x + b, four outputs at a time, so that loads of x are shared. */
export function affine({ weight, bias }, x) {
  const [inputs, outputs] = [x.length, bias.length];
  const y = new Float64Array(outputs);
  let o = 0;
  for (; o + 3 < outputs; o += 4) {
    let [a, b, c, d] = [bias[o], bias[o + 1], bias[o + 2], bias[o + 3]];
    for (let i = 0, p = o * inputs, q = p + inputs, r = q + inputs, s = r + inputs; i < inputs; i += 1) {
      const value = x[i];
      a += weight[p + i] * value;
      b += weight[q + i] * value;
      c += weight[r + i] * value;
      d += weight[s + i] * value;
    }
    y[o] = a;
    y[o + 1] = b;
    y[o + 2] = c;
    y[o + 3] = d;
  }
  for (; o < outputs; o += 1) {
    y[o] = bias[o];
    for (let i = 0; i < inputs; i += 1) y[o] += weight[o * inputs + i] * x[i];
  }
  return y;
}
