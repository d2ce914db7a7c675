// The numbers of both models, for the eye, and a line that is read out.
import { nearer, tidier } from "./comparison.js";
import { outside } from "./drawing.js";
import { element } from "./element.js";
import { nameOf } from "./panel.js";
import { fill } from "./words.js";

export function createReport(sides) {
  const titles = sides.map(() => element("p", { className: "fl-name" }));
  const numbers = sides.map(() => element("dl", { className: "fl-read" }));
  const verdict = element("div", { className: "fl-verdict" });
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
  /** In what the two trainings differ: the names and both values. */
  function differences() {
    const [x, y] = sides.map(({ recipe, reflowed }) => ({ ...recipe, reflowed }));
    const list = Object.keys(x).filter((key) => x[key] !== y[key])
      .map((key) => `${words[key]} ${[x, y].map((one) => nameOf(words, key, String(one[key]))).join(" / ")}`);
    return list.length ? fill(words.differ, { list: list.join(", ") }) : words.alike;
  }
  let compared = { seen: [], signs: [] };
  /** Which is nearer to the data, which leaves the drawing less often: computed once for the same samples. */
  function signs() {
    const seen = sides.map((side) => side.seen);
    if (seen.some((one, i) => one !== compared.seen[i])) {
      const [x, y] = seen.map(({ states }) => states.at(-1));
      const { check, cells } = sides[0].data;
      compared = { seen, signs: [nearer(x, y, check.subarray(0, check.length / 2)), tidier(x, y, cells)] };
    }
    return compared.signs;
  }
  function say([clear, level], sign, values) {
    const [x, y] = sign > 0 ? values.toReversed() : values;
    return fill(words[sign ? clear : level], { x, y, near: words[sides[sign > 0 ? 1 : 0].name] });
  }
  function compare() {
    const [near, tidy] = signs();
    const lines = [
      sides[0].request().settings.exact ? words.exactly : differences(),
      say(["nearer", "level"], near, sides.map(({ seen }) => small(seen.energy))),
      say(["tidier", "levelOut"], tidy, sides.map(({ seen, data }) => percent(outside(seen.states.at(-1), data.cells)))),
      words.limits,
    ];
    const title = element("p", { className: "fl-name", textContent: words.verdict });
    verdict.replaceChildren(title, ...lines.map((text) => element("p", { textContent: text })));
  }
  function show(running) {
    if (!words) return;
    sides.forEach((side, i) => {
      const { seen, distance, losses, step, budget } = side;
      const state = side.stale() ? words.stale : running && !side.trained ? fill(words.step, { step, budget: budget || side.request().budget }) : "";
      titles[i].replaceChildren(words[side.name], element("span", { textContent: state || (seen ? "" : words.untrained) }));
      numbers[i].style.visibility = seen ? "" : "hidden"; // their room is kept until there are new ones
      if (!seen) return undefined;
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
    if (!running && sides.every((side) => side.trained && side.seen && !side.stale())) compare();
    else verdict.replaceChildren();
    together.textContent = Number.isNaN(far) ? "" : fill(words.apart, { value: small(far) });
  }
  return {
    titles,
    numbers,
    verdict,
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
