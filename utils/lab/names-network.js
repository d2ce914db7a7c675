// utils.discrete.StringNet: a string with masks to logits of every letter at every place.
import { affine, parameters, silu } from "./layers.js";

/** Build {letters, length, read, logits} from {letters, length, shapes, weights}. */
export function createStringNet({ letters, length, shapes, weights }) {
  const parts = parameters(shapes, weights);
  const names = shapes.map(([name]) => name.match(/^(layers\.\d+)\.weight$/)?.[1]).filter(Boolean);
  const layers = names.map((name) => ({ weight: parts[`${name}.weight`], bias: parts[`${name}.bias`] }));
  const { vectors, bias } = { vectors: parts["vectors.weight"], bias: parts.bias };
  const width = vectors.length / (letters + 1);

  return {
    letters,
    length,
    /** The vector that is wanted at each place, side by side: one evaluation. */
    read(x) {
      let h = new Float64Array(length * width);
      x.forEach((letter, i) => h.set(vectors.subarray(letter * width, (letter + 1) * width), i * width));
      layers.forEach((layer, i) => {
        h = affine(layer, h);
        if (i < layers.length - 1) h = silu(h);
      });
      return h;
    },
    /** Of all letters at one place: how well their vectors fit what is wanted there. */
    logits(wanted, place) {
      const out = new Float64Array(letters);
      for (let a = 0; a < letters; a += 1) {
        let sum = bias[place * letters + a];
        for (let k = 0; k < width; k += 1) sum += wanted[place * width + k] * vectors[a * width + k];
        out[a] = sum;
      }
      return out;
    },
  };
}
