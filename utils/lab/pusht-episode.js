// One episode in a receding horizon: look, plan a chunk, carry out its beginning, plan again.
import { stateOf } from "./pusht-simulator.js";
import { gaussian } from "./random.js";

const FIRST = 1; // a plan begins at the older of the two states that the policy sees
const LONGEST = 300; // actions: 30 s
const SUCCESS = 0.95; // share of the target that must be covered
const SIZE_OF_TABLE = 512;

const onTable = (value) => Math.min(Math.max(value, 0), SIZE_OF_TABLE);

/** `table` and `policy` as their files make them; nothing here knows of a page. */
export function createEpisode(table, policy) {
  const episode = { seen: null, steps: 0, plans: 0, evaluations: 0, best: 0, done: false, success: false };
  let history, draw, rest;

  function take(seen) {
    Object.assign(episode, { before: episode.seen ?? seen, seen, best: Math.max(episode.best, seen.coverage) });
    episode.success = episode.success || seen.coverage > SUCCESS;
    history = [history?.[1] ?? stateOf(seen), stateOf(seen)];
  }
  return Object.assign(episode, {
    /** From [agent x, agent y, block x, block y, angle]; `seed` is that of the noise. */
    begin(start, seed) {
      Object.assign(episode, { seen: null, steps: 0, plans: 0, evaluations: 0, best: 0, done: false, success: false });
      Object.assign(episode, { planned: [], carried: 0, action: null });
      history = null;
      rest = 0;
      draw = gaussian(seed);
      take(table.reset(start));
    },
    /** The policy's next action; it plans if its last chunk has been carried out. */
    act({ evaluations, chunk }) {
      if (rest <= 0) {
        episode.planned = policy.plan(history, draw(policy.size), evaluations);
        episode.evaluations += evaluations;
        episode.plans += 1;
        episode.carried = 0;
        episode.chunk = rest = chunk;
      }
      const wanted = episode.planned[FIRST + episode.carried];
      if (!wanted.every(Number.isFinite)) throw new Error("the plan is not finite: nothing was sent");
      episode.carried += 1;
      rest -= 1;
      episode.move(wanted.map(onTable));
      if (episode.success || episode.steps >= LONGEST) episode.done = true;
    },
    /** An action of whoever it is. */
    move(action) {
      episode.action = action;
      episode.steps += 1;
      take(table.step(action));
    },
    /** What has been planned is worth nothing any more: somebody else has moved the block. */
    forget() {
      rest = 0;
      episode.planned = [];
    },
  });
}
