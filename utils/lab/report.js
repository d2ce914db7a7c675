// The numbers of both models, for the eye, and a line that is read out.
import { outside } from "./drawing.js";
import { element } from "./element.js";
import { fill } from "./words.js";

export function createReport(sides) {
  const titles = sides.map(() => element("p", { className: "fl-name" }));
  const numbers = sides.map(() => element("dl", { className: "fl-read" }));
  const together = element("p", { className: "fl-note" });
  const said = element("p", { className: "fl-note", role: "status", "aria-live": "polite" });
  let words = null;
  const small = (value) => (Number.isFinite(value) ? value.toFixed(value < 0.1 ? 4 : 2) : "∞");
  const percent = (share) => `${(100 * share).toFixed(0)} %`;

  function line(key, value, fresh) {
    const best = fresh === undefined ? "" : ` (${fill(words.fresh, { value: fresh })})`;
    return [element("dt", { textContent: words[key] }), element("dd", {}, element("b", { textContent: value }), best)];
  }
  /** Mean distance of where the two models bring the same noise; NaN while one of them is missing. */
  function apart() {
    const [x, y] = sides.map(({ seen }) => seen?.states.at(-1));
    if (!x || !y) return NaN;
    let sum = 0;
    for (let i = 0; i < x.length; i += 2) sum += Math.hypot(x[i] - y[i], x[i + 1] - y[i + 1]);
    return sum / (x.length / 2);
  }
  function show(running) {
    if (!words) return;
    sides.forEach((side, i) => {
      const { seen, distance, losses, step, budget } = side;
      const state = side.stale() ? words.stale : running && !side.trained ? fill(words.step, { step, budget }) : "";
      titles[i].replaceChildren(words[side.name], element("span", { textContent: state || (seen ? "" : words.untrained) }));
      if (!seen) return numbers[i].replaceChildren();
      const parts = [
        ...line("loss", losses.at(-1).mean.toFixed(3)),
        ...line("energy", small(seen.energy), small(seen.energyAtBest)),
        ...(distance ? line("w2", small(distance.w2), small(distance.w2AtBest)) : []),
        ...line("outside", percent(outside(seen.states.at(-1), side.data.cells)), percent(0)),
        ...line("nfe", seen.nfe),
        ...line("copied", percent(seen.copied), percent(seen.copiedAtBest)),
        ...(seen.strayed === null ? [] : line("strayed", percent(seen.strayed))),
      ];
      return numbers[i].replaceChildren(...parts);
    });
    const far = apart();
    together.textContent = Number.isNaN(far) ? "" : fill(words.apart, { value: small(far) });
  }
  return {
    titles,
    numbers,
    together,
    said,
    apart,
    show,
    say: (text) => (said.textContent = text),
    speak(next) {
      words = next;
      show(false);
    },
  };
}
