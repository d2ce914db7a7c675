// The AFM module: one `render({ model, el })` for Jupyter, for Colab and for the pages of the book.
import { decode } from "./base64.js";
import { element } from "./element.js";
import { connect } from "./engine.js";
import { STYLE } from "./style.js";
import { isDark, languageOf } from "./surroundings.js";
import { createView } from "./view.js";
import { WORDS } from "./words.js";

const NEEDED = ["models", "data", "noise", "limits", "colors", "start"];

/** The state that Python has sent; an error that says what to do if it is none. */
function read(lab) {
  const missing = NEEDED.filter((key) => !lab?.[key]);
  if (missing.length) throw new Error(`lab has no ${missing.join(", ")}; set it to the lab of a FlowLab.`);
  return { ...lab, points: decode(lab.data) };
}

/** A box in place of the laboratory that says why there is none. */
function failure(el, error) {
  const text = WORDS[languageOf(el)].unable + error.message;
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
  let end = () => {};
  function start() {
    end();
    delete el.flowLab;
    const own = new Set(el.childNodes);
    let engine = null;
    try {
      const lab = model.get("lab");
      engine = connect(lab);
      const view = createView(el, read(lab), engine);
      el.flowLab = view; // for the loader, for the tests, and for the curious
      end = () => {
        view.close();
        engine.close();
      };
    } catch (error) {
      console.error(error);
      engine?.close();
      for (const node of [...el.childNodes]) if (!own.has(node)) node.remove(); // half a laboratory
      end = failure(el, error);
    }
  }
  // The notebook may give other networks or points later; the pages of the book cannot.
  model.on?.("change:lab", start);
  start();
  return () => {
    model.off?.("change:lab", start);
    end();
  };
}

export default { render };
