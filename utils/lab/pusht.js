// The AFM module of Push-T in the page: `render({ model, el })`, as lab.js has it.
import { orFailure } from "./failure.js";
import { createPolicy } from "./pusht-policy.js";
import { createPushView } from "./pusht-view.js";
import { PUSH_WORDS } from "./pusht-words.js";

function render({ model, el }) {
  return orFailure(el, PUSH_WORDS, () => {
    const lab = model.get("lab");
    const view = createPushView(el, lab, createPolicy(lab.policy));
    el.flowLab = view; // for the loader, for the tests, and for the curious
    return () => view.close();
  });
}

export default { render };
