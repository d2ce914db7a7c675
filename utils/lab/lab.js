// The AFM module: one `render({ model, el })` for Jupyter, for Colab and for the pages of the book.
import { decode } from "./base64.js";
import { connect } from "./engine.js";
import { orFailure } from "./failure.js";
import { createView } from "./view.js";
import { WORDS } from "./words.js";

const NEEDED = ["models", "data", "noise", "limits", "colors", "start"];

/** The state that Python has sent; an error that says what to do if it is none. */
function read(lab) {
  const missing = NEEDED.filter((key) => !lab?.[key]);
  if (missing.length) throw new Error(`lab has no ${missing.join(", ")}; set it to the lab of a FlowLab.`);
  return { ...lab, points: decode(lab.data) };
}

function render({ model, el }) {
  let end = () => {};
  function start() {
    end();
    end = orFailure(el, WORDS, () => {
      const lab = model.get("lab");
      const engine = connect(lab);
      try {
        const view = createView(el, read(lab), engine);
        el.flowLab = view; // for the loader, for the tests, and for the curious
        return () => {
          view.close();
          engine.close();
        };
      } catch (error) {
        engine.close();
        throw error;
      }
    });
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
