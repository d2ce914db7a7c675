// What the reader sees of the laboratory that learns, put together, and what happens in it.
import { fromAddress, toAddress } from "./address.js";
import { ALLOWED, CHOICES, DEFAULTS, SIDES, STEPS, agree } from "./choices.js";
import { createClock } from "./clock.js";
import { PRESETS, SIDE, dataOf, paint, written } from "./drawing.js";
import { element } from "./element.js";
import { GOALS } from "./goals.js";
import { LEARNING_STYLE } from "./learning-style.js";
import { LEARNING_WORDS } from "./learning-words.js";
import { createLook } from "./look.js";
import { createPad } from "./pad.js";
import { createChart, createPane } from "./panes.js";
import { createPanel } from "./panel.js";
import { createReport } from "./report.js";
import { createSide } from "./sides.js";
import { STYLE } from "./style.js";
import { attachable } from "./surroundings.js";
import { fill } from "./words.js";

// utils.plotting.COLORS; on a dark ground they are mixed with white.
const COLORS = { noise: "#0072B2", data: "#D55E00", path: "#999999", velocity: "#009E73", sample: "#CC79A7" };
const SECOND = "#56B4E9"; // the second colour of the drawing

function palette(dark) {
  const tint = (hex) => [1, 3, 5].map((i) => {
    const value = parseInt(hex.slice(i, i + 2), 16);
    return Math.round(dark ? value + 0.4 * (255 - value) : value);
  });
  const all = Object.fromEntries(Object.entries(COLORS).map(([key, hex]) => [key, tint(hex)]));
  return { ...all, ink: dark ? [236, 236, 236] : [27, 27, 27], marks: [all.data, tint(SECOND)] };
}

