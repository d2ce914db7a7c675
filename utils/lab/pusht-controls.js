// Buttons and sliders of Push-T; each slider has its label and says its value.
import { element } from "./element.js";

const EVALUATIONS = [1, 2, 4, 8, 16];
const MOST_ACTIONS = 8;

/** `set` takes changed settings; the others take a click. */
export function createPushControls(settings, { set, play, step, again, start, noise }) {
  const unique = Math.random().toString(36).slice(2, 8); // two of one page must not share ids
  const spoken = []; // what is said again in another language
  let words = null;
  let running = false;

  function button(key, act) {
    const node = element("button", { type: "button" });
    node.addEventListener("click", act);
    spoken.push(() => (node.textContent = words[key]));
    return node;
  }
  function slider(key, values) {
    const id = `pt-${unique}-${key}`;
    const input = element("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
    const label = element("label", { htmlFor: id });
    const output = element("output", { htmlFor: id });
    input.addEventListener("input", () => set({ [key]: values[input.value] }));
    spoken.push(() => (label.textContent = words[key]));
    return {
      row: element("div", { className: "fl-row" }, label, input, output),
      sync() {
        input.value = values.indexOf(settings[key]);
        input.setAttribute("aria-valuetext", String(settings[key]));
        output.textContent = settings[key];
      },
    };
  }
  const playButton = button("play", play);
  const buttons = [button("step", step), button("again", again), button("start", start), button("noise", noise)];
  const sliders = [
    slider("evaluations", EVALUATIONS),
    slider("chunk", Array.from({ length: MOST_ACTIONS }, (_, i) => i + 1)),
  ];
  const box = element("input", { type: "checkbox" });
  box.addEventListener("change", () => set({ fast: box.checked }));
  const caption = element("span");
  spoken.push(() => (caption.textContent = words.fast));

  function sync() {
    for (const part of sliders) part.sync();
    box.checked = settings.fast;
  }
  function playing(on) {
    running = on;
    if (words) playButton.textContent = on ? words.pause : words.play;
  }
  return {
    nodes: [
      element("div", { className: "fl-buttons" }, playButton, ...buttons),
      ...sliders.map((part) => part.row),
      element("div", { className: "fl-checks" }, element("label", {}, box, caption)),
    ],
    sync,
    playing,
    speak(next) {
      words = next;
      for (const say of spoken) say();
      sync();
      playing(running);
    },
  };
}
