// Names as the reader sees them written: boxes, buttons, shares, and what happens among them.
import { element } from "./element.js";
import { createLook } from "./look.js";
import { createNameControls, SEEDS } from "./names-controls.js";
import { createJudge, tally } from "./names-judge.js";
import { ALPHABETS, beginning, hidden } from "./names-letters.js";
import { createStringNet } from "./names-network.js";
import { createName, isDone, openLetters } from "./names-sampler.js";
import { createSlices } from "./names-slices.js";
import { NAMES_STYLE } from "./names-style.js";
import { createSharesTable } from "./names-table.js";
import { createTiles } from "./names-tiles.js";
import { NAME_WORDS } from "./names-words.js";
import { STYLE } from "./style.js";
import { attachable } from "./surroundings.js";
import { fill } from "./words.js";

const SHOWN = 8; // names
const MANY = 1000;
const PACE = 500; // milliseconds for a step
const MASKED = "\u25a1"; // in what is read out

/** Each name has its own seed: those that are shown, then the many. */
const seedOf = (settings, i) => settings.seed * (SHOWN + MANY) + i;

/** Draw into `host`; `lab` is the notebook's state. Returns a handle. */
export function createNamesView(host, lab) {
  const settings = { ...lab.start };
  const stats = { evaluations: 0, ticks: 0 };
  let names = [];
  let judged = []; // those that are finished
  let drawn = null; // tally of the many
  let words = null;
  let visible = true;

  const tiles = createTiles();
  const table = createSharesTable();
  const count = element("p", { className: "fl-read fl-count" });
  const legend = element("p", { className: "fl-note" });
  const said = element("p", { className: "fl-hidden", role: "status", "aria-live": "polite" });
  const trouble = element("p", { className: "fl-note", hidden: true });
  const slices = createSlices({ hold: () => !visible, failed });
  const controls = createNameControls(settings, {
    set: guarded((change) => begin(change)),
    play: guarded(() => {
      if (timer) return play(false);
      if (finished()) begin();
      return play(true);
    }),
    step: guarded(() => {
      play(false);
      if (finished()) begin();
      step();
    }),
    fresh: guarded(() => {
      begin({ seed: (settings.seed + 1) % SEEDS });
      play(true);
    }),
    draw: guarded(() => (slices.isWorking() ? stopDrawing() : drawMany())),
  });
  const board = element("div", { className: "fl-board" }, tiles.node, legend);
  const panel = element(
    "div",
    { className: "fl-panel" },
    controls.top, ...controls.rows, count, table.node, controls.bottom, trouble, said,
  );
  const root = attachable(() => look.attached());
  root.className = "fl fl-names-lab";
  root.setAttribute("role", "group");
  root.append(board, panel);
  const style = element("style", { textContent: STYLE + NAMES_STYLE });

  // ---- the networks and what they are asked ---------------------------------------------------
  const kept = new Map(); // what has been made of the state
  function once(key, make) {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
  }
  function net({ alphabet, which }) {
    const key = `${alphabet}-${which}`;
    return once(key, () => createStringNet({ ...ALPHABETS[alphabet], ...lab.nets[key] }));
  }
  const judge = ({ alphabet }) => once(alphabet, () => createJudge(alphabet, lab.names[alphabet]));
  const opened = ({ alphabet, atOnce, order }) =>
    ({ order, atOnce: atOnce === "all" ? ALPHABETS[alphabet].length : atOnce });
  /** Masks, behind what the reader has typed; only masks if no name can begin so. */
  const start = ({ begin: typed, alphabet }) => beginning(typed, alphabet) ?? hidden(alphabet);
  /** What Python has measured with these settings. */
  function measured() {
    if (settings.begin.trim()) return null;
    const same = ["alphabet", "which", "order", "atOnce"];
    return lab.measured.find((row) => same.every((key) => row[key] === settings[key]))?.shares ?? null;
  }

  // ---- what happens ------------------------------------------------------------------------
  /** What fails on an event has nobody who would catch it: it is said. */
  function guarded(work) {
    return (...given) => {
      try {
        work(...given);
      } catch (error) {
        failed(error);
      }
    };
  }
  function failed(error) {
    console.error(error);
    play(false);
    slices.stop();
    trouble.textContent = words.failed + error.message;
    trouble.hidden = false;
    said.textContent = trouble.textContent;
  }
  function begin(change = {}) {
    play(false);
    stopDrawing();
    const other = "alphabet" in change && change.alphabet !== settings.alphabet;
    Object.assign(settings, change, other ? { begin: "" } : {});
    drawn = null;
    judged = [];
    stats.evaluations = 0;
    const [asked, first] = [net(settings), start(settings)];
    names = Array.from({ length: SHOWN }, (_, i) => createName(asked, first, seedOf(settings, i)));
    trouble.hidden = true;
    said.textContent = "";
    controls.sync();
    show();
  }
  const finished = () => names.every((name) => isDone(net(settings), name));
  function step() {
    if (finished()) return;
    for (const name of names) openLetters(net(settings), name, opened(settings));
    stats.evaluations += 1;
    if (finished()) {
      judged = names.map((name) => judge(settings)(name.x));
      tell("done", tally(judged));
    }
    show();
  }
  function tell(what, counts) {
    const nfe = stats.evaluations;
    said.textContent = fill(words[what], { ...counts, names: counts.names.toLocaleString("en"), nfe });
  }

  // ---- many names ----------------------------------------------------------------------------
  function drawMany() {
    const [asked, first, how] = [net(settings), start(settings), opened(settings)];
    const all = [];
    const work = (i) => {
      const name = createName(asked, first, seedOf(settings, SHOWN + i));
      while (!isDone(asked, name)) openLetters(asked, name, how);
      all.push(judge(settings)(name.x));
    };
    slices.begin(MANY, work, (done) => {
      drawn = tally(all);
      if (done === MANY) {
        tell("drawn", drawn);
        working();
      }
      report();
    });
    working();
  }
  function stopDrawing() {
    slices.stop();
    working();
  }

  // ---- time --------------------------------------------------------------------------------
  let timer = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  function tick() {
    stats.ticks += 1;
    step();
    if (finished()) play(false);
  }
  function play(on) {
    clearInterval(timer);
    timer = 0;
    if (on && still.matches) while (!finished()) step(); // no pictures in between
    else if (on) {
      timer = setInterval(guarded(tick), PACE);
      tick();
    }
    working();
  }
  const working = () => controls.working({ playing: timer !== 0, drawing: slices.isWorking() });

  // ---- what is shown -------------------------------------------------------------------------
  function verdict({ written, listed, neighbour }) {
    if (!written) return words.unwritten;
    if (listed) return words.listed;
    return neighbour === null ? words.new : fill(words.close, { name: neighbour });
  }
  function report() {
    const value = element("b", { textContent: stats.evaluations });
    count.replaceChildren(element("span", {}, `${words.evaluations} `, value));
    table.show(tally(judged), drawn, measured());
  }
  function show() {
    if (!words) return;
    tiles.show(names, settings.alphabet, judged.map(verdict), MASKED);
    tiles.node.lang = settings.alphabet;
    controls.refuse(beginning(settings.begin, settings.alphabet) === null);
    report();
  }

  // ---- where it stands -----------------------------------------------------------------------
  const look = createLook(host, root, {
    speak(language) {
      words = NAME_WORDS[language];
      root.setAttribute("aria-label", words.title);
      tiles.node.setAttribute("aria-label", words.names);
      legend.textContent = words.legend;
      settings.alphabet ??= language; // at first that of the page
      for (const part of [controls, table]) part.speak(words);
      if (names.length) show();
      else begin();
    },
    colour() {}, // all colours are the style sheet's
    fit() {},
  });

  // ---- start and end -------------------------------------------------------------------------
  const seen = new IntersectionObserver((entries) => {
    visible = entries[entries.length - 1].isIntersecting;
    if (visible) look.again();
    else play(false); // nothing is computed out of sight; the many wait
  });
  look.first();
  host.append(style, root);
  look.attached();
  seen.observe(root);
  return {
    settings,
    stats,
    root,
    names: () => names,
    judged: () => judged,
    drawn: () => drawn,
    isPlaying: () => timer !== 0,
    isDrawing: () => slices.isWorking(),
    close() {
      play(false);
      slices.stop();
      seen.disconnect();
      look.close();
      style.remove();
      root.remove();
    },
  };
}
