// What the reader has drawn: cells of a square, empty or in one of two colours, and points in them.
import { uniform } from "./random.js";

export const SIDE = 64; // cells along each side
export const LIMITS = 2.6; // the square reaches from -2.6 to 2.6
export const BOTH = 2; // colours

const centre = (i) => ((i + 0.5) / SIDE) * 2 * LIMITS - LIMITS;
/** The cell in which a coordinate lies. */
export const cellOf = (value) => Math.floor(((value + LIMITS) / (2 * LIMITS)) * SIDE);

/** Cells from a function of the plane that says 0, 1 or 2; the first row is the lowest. */
export const paint = (colour) =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) => colour(centre(i % SIDE), centre(Math.floor(i / SIDE))));

/** Colour a disc of cells in place. */
export function dab(cells, x, y, radius, colour) {
  for (let i = 0; i < cells.length; i += 1) {
    const [dx, dy] = [centre(i % SIDE) - x, centre(Math.floor(i / SIDE)) - y];
    if (dx * dx + dy * dy <= radius * radius) cells[i] = colour;
  }
}

/**
 * Points of the drawing, equally likely everywhere in its cells. `labels` are their colours, 0 or
 * 1, or null where there is but one colour.
 */
export function pointsOf(cells, n, seed) {
  const filled = [];
  for (let i = 0; i < cells.length; i += 1) if (cells[i]) filled.push(i);
  if (!filled.length) return null;
  const next = uniform(seed);
  const points = new Float64Array(2 * n);
  const labels = new Int32Array(n);
  const width = (2 * LIMITS) / SIDE;
  for (let p = 0; p < n; p += 1) {
    const cell = filled[Math.floor(next() * filled.length)];
    points[2 * p] = centre(cell % SIDE) + width * (next() - 0.5);
    points[2 * p + 1] = centre(Math.floor(cell / SIDE)) + width * (next() - 0.5);
    labels[p] = cells[cell] - 1;
  }
  const one = filled.every((cell) => cells[cell] === cells[filled[0]]);
  return { points, labels: one ? null : labels };
}

/** The share of points that lie in no painted cell. */
export function outside(points, cells) {
  let count = 0;
  for (let i = 0; i < points.length; i += 2) {
    const [column, line] = [cellOf(points[i]), cellOf(points[i + 1])];
    const there = column >= 0 && column < SIDE && line >= 0 && line < SIDE;
    if (!there || !cells[line * SIDE + column]) count += 1;
  }
  return count / (points.length / 2);
}

/** What a model is given: points to learn from, and fresh ones to be compared with. */
export function dataOf(cells, n, seed) {
  const learned = pointsOf(cells, n, seed * 7919 + 5);
  if (!learned) return null;
  const fresh = pointsOf(cells, 1024, seed * 7919 + 6);
  return { ...learned, check: fresh.points, checkLabels: fresh.labels, cells: cells.slice() };
}

// ---- ready-made drawings -------------------------------------------------------------------

const disc = (x, y, a, b, radius) => (x - a) ** 2 + (y - b) ** 2 < radius * radius;
/** Distance of a point from the stretch between two points. */
function apart(x, y, [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - ax - share * dx, y - ay - share * dy);
}
/** Left of all edges of a triangle whose corners run against the clock. */
const inside = (x, y, corners) =>
  corners.every(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % 3];
    return (bx - ax) * (y - ay) > (by - ay) * (x - ax);
  });
const EAR = [[0.5, 1.45], [1.4, 0.75], [1.35, 2.1]];
const WHISKERS = [[[0.7, -0.2], [2.2, 0.1]], [[0.7, -0.45], [2.2, -0.6]]];
const MOUTH = [[0, -0.85], [0.5, -0.65]];
function cat(x, y) {
  const half = Math.abs(x); // both halves are alike
  if (Math.abs(Math.hypot(x, y) - 1.5) < 0.13 || inside(half, y, EAR)) return 1;
  if (disc(half, y, 0.6, 0.4, 0.26) || disc(x, y, 0, -0.3, 0.17)) return 1;
  return +[...WHISKERS, MOUTH].some(([from, to]) => apart(half, y, from, to) < 0.07);
}
function spiral(x, y) {
  const angle = Math.atan2(y, x);
  for (let turn = 0; turn < 3; turn += 1) {
    const along = angle + 2 * Math.PI * turn; // the radius grows with it
    if (along > 1 && along < 4 * Math.PI && Math.abs(Math.hypot(x, y) - 0.17 * along) < 0.11) return 1;
  }
  return 0;
}
const arc = (x, y, a, b, up) => Math.abs(Math.hypot(x - a, y - b) - 1) < 0.14 && up * (y - b) > 0;

/** By name: areas, and so the shares of the points, are 6 : 3 : 1 in "three". */
export const PRESETS = {
  three: (x, y) => +(disc(x, y, -1.5, 0.3, 0.49) || disc(x, y, 1.2, 1.2, 0.346) || disc(x, y, 1.1, -1.4, 0.2)),
  ring: (x, y) => +(Math.abs(Math.hypot(x, y) - 1.7) < 0.15),
  moons: (x, y) => +(arc(x, y, -0.55, -0.2, 1) || arc(x, y, 0.55, 0.2, -1)),
  board: (x, y) => +(Math.max(Math.abs(x), Math.abs(y)) < 2 && (Math.floor(x + 2) + Math.floor(y + 2)) % 2 === 0),
  spiral,
  cat,
  pair: (x, y) => (arc(x, y, -0.55, -0.2, 1) ? 1 : arc(x, y, 0.55, 0.2, -1) ? 2 : 0),
};

/** A word as cells, as large as it fits; null where nothing can be written. */
export function written(text) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen || !text.trim()) return null;
  const room = 0.88 * SIDE;
  pen.font = "bold 100px sans-serif";
  const size = Math.min(room, (100 * room) / pen.measureText(text).width);
  pen.font = `bold ${size}px sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, SIDE / 2, SIDE / 2);
  const { data } = pen.getImageData(0, 0, SIDE, SIDE);
  const cells = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < cells.length; i += 1) {
    const line = SIDE - 1 - Math.floor(i / SIDE); // a picture begins at the top
    cells[i] = data[4 * (line * SIDE + (i % SIDE)) + 3] > 100 ? 1 : 0;
  }
  return cells.some(Boolean) ? cells : null;
}
