// A laboratory, or a box in its place that says why there is none.
import { element } from "./element.js";
import { STYLE } from "./style.js";
import { isDark, languageOf } from "./surroundings.js";

/** The box; returns what takes it away. */
function say(el, words, error) {
  const text = words[languageOf(el)].unable + error.message;
  const box = element("div", { className: "fl fl-failed", role: "alert", textContent: text });
  const style = element("style", { textContent: STYLE });
  el.append(style, box);
  box.classList.toggle("fl-dark", isDark(el, box));
  return () => {
    style.remove();
    box.remove();
  };
}

/** Build in `el` with `make`, which returns what ends it; if it fails, say why in the `words` of the page. */
export function orFailure(el, words, make) {
  const own = new Set(el.childNodes);
  delete el.flowLab;
  try {
    return make();
  } catch (error) {
    console.error(error);
    for (const node of [...el.childNodes]) if (!own.has(node)) node.remove(); // half a laboratory
    return say(el, words, error);
  }
}
