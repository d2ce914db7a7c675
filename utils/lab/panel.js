// Form controls of the laboratory that learns: each has its label, and says what it says again in
// another language.
import { element } from "./element.js";
import { fill } from "./words.js";

/** What a choice is called; `heading` names its words. */
export function nameOf(words, heading, value) {
  if (heading === "batch") return value === "1" ? words.random : fill(words.ot, { n: value });
  return heading === "times" && value === "noise" ? words.early : (words[value] ?? value);
}

/** `set` takes changed settings. */
export function createPanel(settings, set) {
  // Two laboratories of one page must not share ids.
  const unique = Math.random().toString(36).slice(2, 8);
  let words = null;
  const spoken = [];
  const shown = []; // what shows its setting

  function row(key, heading, control, output) {
    control.id = `fl-${unique}-${key.replace(".", "-")}`;
    const label = element("label", { htmlFor: control.id });
    spoken.push(() => (label.textContent = words[heading]));
    const node = element("div", { className: "fl-row" }, label, control);
    if (output) {
      output.htmlFor = control.id;
      node.append(output);
    }
    return node;
  }
  return {
    spoken,
    row,
    /** A list; `heading` names its words, `key` its setting. */
    choice(key, heading, options, change = (value) => set({ [key]: value })) {
      const select = element("select");
      for (const value of options) select.append(new Option(value, value));
      spoken.push(() => {
        for (const option of select.options) option.textContent = nameOf(words, heading, option.value);
      });
      select.addEventListener("change", () => change(typeof settings[key] === "number" ? Number(select.value) : select.value));
      shown.push(() => key in settings && (select.value = settings[key]));
      return { select, node: row(key, heading, select) };
    },
    /** A slider over a list, or from low to high. */
    slider(key, { list = null, low = 0, high = 1, step = 0.1, say = String }, change = (value) => set({ [key]: value })) {
      const range = list ? { min: 0, max: list.length - 1, step: 1 } : { min: low, max: high, step };
      const input = element("input", { type: "range", ...range });
      const output = element("output");
      input.addEventListener("input", () => change(list ? list[input.value] : Number(input.value)));
      const node = row(key, key, input, output);
      function tell(value) {
        input.value = list ? list.indexOf(value) : value;
        output.textContent = say(value);
        input.setAttribute("aria-valuetext", say(value));
      }
      shown.push(() => key in settings && tell(settings[key]));
      return { node, tell };
    },
    check(key, act) {
      const box = element("input", { type: "checkbox" });
      const caption = element("span");
      spoken.push(() => (caption.textContent = words[key]));
      box.addEventListener("change", () => act(box.checked));
      shown.push(() => key in settings && (box.checked = settings[key]));
      return { box, node: element("label", {}, box, caption) };
    },
    button(key, act, className = "") {
      const node = element("button", { type: "button", className });
      spoken.push(() => (node.textContent = words[key]));
      node.addEventListener("click", act);
      return node;
    },
    /** One of several, all to be seen. */
    radios(name, heading, options, change) {
      const legend = element("legend");
      spoken.push(() => (legend.textContent = words[heading]));
      const node = element("fieldset", { className: "fl-choice" }, legend);
      options.forEach((option, i) => {
        const input = element("input", { type: "radio", name: `fl-${unique}-${name}`, checked: i === 0 });
        const swatch = element("span", { className: "fl-swatch", "aria-hidden": "true" });
        const caption = element("span");
        spoken.push(() => (caption.textContent = words[option]));
        input.addEventListener("change", () => change(i, option));
        node.append(element("label", {}, input, swatch, caption));
      });
      return node;
    },
    id: (what) => `fl-${unique}-${what}`,
    sync: () => shown.forEach((show) => show()),
    speak(next) {
      words = next;
      spoken.forEach((say) => say());
    },
  };
}
