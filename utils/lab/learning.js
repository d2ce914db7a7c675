// The AFM module of the laboratory that learns: `render({ model, el })`, as lab.js has it. It needs
// nothing from a kernel: `model` may be left away.
import { connect } from "./engine.js";
import { orFailure } from "./failure.js";
import { createLearningView } from "./learning-view.js";
import { LEARNING_WORDS } from "./learning-words.js";

function render({ el }) {
  return orFailure(el, LEARNING_WORDS, () => {
    const view = createLearningView(el, () => connect({}));
    el.flowLab = view; // for the loader, for the tests, and for the curious
    return () => view.close();
  });
}

export default { render };
