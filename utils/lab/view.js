// What the reader sees: a picture on two canvases, real form controls, and a line that is read out.
import { WORDS, fill } from "./words.js";

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 50, 100, 250, 500, 1000];
const SECONDS = 3; // one run from noise to data
const LINES = 60; // particles whose way is drawn;
const WANDERING = 12; // so many, if the sampler adds noise
const STOCHASTIC = ["sde", "ddpm"];
const SAMPLERS = { velocity: ["euler", "midpoint", "heun", "sde"], epsilon: ["ddim", "ddpm"] };

export const STYLE = `
.fl { --fl-fg: #1b1b1b; --fl-bg: #fff; --fl-edge: #767676; --fl-soft: #f2f2f2; --fl-accent: #0a5c8f;
  display: flex; flex-wrap: wrap; gap: 1rem; color: var(--fl-fg); background: var(--fl-bg);
  border: 1px solid var(--fl-edge); border-radius: .5rem; padding: .75rem; text-align: left;
  font-size: .95rem; line-height: 1.4; box-sizing: border-box; contain: layout style; }
.fl * { box-sizing: border-box; }
.fl-dark { --fl-fg: #ececec; --fl-bg: #16181c; --fl-edge: #8b929c; --fl-soft: #2a2e35; --fl-accent: #7cc4f0; }
.fl-stage { position: relative; flex: 1 1 19rem; max-width: 27rem; margin: 0 auto; align-self: flex-start; aspect-ratio: 1;
  overflow: hidden; touch-action: pan-y; }
.fl-stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
/* JupyterLab has square buttons. */
.fl .fl-handle { position: absolute; width: 2rem; height: 2rem; min-width: 0; margin: -1rem 0 0 -1rem; padding: 0;
  border: 2px solid var(--fl-fg); border-radius: 50%; background: transparent; cursor: grab; touch-action: none; }
.fl-busy { position: absolute; left: .5rem; bottom: .5rem; padding: .1rem .5rem; border-radius: .3rem;
  background: var(--fl-soft); color: var(--fl-fg); }
.fl-panel { flex: 1 1 15rem; min-width: 0; display: flex; flex-direction: column; gap: .5rem; }
.fl-row { display: grid; grid-template-columns: 6.9rem minmax(0, 1fr) auto; gap: .5rem; align-items: center; }
.fl-row select { grid-column: 2 / -1; }
.fl-row output { min-width: 3.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.fl select, .fl-buttons button { font: inherit; color: inherit; background: var(--fl-soft); padding: .25rem .6rem; width: 100%;
  min-height: 2rem; border: 1px solid var(--fl-edge); border-radius: .3rem; }
.fl input { accent-color: var(--fl-accent); margin: 0; }
.fl input[type=range] { width: 100%; height: 1.5rem; background: transparent; }
.fl-checks { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.fl-checks label { display: inline-flex; align-items: center; gap: .4rem; min-height: 1.6rem; }
.fl-checks input { width: 1.1rem; height: 1.1rem; }
.fl-buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
.fl-buttons button { cursor: pointer; width: auto; flex: 1; }
.fl-read { margin: 0; min-height: 4.2em; align-content: flex-start; display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; font-variant-numeric: tabular-nums; }
.fl-read b { font-size: 1.15em; }
.fl-note { margin: 0; font-size: .9em; }
.fl-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.fl :focus-visible { outline: 3px solid var(--fl-accent); outline-offset: 2px; }
`;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in node && name !== "list") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** The first colour behind a node that is not transparent: is it dark? */
function isDark(node) {
  for (let at = node; at; at = at.parentElement) {
    const [r, g, b, a = 1] = getComputedStyle(at).backgroundColor.match(/[\d.]+/g).map(Number);
    if (a > 0.5) return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }
  return false;
}

/** A colour of the course on a dark ground: mixed with white. */
function tint(hex, dark) {
  const part = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return part.map((value) => Math.round(dark ? value + 0.4 * (255 - value) : value));
}

