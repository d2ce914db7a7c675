// The AFM module of the laboratory that learns: `render({ model, el })`, as lab.js has it. It needs
// nothing from a kernel: `model` may be left away.
import { element } from "./element.js";
import { connect } from "./engine.js";
import { createLearningView } from "./learning-view.js";
import { LEARNING_WORDS } from "./learning-words.js";
import { STYLE } from "./style.js";
import { isDark, languageOf } from "./surroundings.js";

function render({ el }) {
  const own = new Set(el.childNodes);
  try {
    const view = createLearningView(el, () => connect({}));
    el.flowLab = view; // for the loader, for the tests, and for the curious
    return () => view.close();
  } catch (error) {
    console.error(error);
    for (const node of [...el.childNodes]) if (!own.has(node)) node.remove();
    const text = LEARNING_WORDS[languageOf(el)].unable + error.message;
    const box = element("div", { className: "fl fl-failed", role: "alert", textContent: text });
    const style = element("style", { textContent: STYLE });
    el.append(style, box);
    box.classList.toggle("fl-dark", isDark(el, box));
    return () => {
      style.remove();
      box.remove();
    };
  }
}

export default { render };
