// Long work in slices: between them, messages that have arrived are seen to.

const SLICE = 16; // ms; the reader who drags a point waits no longer for this than for a frame

/** A macrotask, not a microtask: what has arrived meanwhile comes first. */
const pause = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel(); // one for each: several pieces of work may pause
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });

/**
 * The turns of one piece of work. `await turn()` often in it: false says that it is superseded.
 *
 * The first turn always lets others go first: of 60 messages in a row, only the last begins to work.
 */
export function createTurn(isCurrent, paused = () => {}) {
  let last = -Infinity;
  return async function turn() {
    if (performance.now() - last < SLICE) return true;
    if (last > 0) paused();
    await pause();
    last = performance.now();
    return isCurrent();
  };
}

/** The result of a generator that may `yield` at any time; null if it is superseded. */
export async function inTurns(work, turn) {
  let step = work.next();
  while (!step.done) {
    if (!(await turn())) return null;
    step = work.next();
  }
  return step.value;
}
