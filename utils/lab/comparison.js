// What can be said of two models' samples beside each other: which is nearer to the data, which
// leaves the drawing less often, and whether other samples of the two might say the opposite.
import { outside } from "./drawing.js";

const CERTAIN = 2; // standard errors

/** Mean distance of each point of `a` from all of `b`. */
function means(a, b) {
  const sums = new Float64Array(a.length / 2);
  for (let i = 0; i < sums.length; i += 1) {
    const [x, y] = [a[2 * i], a[2 * i + 1]];
    for (let j = 0; j < b.length; j += 2) sums[i] += Math.sqrt((x - b[j]) ** 2 + (y - b[j + 1]) ** 2);
    sums[i] /= b.length / 2;
  }
  return sums;
}
/** Squared standard error of a mean. */
function variance(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length ** 2;
}

/**
 * The energy distance of `x` from `data` less that of `y`, and its standard error. Row i of x and of
 * y come from the same noise. The error is that of the linear part of the two U-statistics, summed
 * over rows and over data: (2/n)^2 sum (h - mean h)^2 + (2/m)^2 sum (g - mean g)^2, with
 * h_i = E|x_i - D| - E|x_i - X| - E|y_i - D| + E|y_i - Y| and g_j = E|X - d_j| - E|Y - d_j|.
 */
export function energyDifference(x, y, data) {
  const [xd, xx, yd, yy] = [means(x, data), means(x, x), means(y, data), means(y, y)];
  const [dx, dy] = [means(data, x), means(data, y)];
  const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const difference = 2 * average(xd) - average(xx) - 2 * average(yd) + average(yy);
  const h = xd.map((value, i) => value - xx[i] - yd[i] + yy[i]);
  const g = dx.map((value, j) => value - dy[j]);
  return { difference, error: 2 * Math.sqrt(variance(h) + variance(g)) };
}

/** -1 if `x` is nearer to the data, 1 if `y` is, 0 if chance may have made the difference. */
export function nearer(x, y, data) {
  const wild = [x, y].map((points) => !points.every(Number.isFinite));
  if (wild[0] || wild[1]) return wild[0] === wild[1] ? 0 : wild[0] ? 1 : -1;
  const { difference, error } = energyDifference(x, y, data);
  return Math.abs(difference) > CERTAIN * error ? Math.sign(difference) : 0;
}

/** The same of the shares outside the drawing: rows where only one of the two lies outside count. */
export function tidier(x, y, cells) {
  let [onlyX, onlyY] = [0, 0];
  for (let i = 0; i < x.length; i += 2) {
    const [a, b] = [x, y].map((points) => outside(points.subarray(i, i + 2), cells));
    onlyX += a > b;
    onlyY += b > a;
  }
  return Math.abs(onlyX - onlyY) > CERTAIN * Math.sqrt(onlyX + onlyY) ? Math.sign(onlyX - onlyY) : 0;
}