/** Draw into `host`; `connect` gives an engine for each model. Returns a handle. */
export function createLearningView(host, connect) {
  const found = fromAddress(location.hash, SIDE * SIDE, DEFAULTS, ALLOWED);
  const settings = found.values;
  agree(settings);
  const cells = found.cells ?? paint(PRESETS.three);
  const view = { time: 1, playing: false, lines: false };
  const stats = { frames: 0, seconds: 0 };
  let own = !!found.cells;
  let words = null;
  let running = false; // a training is under way
  let stopped = false; // by the reader
  let onScreen = true;
  const reached = new Set();

  const engines = SIDES.map(connect);
  const sides = SIDES.map((name, i) => createSide(name, engines[i], settings, told, cells));
  const [a, b] = sides;
  const report = createReport(sides);
  const panes = sides.map((side) => createPane(side, view));
  const chart = createChart(sides);
  const panel = createPanel(settings, set);
  const brush = { colour: 1, radius: 0.16 };
  const pad = createPad(cells, { tool: () => brush, changed: drawn });
  const drawings = [pad, ...panes, chart];

  // ---- drawing -----------------------------------------------------------------------------
  function drawn() {
    own = true;
    preset.select.value = "choose"; // so that the same one can be chosen again
    sync();
  }
  function replace(next, mine) {
    cells.set(next);
    own = mine;
    if (mine) preset.select.value = "choose";
    pad.show();
    sync();
  }
  const tools = panel.radios("tool", "tool", ["first", "second", "eraser"], (i) => (brush.colour = (i + 1) % 3));
  const width = panel.slider("brush", { low: 0.06, high: 0.5, step: 0.02, say: (v) => v.toFixed(2) }, (value) => {
    brush.radius = value;
    width.tell(value);
  });
  width.tell(brush.radius);
  const preset = panel.choice("preset", "preset", ["choose", ...Object.keys(PRESETS)], (name) => {
    if (PRESETS[name]) replace(paint(PRESETS[name]), false);
  });
  const text = element("input", { type: "text", maxLength: 12, autocomplete: "off" });
  const write = () => {
    const next = written(text.value);
    if (next) replace(next, true);
  };
  text.addEventListener("keydown", (event) => {
    event.stopPropagation(); // notebooks and books listen to letters
    if (event.key === "Enter") write();
  });

  // ---- training ----------------------------------------------------------------------------
  const go = element("button", { type: "button", className: "fl-go" });
  go.addEventListener("click", () => {
    if (!running) return train();
    stopped = !stopped;
    hold();
    sync();
    return undefined;
  });
  const hold = () => sides.forEach((side) => side.hold(stopped || !onScreen).catch(() => {}));
  let turn = 0; // of trainings: an older one changes nothing
  async function train(which = sides, reflow = false) {
    const data = reflow ? which[0].data : dataOf(cells, settings.count, settings.seed);
    if (!data) return report.say(words.nothing);
    const mine = (turn += 1);
    Object.assign(view, { time: 1 });
    play(false);
    [running, stopped] = [true, false];
    hold();
    sync();
    try {
      const ended = await Promise.all(which.map((side) => side.train(data, reflow)));
      if (mine !== turn || !ended.every(Boolean)) return undefined;
      running = false;
      sync();
      report.say(which.map((side) => fill(words.trained, { name: words[side.name], steps: side.step, seconds: side.seconds.toFixed(1) })).join(" "));
      await sample();
    } catch (error) {
      if (mine === turn) running = false;
      failed(error);
      sync();
    }
    return undefined;
  }
  const ready = () => sides.every((side) => side.trained) && !running;
  async function sample() {
    if (!sides.some((side) => side.trained) || running) return;
    try {
      await Promise.all(sides.filter((side) => side.trained).map((side) => side.sample()));
      judge();
    } catch (error) {
      failed(error);
    }
  }
  function failed(error) {
    const why = error.key && words[error.key] ? fill(words[error.key], error) : error.message;
    report.say(words.failed + why);
  }
  function told(side) {
    panes[sides.indexOf(side)].show();
    chart.show();
    report.show(running);
  }
  /** Which goals are reached now. */
  function judge() {
    if (!ready() || sides.some((side) => !side.seen || side.stale())) return;
    const state = { a, b, own, settings, apart: report.apart() };
    GOALS.forEach((goal, i) => {
      if (reached.has(i) || !goal(state)) return;
      reached.add(i);
      goals.children[i].classList.add("fl-reached");
      goals.children[i].append(element("span", { className: "fl-hidden", textContent: ` (${words.done})` }));
      report.say(fill(words.reached, { n: i + 1, name: words.goal[i] }));
    });
  }

  // ---- settings ----------------------------------------------------------------------------
  let latest = Promise.resolve();
  function set(change) {
    Object.assign(settings, change);
    sync();
    const samples = ["steps", "solver", "noise", "weight", "exact"];
    if (samples.some((key) => key in change)) latest = sample();
    return latest;
  }
  function sync() {
    const { heunless } = agree(settings);
    panel.sync();
    for (const option of solver.select.options) option.disabled = heunless && option.value === "heun";
    recipes.forEach(({ prediction }, i) => {
      const ddpm = settings[`${SIDES[i]}.path`] === "ddpm";
      for (const option of prediction.options) option.disabled = ddpm && option.value === "velocity";
    });
    sides.forEach((side, i) => {
      recipes[i].reflow.disabled = running || !side.trained || side.recipe.path === "ddpm" || settings.noise > 0;
    });
    if (words) go.textContent = running ? words[stopped ? "goOn" : "stop"] : words[a.trained ? "again" : "train"];
    weight.node.style.display = a.data?.labels || (cells.includes(1) && cells.includes(2)) ? "" : "none";
    report.show(running);
  }
  const seed = element("input", { type: "number", min: 0, max: 99999, step: 1, value: settings.seed });
  seed.addEventListener("change", () => {
    const value = Math.round(Number(seed.value));
    if (CHOICES.seed(value)) set({ seed: value });
    seed.value = settings.seed;
  });
  const count = panel.choice("count", "count", CHOICES.count);
  const budget = panel.choice("budget", "budget", CHOICES.budget);
  const steps = panel.slider("steps", { list: STEPS });
  const solver = panel.choice("solver", "solver", CHOICES.solver);
  const noise = panel.slider("noise", { say: (v) => v.toFixed(1) });
  const weight = panel.slider("weight", { high: 5, step: 0.5, say: (v) => v.toFixed(1) });
  const exact = panel.check("exact", (on) => set({ exact: on }));
  const lines = panel.check("lines", (on) => {
    view.lines = on;
    panes.forEach((pane) => pane.show());
  });
  const recipes = sides.map((side) => {
    const choice = (key) => panel.choice(`${side.name}.${key}`, key, CHOICES[key]);
    const [path, prediction, batch, times] = ["path", "prediction", "batch", "times"].map(choice);
    const reflow = panel.button("reflow", () => train([side], true));
    const title = element("p", { className: "fl-name" });
    panel.spoken.push(() => {
      title.textContent = words[side.name];
      for (const { select } of [path, prediction, batch, times]) {
        select.setAttribute("aria-label", `${words[side.name]}: ${select.labels[0]?.textContent ?? ""}`);
      }
      reflow.setAttribute("aria-label", `${words[side.name]}: ${words.reflow}`);
    });
    const node = element("div", { className: "fl-side" }, title, path.node, prediction.node, batch.node, times.node, reflow);
    return { node, prediction: prediction.select, reflow };
  });

  // ---- time --------------------------------------------------------------------------------
  const time = panel.slider("time", { step: 0.01, say: (v) => v.toFixed(2) }, (value) => {
    play(false);
    move(value);
  });
  function move(t) {
    view.time = t;
    time.tell(t);
    panes.forEach((pane) => pane.show());
  }
  const player = element("button", { type: "button" });
  const play = createClock(view, stats, { move, changed: () => tell() });
  const tell = () => words && (player.textContent = words[view.playing ? "pause" : "play"]);
  player.addEventListener("click", () => play(!view.playing));
  move(1);

  // ---- put together ------------------------------------------------------------------------
  const link = panel.button("link", () => {
    try {
      history.replaceState(null, "", toAddress(cells, settings, DEFAULTS));
    } catch (error) {
      return failed(error); // a frame of Colab's has no address of its own
    }
    const copy = navigator.clipboard?.writeText(location.href) ?? Promise.reject(new Error("none"));
    return copy.then(() => report.say(words.copied_link), () => report.say(words.link_only));
  });
  const goals = element("ol", { className: "fl-goals" }, ...GOALS.map(() => element("li", {}, element("span"))));
  const heading = (key, tag = "p") => {
    const node = element(tag, tag === "p" ? { className: "fl-name" } : {});
    panel.spoken.push(() => (node.textContent = words[key]));
    return node;
  };
  panel.spoken.push(() => {
    words.goal.forEach((goal, i) => (goals.children[i].firstChild.textContent = goal));
    tell();
  });
  const remark = (key) => {
    const node = element("p", { className: "fl-note" });
    panel.spoken.push(() => (node.textContent = words[key]));
    return node;
  };
  const root = attachable(() => look.attached());
  root.className = "fl fl-learn";
  root.setAttribute("role", "group");
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab's: a letter in a field is a letter
  root.append(
    element("div", { className: "fl-draw" }, element("div", {}, pad.node, remark("hint")), element("div", { className: "fl-tools" },
      tools, width.node, preset.node, panel.row("text", "text", text), element("div", { className: "fl-buttons" },
        panel.button("write", write), panel.button("clear", () => replace(new Uint8Array(SIDE * SIDE), true)), link),
      count.node, budget.node, panel.row("seed", "seed", seed), go)),
    report.said,
    element("div", { className: "fl-pair fl-panes" }, ...panes.map((pane, i) =>
      element("div", {}, report.titles[i], pane.node, report.numbers[i]))),
    remark("legend"),
    report.verdict,
    report.together,
    element("div", { className: "fl-pair" },
      element("div", { className: "fl-side" }, heading("sampling"), steps.node, solver.node, noise.node, weight.node,
        element("div", { className: "fl-checks" }, exact.node, lines.node)),
      element("div", { className: "fl-side" }, heading("losses"), chart.node, remark("lossNote"), time.node,
        element("div", { className: "fl-buttons" }, player))),
    element("details", {}, heading("recipes", "summary"), element("div", { className: "fl-pair" }, ...recipes.map((one) => one.node))),
    element("details", { open: true }, heading("goals", "summary"), goals),
  );
  const style = element("style", { textContent: STYLE + LEARNING_STYLE });

  // ---- where it stands ---------------------------------------------------------------------
  const look = createLook(host, root, {
    speak(language) {
      words = LEARNING_WORDS[language];
      root.setAttribute("aria-label", words.title);
      panel.speak(words);
      pad.speak(words);
      report.speak(words);
      panes.forEach((pane, i) => pane.label(fill(words.picture, { name: words[SIDES[i]], n: 512 })));
      chart.label(words.losses);
      sync();
    },
    colour(dark) {
      const colours = palette(dark);
      drawings.forEach((drawing) => drawing.colour(colours));
      [...tools.querySelectorAll(".fl-swatch")].forEach((swatch, i) => {
        swatch.style.background = colours.marks[i] ? `rgb(${colours.marks[i]})` : "transparent";
      });
    },
    fit() {
      [pad, ...panes].forEach((drawing) => drawing.fit());
      chart.show();
    },
  });
  // Nothing is computed that nobody can see.
  const noticed = () => {
    const visible = inView && document.visibilityState !== "hidden";
    if (visible === onScreen) return;
    onScreen = visible;
    if (!visible) play(false);
    if (running) hold();
  };
  let inView = true;
  const seen = new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    noticed();
  });
  look.first();
  host.append(style, root);
  look.attached();
  look.watch(root);
  seen.observe(root);
  document.addEventListener("visibilitychange", noticed);

  return {
    root, settings, sides, view, stats, cells, reached, set, train, replace,
    ready: () => latest,
    isRunning: () => running,
    close() {
      play(false);
      seen.disconnect();
      look.close();
      document.removeEventListener("visibilitychange", noticed);
      engines.forEach((engine) => engine.close());
      style.remove();
      root.remove();
    },
  };
}
