// The corner of the picture that says that something is being computed, or why it was not.
import { element } from "./element.js";
import { fill } from "./words.js";

/** Returns the node and what to do with it; `aloud` is the line that is read out. */
export function createNotice(aloud) {
  const node = element("div", { className: "fl-busy", hidden: true });
  const failures = new Map(); // by what was tried: success in something else does not wipe them out
  let words = null;
  let share = null; // of what is being computed; null: nothing is
  const progress = () => (share > 0 ? `${words.computing} ${Math.round(100 * share)} %` : `${words.computing}…`);
  const reason = (error) => words.failed + (error.key ? fill(words[error.key], error) : error.message);
  function show() {
    const [failure] = failures.values();
    node.hidden = !failure && share === null;
    if (!node.hidden) node.textContent = failure ? reason(failure) : progress();
  }
  return {
    node,
    speak(next) {
      words = next;
      show();
    },
    /** `part` of the work is done; null when it has ended. */
    computing(part) {
      share = part;
      show();
    },
    isComputing: () => share !== null,
    failed(what, error) {
      failures.set(what, error);
      show();
      aloud.textContent = node.textContent;
    },
    fine(what) {
      if (failures.delete(what)) show();
    },
  };
}
