// Names as rows of boxes: an empty box is a masked letter, three boxes are a syllable of Hangul.
import { element } from "./element.js";
import { blankOf, decodeName, maskOf, misfits, sign, syllable, tilesOf } from "./names-letters.js";

/** The boxes of one name. */
function boxes(name, language) {
  const wrong = new Set(misfits(name.x, language));
  const look = (place) => {
    const classes = ["fl-letter"];
    if (name.x[place] === maskOf(language)) classes.push("fl-masked");
    if (name.given.has(place)) classes.push("fl-given");
    if (name.fresh.includes(place)) classes.push("fl-fresh");
    if (wrong.has(place)) classes.push("fl-wrong");
    return classes;
  };
  return tilesOf(name.x, language).map((letters, i) => {
    const places = letters.map((_, k) => i * letters.length + k);
    const whole = language === "ko" && places.every((place) => name.x[place] !== maskOf(language) && !wrong.has(place));
    if (!whole) {
      const parts = places.map((place) => element("span", {
        className: look(place).join(" "),
        textContent: sign(name.x[place], language),
      }));
      return language === "ko" ? element("span", { className: "fl-syllable" }, ...parts) : parts[0];
    }
    const blank = letters.every((letter) => letter === blankOf(language));
    const text = blank ? sign(letters[0], language) : syllable(letters, "", "");
    const classes = new Set(places.flatMap(look));
    return element("span", { className: ["fl-whole", ...classes].join(" "), textContent: text });
  });
}

/** A list of names; `show` draws them, `verdicts` are texts behind those that are finished. */
export function createTiles() {
  const node = element("ol", { className: "fl-names" });
  return {
    node,
    show(names, language, verdicts, masked) {
      const rows = names.map((name, i) => element(
        "li",
        { className: `fl-name fl-${language}` },
        element("span", { className: "fl-tiles", "aria-hidden": "true" }, ...boxes(name, language)),
        element("span", { className: "fl-hidden", textContent: decodeName(name.x, language, masked) }),
        element("span", { className: "fl-verdict", textContent: verdicts[i] ?? "" }),
      ));
      node.replaceChildren(...rows);
    },
  };
}
