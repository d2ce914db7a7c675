// Push-T's table: pusht.c in WebAssembly, which computes what gym-pusht computes.
import { decode } from "./base64.js";
import { SIMULATOR } from "./pusht-wasm.js";

/**
 * Resolves with {reset, step}; each gives back what is on the table then:
 * agent and block [x, y], the block's angle in radians, and the share of the target it covers.
 */
export async function createTable() {
  const { instance } = await WebAssembly.instantiate(decode(SIMULATOR, Uint8Array));
  const { memory, reset, step, _initialize: initialize } = instance.exports;
  initialize?.();
  function read(address) {
    const [x, y, , , blockX, blockY, angle, coverage] = new Float64Array(memory.buffer, address, 8);
    return { agent: [x, y], block: [blockX, blockY], angle, coverage };
  }
  return {
    /** Begin from [agent x, agent y, block x, block y, angle]. */
    reset: (start) => read(reset(...start)),
    /** For 0.1 s the agent is pulled to (x, y), in pixels. */
    step: ([x, y]) => read(step(x, y)),
  };
}

/** The state that the policy sees: [agent x, agent y, block x, block y, angle in 0..2 pi]. */
export function stateOf({ agent, block, angle }) {
  const turn = 2 * Math.PI;
  return [...agent, ...block, ((angle % turn) + turn) % turn];
}