/** The language of the page. In JupyterLab that is the notebook's, whatever the menus are in. */
function languageOf(host) {
  const notebook = host.closest(".jp-Notebook, .jp-NotebookPanel");
  if (notebook) return (notebook.textContent.match(/[가-힣]/g) ?? []).length > 20 ? "ko" : "en";
  const declared = document.documentElement.lang || navigator.language; // Colab's frame declares none
  return declared.startsWith("ko") ? "ko" : "en";
}

let unique = 0;

/** Draw into `host` what `engine` computes; `lab` is the notebook's state. Returns a handle. */
export function createView(host, lab, engine) {
  const words = WORDS[languageOf(host)];
  const name = (key) => words.names[key] ?? key;
  const id = (what) => `fl-${unique}-${what}`;
  unique += 1;
  const settings = { ...lab.start, seed: 0 };
  const view = { time: 0, playing: false, shown: null, probe: null, field: null, ways: null };
  const stats = { frames: 0, seconds: 0, draw: 0, computed: 0 };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const kind = () => lab.models[settings.model].kind;

  // ---- controls ----------------------------------------------------------------------------
  const rows = {};
  function row(key, text, control, output) {
    control.id = id(key);
    rows[key] = element("div", { className: "fl-row" });
    rows[key].append(element("label", { htmlFor: control.id, textContent: text }), control);
    if (output) {
      output.htmlFor = control.id;
      rows[key].append(output);
    }
    return rows[key];
  }
  function choice(key, text, options) {
    const select = element("select");
    for (const value of options) select.append(new Option(name(value), value));
    select.value = settings[key];
    select.addEventListener("change", () => set({ [key]: select.value }));
    row(key, text, select);
    return select;
  }
  function check(key, text) {
    const box = element("input", { type: "checkbox", checked: settings[key], id: id(key) });
    box.addEventListener("change", () => set({ [key]: box.checked }));
    const caption = element("span", { textContent: text });
    return { box, caption, label: element("label", {}, box, caption) };
  }

  const names = Object.keys(lab.models);
  const coupled = names.some((key) => key === "ot");
  const selects = {
    model: choice("model", coupled ? words.coupling : words.model, names),
    sampler: choice("sampler", words.sampler, []),
    scheduler: choice("scheduler", words.scheduler, ["condot", "cosine", "vp"]),
    follow: choice("follow", words.follow, []),
  };
  for (const key of ["network", "pairs"]) selects.follow.append(new Option(words[key], key));
  selects.follow.value = settings.follow;
  const steps = element("input", { type: "range", min: 0, max: STEPS.length - 1, step: 1 });
  const stepsOut = element("output");
  steps.value = nearestStep(settings.steps);
  steps.addEventListener("input", () => set({ steps: STEPS[steps.value] }));
  row("steps", words.steps, steps, stepsOut);
  const time = element("input", { type: "range", min: 0, max: 1, step: 0.01 });
  const timeOut = element("output");
  time.addEventListener("input", () => {
    play(false);
    move(Number(time.value));
  });
  row("time", words.time, time, timeOut);
  const playButton = element("button", { type: "button", textContent: words.play });
  playButton.addEventListener("click", () => play(!view.playing));
  const freshButton = element("button", { type: "button", textContent: words.fresh });
  freshButton.addEventListener("click", () => set({ seed: settings.seed + 1 }));
  const checks = {
    lines: check("lines", words.lines),
    field: check("field", words.field),
    data: check("data", words.data),
  };
  const numbers = element("p", { className: "fl-read" });
  const note = element("p", { className: "fl-note", textContent: words.conditional, hidden: true });
  const said = element("p", { className: "fl-hidden" });
  said.setAttribute("role", "status");
  said.setAttribute("aria-live", "polite");

  // ---- the picture -------------------------------------------------------------------------
  const below = element("canvas");
  below.setAttribute("role", "img");
  below.setAttribute("aria-label", words.picture);
  const arrowed = element("canvas");
  const above = element("canvas");
  for (const canvas of [arrowed, above]) canvas.setAttribute("aria-hidden", "true");
  const handle = element("button", { type: "button", className: "fl-handle" });
  handle.setAttribute("aria-label", words.handle);
  const busy = element("div", { className: "fl-busy", hidden: true });
  const stage = element("div", { className: "fl-stage" }, below, arrowed, above, handle, busy);
  const panel = element(
    "div",
    { className: "fl-panel" },
    element("div", { className: "fl-buttons" }, playButton, freshButton),
    rows.time,
    ...(names.length > 1 ? [rows.model] : []),
    rows.sampler,
    rows.steps,
    rows.scheduler,
    rows.follow,
    element("div", { className: "fl-checks" }, ...Object.values(checks).map((c) => c.label)),
    numbers,
    note,
    said,
  );
  const root = element("div", { className: "fl", role: "group" }, stage, panel);
  root.setAttribute("aria-label", words.title);
  host.append(element("style", { textContent: STYLE }), root);

  const paper = below.getContext("2d");
  const arrows = arrowed.getContext("2d");
  const glass = above.getContext("2d");
  let size = 0;
  let ratio = 1;
  let pixels = null;
  let colors = {};
  const point = { x: lab.start.point[0], y: lab.start.point[1] };
  const limits = lab.limits;
  const across = (x) => ((x + limits) / (2 * limits)) * size;
  const down = (y) => ((limits - y) / (2 * limits)) * size;
  const css = (color, alpha = 1) => `rgba(${color.join(",")},${alpha})`;

  function resize() {
    ratio = Math.min(devicePixelRatio || 1, 2);
    const next = Math.round(stage.clientWidth * ratio);
    if (!next || next === size) return;
    size = next;
    for (const canvas of [below, arrowed, above]) canvas.width = canvas.height = size;
    pixels = glass.createImageData(size, size);
    place();
    paint();
  }
  function theme() {
    const dark = isDark(host.parentElement ?? host);
    root.classList.toggle("fl-dark", dark);
    for (const [key, value] of Object.entries(lab.colors)) colors[key] = tint(value, dark);
    colors.ink = dark ? [236, 236, 236] : [27, 27, 27];
    paint();
  }
  function place() {
    handle.style.left = `${across(point.x) / ratio}px`;
    handle.style.top = `${down(point.y) / ratio}px`;
    handle.title = fill(words.point, { x: point.x.toFixed(1), y: point.y.toFixed(1) });
  }

  /** Two stored states around a time, and how far it lies between them. */
  function between(times, t) {
    let i = 0;
    while (i + 2 < times.length && times[i + 1] <= t) i += 1;
    const part = times.length > 1 ? (t - times[i]) / (times[i + 1] - times[i]) : 0;
    return [i, Math.min(i + 1, times.length - 1), Math.min(Math.max(part, 0), 1)];
  }

  function polyline(context, { states }, p, every) {
    context.moveTo(across(states[0][2 * p]), down(states[0][2 * p + 1]));
    for (let i = every; i < states.length; i += every) {
      context.lineTo(across(states[i][2 * p]), down(states[i][2 * p + 1]));
    }
    const last = states[states.length - 1];
    context.lineTo(across(last[2 * p]), down(last[2 * p + 1]));
  }

  /** What does not move: data, lines, the dragged point's way. */
  function paintBelow() {
    paper.clearRect(0, 0, size, size);
    const dot = 2.2 * ratio;
    if (settings.data) {
      paper.fillStyle = css(colors.data, 0.35);
      const { points } = lab;
      for (let i = 0; i < points.length; i += 2) {
        paper.fillRect(across(points[i]) - dot / 2, down(points[i + 1]) - dot / 2, dot, dot);
      }
    }
    const shown = visible();
    if (settings.lines && shown) {
      paper.beginPath();
      const wild = settings.follow === "network" && STOCHASTIC.includes(settings.sampler);
      const count = Math.min(wild ? WANDERING : LINES, shown.states[0].length / 2);
      for (let p = 0; p < count; p += 1) polyline(paper, shown, p, 1);
      paper.strokeStyle = css(colors.path, 0.75);
      paper.lineWidth = ratio;
      paper.stroke();
    }
    if (view.probe && settings.follow === "network") {
      paper.beginPath();
      const count = view.probe.states[0].length / 2;
      for (let p = 0; p < count; p += 1) polyline(paper, view.probe, p, 1);
      paper.strokeStyle = css(colors.ink, count > 1 ? 0.45 : 0.9);
      paper.lineWidth = (count > 1 ? 1 : 2) * ratio;
      paper.stroke();
    }
  }
  /** The arrows at this time; while it runs, not in every frame. */
  let drawnAt = 0;
  function paintField() {
    drawnAt = view.time;
    arrows.clearRect(0, 0, size, size);
    if (!settings.field || !view.field) return;
    const { grid, times, arrows: found, typical, side } = view.field;
    const [i, j, part] = between(times, Math.min(view.time, times[times.length - 1]));
    const cell = (0.85 * size) / side;
    arrows.beginPath();
    for (let g = 0; g < grid.length; g += 2) {
      const u = found[i][g] + part * (found[j][g] - found[i][g]);
      const v = found[i][g + 1] + part * (found[j][g + 1] - found[i][g + 1]);
      const speed = Math.hypot(u, v);
      const length = (cell * speed) / (speed + typical) / (speed || 1);
      const [dx, dy] = [u * length, -v * length];
      const [x, y] = [across(grid[g]) - dx / 2, down(grid[g + 1]) - dy / 2];
      arrows.moveTo(x, y);
      arrows.lineTo(x + dx, y + dy);
      arrows.lineTo(x + 0.65 * dx - 0.2 * dy, y + 0.65 * dy + 0.2 * dx);
      arrows.moveTo(x + dx, y + dy);
      arrows.lineTo(x + 0.65 * dx + 0.2 * dy, y + 0.65 * dy - 0.2 * dx);
    }
    arrows.strokeStyle = css(colors.velocity, 0.9);
    arrows.lineWidth = 1.3 * ratio;
    arrows.stroke();
  }

  /** The particles at this time: each is stamped into one image, which is put on the canvas. */
  function paintAbove() {
    const image = new Uint32Array(pixels.data.buffer);
    image.fill(0);
    const shown = visible();
    if (shown) {
      const [i, j, part] = between(shown.times, view.time);
      const [a, b] = [shown.states[i], shown.states[j]];
      const [red, green, blue] = view.time > 0 ? colors.sample : colors.noise;
      const color = (255 << 24) | (blue << 16) | (green << 8) | red;
      const mark = ratio > 1.3 ? 5 : 3; // side of a particle in pixels, its corners left out
      const half = (mark - 1) / 2;
      for (let p = 0; p < a.length; p += 2) {
        const x = Math.round(across(a[p] + part * (b[p] - a[p]))) - half;
        const y = Math.round(down(a[p + 1] + part * (b[p + 1] - a[p + 1]))) - half;
        if (!(x >= 0 && y >= 0 && x < size - mark && y < size - mark)) continue;
        for (let r = 0, start = y * size + x; r < mark; r += 1, start += size) {
          const ends = r === 0 || r === mark - 1 ? 1 : 0;
          for (let c = ends; c < mark - ends; c += 1) image[start + c] = color;
        }
      }
    }
    glass.putImageData(pixels, 0, 0);
    if (view.probe && settings.follow === "network") {
      const { times, states } = view.probe;
      const [i, j, part] = between(times, view.time);
      glass.fillStyle = css(colors.ink);
      for (let p = 0; p < states[0].length; p += 2) {
        const x = states[i][p] + part * (states[j][p] - states[i][p]);
        const y = states[i][p + 1] + part * (states[j][p + 1] - states[i][p + 1]);
        glass.fillRect(across(x) - 3 * ratio, down(y) - 3 * ratio, 6 * ratio, 6 * ratio);
      }
    }
  }
  const visible = () => (settings.follow === "pairs" ? view.ways : view.shown);
  function paint() {
    if (!size || !colors.data) return;
    paintBelow();
    paintField();
    paintAbove();
  }

  let told = 0;
  function tell(t) {
    told = t;
    time.value = t;
    timeOut.textContent = t.toFixed(2);
    time.setAttribute("aria-valuetext", fill(words.at, { t: t.toFixed(2) }));
  }

  // ---- time --------------------------------------------------------------------------------
  function move(t) {
    view.time = t;
    if (!view.playing || t >= 1 || Math.abs(t - told) > 0.03) tell(t); // the page is laid out anew
    if (!size || !colors.data) return;
    const start = performance.now();
    if (settings.field && (!view.playing || Math.abs(t - drawnAt) > 0.02)) paintField();
    paintAbove();
    stats.draw += performance.now() - start;
  }
  let before = 0;
  function frame(now) {
    if (!view.playing) return;
    const passed = before ? (now - before) / 1000 : 0;
    before = now;
    stats.frames += 1;
    stats.seconds += passed;
    move(Math.min(1, view.time + passed / SECONDS));
    if (view.time >= 1) play(false);
    else requestAnimationFrame(frame);
  }
  function play(on) {
    if (on === view.playing) return;
    view.playing = on;
    playButton.textContent = on ? words.pause : words.play;
    if (!on) return;
    if (view.time >= 1) view.time = 0;
    before = 0;
    requestAnimationFrame(frame);
  }

  // ---- settings ----------------------------------------------------------------------------
  function nearestStep(value) {
    const distance = (i) => Math.abs(STEPS[i] - value);
    return STEPS.reduce((best, _, i) => (distance(i) < distance(best) ? i : best), 0);
  }
  /** Show what the settings allow: a velocity network has four samplers, a noise predictor two. */
  function sync() {
    const allowed = SAMPLERS[kind()];
    if (!allowed.includes(settings.sampler)) settings.sampler = allowed[0];
    if (kind() === "epsilon") settings.scheduler = "condot"; // its own schedule: nothing to choose
    // Heun asks for the velocity at t = 1, where VP's is infinite.
    const heunless = settings.scheduler === "vp";
    if (heunless && settings.sampler === "heun") settings.sampler = "midpoint";
    selects.sampler.replaceChildren(...allowed.map((key) => new Option(name(key), key)));
    for (const option of selects.sampler.options) {
      option.disabled = heunless && option.value === "heun";
    }
    for (const key of Object.keys(selects)) selects[key].value = settings[key];
    for (const key of Object.keys(checks)) checks[key].box.checked = settings[key];
    rows.scheduler.hidden = kind() === "epsilon";
    rows.scheduler.style.display = rows.scheduler.hidden ? "none" : "";
    checks.field.caption.textContent = kind() === "epsilon" ? words.noiseField : words.field;
    steps.value = nearestStep(settings.steps);
    steps.setAttribute("aria-valuetext", String(settings.steps));
    stepsOut.textContent = settings.steps;
    note.hidden = settings.follow !== "pairs";
    handle.hidden = settings.follow === "pairs";
    handle.style.display = handle.hidden ? "none" : "";
  }
  let ready = Promise.resolve();
  function set(change) {
    const old = { ...settings };
    Object.assign(settings, change);
    sync();
    const differs = (...keys) => keys.some((key) => settings[key] !== old[key]);
    if (differs("model", "sampler", "steps", "scheduler", "seed")) ready = compute();
    if (differs("model", "scheduler", "seed")) view.ways = view.field = null;
    complete();
    paint();
    return ready;
  }
  /** Ask for what is shown and not there yet. */
  async function complete() {
    const { model, scheduler, seed } = settings;
    const same = () =>
      settings.model === model && settings.scheduler === scheduler && settings.seed === seed;
    const jobs = [];
    if (settings.follow === "pairs" && !view.ways) {
      jobs.push(engine.ask("pairs", { settings }).then((ways) => same() && (view.ways = ways)));
    }
    if (settings.field && !view.field) {
      const side = 15;
      jobs.push(
        engine.ask("field", { settings, limits, side, count: 21 }).then((field) => {
          const speeds = Array.from(field.arrows[0], Math.abs).sort((a, b) => a - b);
          field.typical = speeds[Math.floor(0.8 * speeds.length)];
          if (same()) view.field = { ...field, side };
        }),
      );
    }
    if (!jobs.length) return;
    await Promise.all(jobs);
    paint();
  }
  async function compute() {
    const asked = performance.now();
    const late = setTimeout(() => (busy.hidden = false), 150);
    busy.textContent = `${words.computing}…`;
    let moved;
    try {
      const running = engine.ask("run", { settings }, (answer) => {
        if (answer.type === "progress") {
          busy.textContent = `${words.computing} ${Math.round(100 * answer.share)} %`;
        } else if (answer.type === "states") {
          clearTimeout(late);
          busy.hidden = true;
          view.shown = answer;
          stats.computed = performance.now() - asked;
          report(answer.nfe);
          paint();
        } else report(view.shown.nfe, answer);
      });
      moved = probe(); // after the particles
      await running;
    } catch (error) {
      said.textContent = busy.textContent = words.failed + error.message;
      busy.hidden = false;
    }
    clearTimeout(late);
    await moved;
  }
  function report(nfe, distance) {
    const number = (value) => (Number.isFinite(value) ? value.toFixed(2) : "∞");
    const bold = (text) => element("b", { textContent: text });
    numbers.replaceChildren(element("span", {}, `${words.nfe} `, bold(nfe)));
    if (!distance) return;
    const [w2, baseline] = [number(distance.w2), number(distance.baseline)];
    const small = `(${words.against} ${baseline}; ${fill(words.exact, distance)})`;
    numbers.append(element("span", {}, `${words.w2} `, bold(w2), ` ${small}`));
    const { sampler, steps: count } = settings;
    said.textContent = fill(words.said, { sampler: name(sampler), steps: count, nfe, w2, baseline });
  }

  // ---- the starting point --------------------------------------------------------------------
  async function probe() {
    const answer = await engine.ask("probe", { settings, point: [point.x, point.y] });
    if (!answer) return;
    view.probe = answer;
    paint();
  }
  function carry(x, y) {
    const keep = (value) => Math.max(-limits, Math.min(limits, value));
    [point.x, point.y] = [keep(x), keep(y)];
    place();
    probe();
  }
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    event.preventDefault();
    handle.focus();
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const box = stage.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    carry(limits * (2 * x - 1), limits * (1 - 2 * y));
  });
  handle.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const go = way[event.key];
    if (!go) return;
    event.preventDefault();
    carry(point.x + 0.04 * limits * go[0], point.y + 0.04 * limits * go[1]);
    said.textContent = handle.title;
  });

  // ---- start and end -----------------------------------------------------------------------
  const sizes = new ResizeObserver(resize);
  sizes.observe(stage);
  const looks = new MutationObserver(theme);
  for (const node of [document.documentElement, document.body]) {
    looks.observe(node, { attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"] });
  }
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  darkness.addEventListener("change", theme);
  let started = false;
  const seen = new IntersectionObserver(
    ([entry]) => {
      if (!entry.isIntersecting) return play(false);
      if (started || calm.matches || entry.intersectionRatio < 0.5) return undefined;
      started = true;
      move(0);
      return ready.then(() => play(true));
    },
    { threshold: [0, 0.5] },
  );
  sync();
  resize();
  theme();
  move(1);
  ready = compute();
  complete();
  seen.observe(stage);

  return {
    settings,
    stats,
    set,
    play,
    move,
    view,
    carry,
    root,
    ready: () => ready,
    trace: () => engine.ask("run", { settings, trace: true }),
    close() {
      play(false);
      sizes.disconnect();
      looks.disconnect();
      seen.disconnect();
      darkness.removeEventListener("change", theme);
    },
  };
}
