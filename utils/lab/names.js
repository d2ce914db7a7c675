// The AFM module of the names in the page: `render({ model, el })`, as lab.js has it.
import { orFailure } from "./failure.js";
import { createNamesView } from "./names-view.js";
import { NAME_WORDS } from "./names-words.js";

function render({ model, el }) {
  return orFailure(el, NAME_WORDS, () => {
    const view = createNamesView(el, model.get("lab"));
    el.flowLab = view; // for the loader, for the tests, and for the curious
    return () => view.close();
  });
}

export default { render };
