// Shares of the names that are shown, of many more, and of those that Python has written.
import { element } from "./element.js";
import { KINDS_OF_NAMES } from "./names-judge.js";
import { fill } from "./words.js";

const NOTHING = "–";
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function createSharesTable() {
  const node = element("table", { className: "fl-shares" });
  let words = null;

  const cell = (text) => element("td", { textContent: text });
  const heading = (text, scope) => element("th", { scope, textContent: text });
  return {
    node,
    speak(next) {
      words = next;
    },
    /** `shown` and `drawn` are tallies; `drawn` and `measured` may be null. */
    show(shown, drawn, measured) {
      const many = drawn?.names ? fill(words.of, { names: drawn.names.toLocaleString("en") }) : words.many;
      const top = element(
        "tr",
        {},
        element("td"),
        heading(words.these, "col"),
        heading(many, "col"),
        heading(words.python, "col"),
      );
      const rows = KINDS_OF_NAMES.map((kind, i) => element(
        "tr",
        {},
        heading(words[kind], "row"),
        cell(shown.names ? `${shown[kind]} / ${shown.names}` : NOTHING),
        cell(drawn?.names ? percent(drawn[kind] / drawn.names) : NOTHING),
        cell(measured ? percent(measured[i]) : NOTHING),
      ));
      node.replaceChildren(element("caption", { className: "fl-hidden", textContent: words.shares }),
        element("thead", {}, top), element("tbody", {}, ...rows));
    },
  };
}
