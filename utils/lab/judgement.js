// How good samples are: energy distance, as in utils/metrics/power.py, and copies of the data.

/** Mean distance of every point of `a` from every point of `b`; of `a` from itself, each pair once. */
export function meanDistance(a, b) {
  let sum = 0;
  const same = a === b;
  for (let i = 0; i < a.length; i += 2) {
    const [x, y] = [a[i], a[i + 1]];
    for (let j = same ? i + 2 : 0; j < b.length; j += 2) {
      const [dx, dy] = [x - b[j], y - b[j + 1]];
      sum += Math.sqrt(dx * dx + dy * dy);
    }
  }
  return ((same ? 2 : 1) * sum) / (a.length / 2) / (b.length / 2);
}

/** 2 E|X - Y| - E|X - X'| - E|Y - Y'|; `within` is the last of them, if it is known. */
export function energyDistance(x, y, within = meanDistance(y, y)) {
  return Math.max(0, 2 * meanDistance(x, y) - meanDistance(x, x) - within);
}

/** The share of samples that lie within `radius` of a data point. */
export function copies(samples, data, radius) {
  let count = 0;
  for (let i = 0; i < samples.length; i += 2) {
    const [x, y] = [samples[i], samples[i + 1]];
    for (let j = 0; j < data.length; j += 2) {
      if ((x - data[j]) ** 2 + (y - data[j + 1]) ** 2 < radius * radius) {
        count += 1;
        break;
      }
    }
  }
  return count / (samples.length / 2);
}

/** The share of samples whose nearest data point has another label than was asked for. */
export function strayed(samples, asked, data, labels) {
  let count = 0;
  for (let i = 0; i < samples.length; i += 2) {
    let [least, found] = [Infinity, -1];
    for (let j = 0; j < data.length; j += 2) {
      const far = (samples[i] - data[j]) ** 2 + (samples[i + 1] - data[j + 1]) ** 2;
      if (far < least) [least, found] = [far, labels[j >> 1]];
    }
    if (found !== asked[i >> 1]) count += 1;
  }
  return count / (samples.length / 2);
}
