// The AFM module of Push-T in the page: `render({ model, el })`, as lab.js has it.
import { element } from "./element.js";
import { createPolicy } from "./pusht-policy.js";
import { createPushView } from "./pusht-view.js";
import { PUSH_WORDS } from "./pusht-words.js";
import { STYLE } from "./style.js";
import { isDark, languageOf } from "./surroundings.js";

/** A box in place of the table that says why there is none. */
function failure(el, error) {
  const text = PUSH_WORDS[languageOf(el)].unable + error.message;
  const box = element("div", { className: "fl fl-failed", role: "alert", textContent: text });
  const style = element("style", { textContent: STYLE });
  el.append(style, box);
  box.classList.toggle("fl-dark", isDark(el, box));
  return () => {
    style.remove();
    box.remove();
  };
}

function render({ model, el }) {
  const own = new Set(el.childNodes);
  try {
    const lab = model.get("lab");
    const view = createPushView(el, lab, createPolicy(lab.policy));
    el.flowLab = view; // for the loader, for the tests, and for the curious
    return () => view.close();
  } catch (error) {
    console.error(error);
    for (const node of [...el.childNodes]) if (!own.has(node)) node.remove(); // half a table
    return failure(el, error);
  }
}

export default { render };
