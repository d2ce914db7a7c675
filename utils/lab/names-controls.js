// What can be set of the names; each control has its label and says its value.
import { element } from "./element.js";
import { ALPHABETS } from "./names-letters.js";

const AT_ONCE = [1, 2, 3, 5, "all"];
export const SEEDS = 21;

/** `set` takes changed settings; the others take a click. */
export function createNameControls(settings, { set, play, step, fresh, draw }) {
  const unique = Math.random().toString(36).slice(2, 8); // two of one page must not share ids
  const spoken = []; // what is said again in another language
  const synced = []; // what shows the settings
  let words = null;
  let busy = { playing: false, drawing: false };

  function button(key, act) {
    const node = element("button", { type: "button" });
    node.addEventListener("click", act);
    spoken.push(() => (node.textContent = words[key]));
    return node;
  }
  function row(key, control, ...more) {
    control.id = `nm-${unique}-${key}`;
    const label = element("label", { htmlFor: control.id });
    spoken.push(() => (label.textContent = words[key]));
    return element("div", { className: "fl-row" }, label, control, ...more);
  }
  function choice(key, values) {
    const select = element("select", {}, ...values.map((value) => new Option(value, value)));
    select.addEventListener("change", () => set({ [key]: select.value }));
    spoken.push(() => {
      for (const option of select.options) option.textContent = words[option.value];
    });
    synced.push(() => (select.value = settings[key]));
    return row(key, select);
  }
  function slider(key, values) {
    const input = element("input", { type: "range", min: 0, max: values.length - 1, step: 1 });
    const output = element("output");
    input.addEventListener("input", () => set({ [key]: values[input.value] }));
    synced.push(() => {
      input.value = values.indexOf(settings[key]);
      output.textContent = words[settings[key]] ?? settings[key];
      input.setAttribute("aria-valuetext", output.textContent);
    });
    return row(key, input, output);
  }
  const playButton = button("play", play);
  const drawButton = button("draw", draw);
  const text = element("input", { type: "text", autocomplete: "off", spellcheck: false });
  text.setAttribute("autocapitalize", "none");
  text.addEventListener("input", () => set({ begin: text.value }));
  const wrong = element("p", { className: "fl-note", id: `nm-${unique}-wrong`, hidden: true });
  wrong.setAttribute("role", "status");
  synced.push(() => {
    if (text.value !== settings.begin) text.value = settings.begin;
    text.lang = settings.alphabet;
    text.placeholder = { ko: "서", en: "san" }[settings.alphabet];
  });
  const rows = [
    choice("alphabet", Object.keys(ALPHABETS)),
    choice("which", ["careful", "careless"]),
    choice("order", ["random", "certain"]),
    slider("atOnce", AT_ONCE),
    slider("seed", [...Array(SEEDS).keys()]),
    row("begin", text),
  ];
  function sync() {
    if (words) for (const show of synced) show();
  }
  function working(now) {
    busy = now;
    if (!words) return;
    playButton.textContent = busy.playing ? words.pause : words.play;
    drawButton.textContent = busy.drawing ? words.stop : words.draw;
  }
  return {
    top: element("div", { className: "fl-buttons" }, playButton, button("step", step), button("fresh", fresh)),
    rows: [...rows, wrong],
    bottom: element("div", { className: "fl-buttons" }, drawButton),
    sync,
    /** {playing, drawing}: the buttons say what a click will do. */
    working,
    /** What the reader has typed cannot begin a name, or can again. */
    refuse(bad) {
      const reason = bad ? words[settings.alphabet === "ko" ? "badKo" : "badEn"] : "";
      wrong.hidden = !bad;
      if (wrong.textContent !== reason) wrong.textContent = reason;
      text.setAttribute("aria-invalid", String(bad));
      if (bad) text.setAttribute("aria-describedby", wrong.id);
      else text.removeAttribute("aria-describedby");
    },
    speak(next) {
      words = next;
      for (const say of spoken) say();
      sync();
      working(busy);
    },
  };
}
