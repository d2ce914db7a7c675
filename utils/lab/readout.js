// The numbers of what is shown: for the eye, and in a line that is read out.
import { element } from "./element.js";
import { fill } from "./words.js";

export function createReadout(settings) {
  const numbers = element("p", { className: "fl-read" });
  const note = element("p", { className: "fl-note", hidden: true });
  const said = element("p", { className: "fl-hidden", role: "status", "aria-live": "polite" });
  let words = null;
  let last = null; // what was reported, to say it again in another language
  const number = (value) => (Number.isFinite(value) ? value.toFixed(2) : "∞");
  const bold = (text) => element("b", { textContent: text });

  /** The number of evaluations, and as soon as it is known how far the samples are from the data. */
  function report(nfe, distance = null) {
    last = [nfe, distance];
    numbers.replaceChildren(element("span", {}, `${words.nfe} `, bold(nfe)));
    if (!distance) return;
    const [w2, baseline] = [number(distance.w2), number(distance.baseline)];
    const small = `(${words.against} ${baseline}; ${fill(words.exact, distance)})`;
    numbers.append(element("span", {}, `${words.w2} `, bold(w2), ` ${small}`));
    const { sampler, steps } = settings;
    const name = words.names[sampler] ?? sampler;
    said.textContent = fill(words.said, { sampler: name, steps, nfe, w2, baseline });
  }
  return {
    nodes: [numbers, note, said],
    said,
    report,
    speak(next) {
      words = next;
      note.textContent = words.conditional;
      if (last) report(...last);
    },
    /** The note that NFE and W2 are the network's, while the picture follows the pairs. */
    conditional(on) {
      note.hidden = !on;
    },
  };
}
