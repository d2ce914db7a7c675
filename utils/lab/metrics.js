// Exact optimal pairing of equally many points, and W2 by it, as in utils/metrics.py.
// What takes long is a generator: whoever runs it may look around at every `yield`.

/** The result of a generator, without a look around. */
export function finish(work) {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/** Partner of each of the n points of `a` among those of `b`: the least sum of squared distances. */
function* assignment(a, b, n) {
  // Shortest augmenting paths (Jonker and Volgenant 1987), rows and columns counted from 1.
  const u = new Float64Array(n + 1);
  const v = new Float64Array(n + 1);
  const match = new Int32Array(n + 1);
  const way = new Int32Array(n + 1);
  const least = new Float64Array(n + 1);
  const used = new Uint8Array(n + 1);
  for (let i = 1; i <= n; i += 1) {
    match[0] = i;
    let column = 0;
    least.fill(Infinity);
    used.fill(0);
    do {
      used[column] = 1;
      const row = match[column];
      const [x, y] = [a[2 * row - 2], a[2 * row - 1]];
      let delta = Infinity;
      let next = 0;
      for (let j = 1; j <= n; j += 1) {
        if (used[j]) continue;
        const [dx, dy] = [x - b[2 * j - 2], y - b[2 * j - 1]];
        const reduced = dx * dx + dy * dy - u[row] - v[j];
        if (reduced < least[j]) {
          least[j] = reduced;
          way[j] = column;
        }
        if (least[j] < delta) {
          delta = least[j];
          next = j;
        }
      }
      for (let j = 0; j <= n; j += 1) {
        if (used[j]) {
          u[match[j]] += delta;
          v[j] -= delta;
        } else least[j] -= delta;
      }
      column = next;
    } while (match[column] !== 0);
    do {
      const previous = way[column];
      match[column] = match[previous];
      column = previous;
    } while (column);
    yield;
  }
  const partner = new Int32Array(n);
  for (let j = 1; j <= n; j += 1) partner[match[j] - 1] = j - 1;
  return partner;
}

/** Exact 2-Wasserstein distance of the first n points of both, as arrays of pairs x, y. */
export const wasserstein2 = (a, b, n) => finish(measure(a, b, n));

function* measure(a, b, n) {
  const partner = yield* assignment(a, b, n);
  let sum = 0;
  for (let i = 0; i < n; i += 1) {
    const j = partner[i];
    sum += (a[2 * i] - b[2 * j]) ** 2 + (a[2 * i + 1] - b[2 * j + 1]) ** 2;
  }
  return Math.sqrt(sum / n);
}

/** Block number `block` of n points. */
const part = (points, block, n) => points.subarray(2 * block * n, 2 * (block + 1) * n);

/** Mean W2 of `blocks` blocks of n points to as many blocks of data. */
export function* distance(points, data, n, blocks) {
  let sum = 0;
  for (let i = 0; i < blocks; i += 1) sum += yield* measure(part(points, i, n), part(data, i, n), n);
  return sum / blocks;
}

/** The same between different blocks of the data: what W2 is at its best. */
export function* floor(data, n, blocks) {
  let sum = 0;
  let count = 0;
  for (let i = 1; i < blocks; i += 1) {
    for (let j = 0; j < i; j += 1) {
      sum += yield* measure(part(data, i, n), part(data, j, n), n);
      count += 1;
    }
  }
  return sum / count;
}

/** Partner of each point of x0 among those of x1: optimally within batches, or as they come. */
export function* partners(x0, x1, batch) {
  const n = x0.length / 2;
  const found = Int32Array.from({ length: n }, (_, i) => i);
  if (batch <= 1) return found;
  for (let start = 0; start < n; start += batch) {
    const m = Math.min(batch, n - start);
    const [a, b] = [x0, x1].map((x) => x.subarray(2 * start, 2 * (start + m)));
    const partner = yield* assignment(a, b, m);
    partner.forEach((j, i) => (found[start + i] = start + j));
  }
  return found;
}

/** Pair x0 with x1 at random (as they come) or optimally within batches; returns the new x1. */
export function* couple(x0, x1, batch) {
  if (batch <= 1) return x1;
  const partner = yield* partners(x0, x1, batch);
  return Float64Array.from(x1, (_, i) => x1[2 * partner[i >> 1] + (i & 1)]);
}
