// utils.discrete.sample_in_turn for one name: a few masked letters at a time, until none is masked.
import { uniform } from "./random.js";

function softmax(logits) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const sizes = logits.map((value) => Math.exp(value - most));
  const sum = sizes.reduce((a, b) => a + b);
  return sizes.map((value) => value / sum);
}
/** The letter at the share `u` of all chances. */
function draw(chances, u) {
  let [sum, last] = [0, 0];
  for (let a = 0; a < chances.length; a += 1) {
    sum += chances[a];
    if (u < sum) return a;
    if (chances[a] > 0) last = a;
  }
  return last; // u is nearer to 1 than the sum
}

/** A name that is to be written on from `start`, which has masks; each has its own random numbers. */
export function createName(net, start, seed) {
  const random = uniform(seed);
  const given = new Set([...start.keys()].filter((place) => start[place] !== net.letters));
  return { x: [...start], given, line: start.map(random), random, fresh: [] };
}

/** One evaluation: `atOnce` masked letters, in a random order or the most certain first. */
export function openLetters(net, name, { atOnce, order }) {
  const places = [...name.x.keys()].filter((place) => name.x[place] === net.letters);
  const wanted = net.read(name.x);
  const chances = new Map(places.map((place) => [place, softmax(net.logits(wanted, place))]));
  const sure = (place) => chances.get(place).reduce((a, b) => Math.max(a, b));
  const rank = new Map(places.map((place) => [place, order === "certain" ? -sure(place) : name.line[place]]));
  name.fresh = places.sort((p, q) => rank.get(p) - rank.get(q)).slice(0, atOnce);
  for (const place of name.fresh) name.x[place] = draw(chances.get(place), name.random());
}

export const isDone = (net, name) => !name.x.includes(net.letters);
