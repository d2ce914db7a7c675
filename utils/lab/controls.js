// Real form controls: each has its label, and shows only what the other settings allow.
import { element } from "./element.js";

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50, 100, 250, 500, 1000];
const SAMPLERS = { velocity: ["euler", "midpoint", "heun", "sde"], epsilon: ["ddim", "ddpm"] };

function nearestStep(value) {
  const distance = (i) => Math.abs(STEPS[i] - value);
  return STEPS.reduce((best, _, i) => (distance(i) < distance(best) ? i : best), 0);
}

/** Change settings to what exists: a velocity network has four samplers, a noise predictor two. */
function allow(settings, kind) {
  const allowed = SAMPLERS[kind];
  if (!allowed.includes(settings.sampler)) settings.sampler = allowed[0];
  if (kind === "epsilon") settings.scheduler = "condot"; // its own schedule: nothing to choose
  // Heun asks for the velocity at t = 1, where VP's is infinite.
  const heunless = settings.scheduler === "vp";
  if (heunless && settings.sampler === "heun") settings.sampler = "midpoint";
  return { allowed, heunless };
}

/** `set` takes changed settings, `seek` a time, `play` and `fresh` a click. */
export function createControls(lab, settings, { set, seek, play, fresh }) {
  // Two laboratories of one page, each with a module of its own, must not share ids.
  const unique = Math.random().toString(36).slice(2, 8);
  const id = (what) => `fl-${unique}-${what}`;
  let words = null;
  const name = (key) => words.names[key] ?? key;
  const spoken = []; // what is said again in another language
  const rows = {};

  function row(key, heading, control, output) {
    control.id = id(key);
    const label = element("label", { htmlFor: control.id });
    spoken.push(() => (label.textContent = words[heading]));
    rows[key] = element("div", { className: "fl-row" }, label, control);
    if (output) {
      output.htmlFor = control.id;
      rows[key].append(output);
    }
  }
  function choice(key, heading, options, say = name) {
    const select = element("select");
    for (const value of options) select.append(new Option(value, value));
    spoken.push(() => {
      for (const option of select.options) option.textContent = say(option.value);
    });
    select.addEventListener("change", () => set({ [key]: select.value }));
    row(key, heading, select);
    return select;
  }
  function check(key) {
    const box = element("input", { type: "checkbox", id: id(key) });
    box.addEventListener("change", () => set({ [key]: box.checked }));
    const caption = element("span");
    spoken.push(() => (caption.textContent = words[key]));
    return { box, caption, label: element("label", {}, box, caption) };
  }
  function button(key, act) {
    const node = element("button", { type: "button" });
    spoken.push(() => (node.textContent = words[key]));
    node.addEventListener("click", act);
    return node;
  }

  const names = Object.keys(lab.models);
  const coupled = names.some((key) => key === "ot");
  const selects = {
    model: choice("model", coupled ? "coupling" : "model", names),
    sampler: choice("sampler", "sampler", []),
    scheduler: choice("scheduler", "scheduler", ["condot", "cosine", "vp"]),
    follow: choice("follow", "follow", ["network", "pairs"], (key) => words[key]),
  };
  const steps = element("input", { type: "range", min: 0, max: STEPS.length - 1, step: 1 });
  const stepsOut = element("output");
  steps.addEventListener("input", () => set({ steps: STEPS[steps.value] }));
  row("steps", "steps", steps, stepsOut);
  const time = element("input", { type: "range", min: 0, max: 1, step: 0.01 });
  const timeOut = element("output");
  time.addEventListener("input", () => seek(Number(time.value)));
  row("time", "time", time, timeOut);
  const playButton = button("play", play);
  const freshButton = button("fresh", fresh);
  const checks = { lines: check("lines"), field: check("field"), data: check("data") };

  /** The time as a number beside its slider. */
  function tell(t) {
    time.value = t;
    timeOut.textContent = t.toFixed(2);
    time.setAttribute("aria-valuetext", words.at.replace("{t}", t.toFixed(2)));
  }
  /** The button says what a click will do. */
  let running = false;
  function playing(on) {
    running = on;
    playButton.textContent = on ? words.pause : words.play;
  }
  /** Show the settings; those that do not go together are changed first. */
  function sync() {
    const kind = lab.models[settings.model].kind;
    const { allowed, heunless } = allow(settings, kind);
    selects.sampler.replaceChildren(...allowed.map((key) => new Option(name(key), key)));
    for (const option of selects.sampler.options) {
      option.disabled = heunless && option.value === "heun";
    }
    for (const key of Object.keys(selects)) selects[key].value = settings[key];
    for (const key of Object.keys(checks)) checks[key].box.checked = settings[key];
    rows.scheduler.hidden = kind === "epsilon";
    rows.scheduler.style.display = rows.scheduler.hidden ? "none" : "";
    checks.field.caption.textContent = kind === "epsilon" ? words.noiseField : words.field;
    steps.value = nearestStep(settings.steps);
    steps.setAttribute("aria-valuetext", String(settings.steps));
    stepsOut.textContent = settings.steps;
  }

  return {
    nodes: [
      element("div", { className: "fl-buttons" }, playButton, freshButton),
      rows.time,
      ...(names.length > 1 ? [rows.model] : []),
      rows.sampler,
      rows.steps,
      rows.scheduler,
      rows.follow,
      element("div", { className: "fl-checks" }, ...Object.values(checks).map((c) => c.label)),
    ],
    tell,
    playing,
    sync,
    speak(next) {
      words = next;
      for (const say of spoken) say();
      sync();
      playing(running);
      tell(Number(time.value));
    },
  };
}
