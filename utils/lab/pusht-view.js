// Push-T as the reader sees it: a table, buttons, numbers, and what happens among them.
import { element } from "./element.js";
import { createHandle } from "./handle.js";
import { createLook } from "./look.js";
import { createPushControls } from "./pusht-controls.js";
import { createEpisode } from "./pusht-episode.js";
import { between, createTablePicture } from "./pusht-picture.js";
import { createTable } from "./pusht-simulator.js";
import { PUSH_WORDS } from "./pusht-words.js";
import { STYLE } from "./style.js";
import { attachable } from "./surroundings.js";
import { fill } from "./words.js";

const PERIOD = 0.1; // seconds of an action
const MIDDLE = 256; // of the table; the handle's points have their origin there, and y up
const TRAIL = 40; // actions after which the agent's way fades from the picture
const STILL = 0.05; // pixels: the agent has come to rest where the reader wants it
const BUTTONS = ".fl-push .fl-buttons button { white-space: nowrap; padding: .25rem .4rem; }";

/** Draw into `host`; `lab` is the notebook's state, `policy` plans. Returns a handle. */
export function createPushView(host, lab, policy) {
  const settings = { ...lab.start };
  const point = { x: 0, y: 0 };
  const stats = { frames: 0, steps: 0, planned: 0 };
  let episode = null; // as soon as the simulator is there
  let yours = false; // the reader pushes
  let playing = false;
  let trail = [];

  const picture = createTablePicture(lab.colors);
  const numbers = element("p", { className: "fl-read" });
  const note = element("p", { className: "fl-note", hidden: true });
  const said = element("p", { className: "fl-hidden", role: "status", "aria-live": "polite" });
  const trouble = element("div", { className: "fl-busy", hidden: true });
  const handle = createHandle(point, MIDDLE, { moved: guarded(taken), aloud: said });
  const controls = createPushControls(settings, {
    set(change) {
      Object.assign(settings, change);
      controls.sync();
    },
    play: guarded(() => {
      if (playing && !yours) return play(false);
      give();
      if (episode.done) begin();
      return play(true);
    }),
    step: guarded(() => {
      play(false);
      give();
      if (!episode.done) act();
      show();
    }),
    again: guarded(() => begin()),
    start: guarded(() => begin({ start: (settings.start + 1) % lab.starts.length })),
    noise: guarded(() => begin({ noise: settings.noise + 1 })),
  });
  const stage = element("div", { className: "fl-stage" }, picture.canvas, handle.node, trouble);
  const panel = element("div", { className: "fl-panel" }, ...controls.nodes, numbers, note, said);
  const root = attachable(() => look.attached());
  root.className = "fl fl-push";
  root.setAttribute("role", "group");
  root.append(stage, panel);
  const style = element("style", { textContent: STYLE + BUTTONS });
  let words = null;

  // ---- what happens ------------------------------------------------------------------------
  /** What fails on an event has nobody who would catch it: it is said in the picture. */
  function guarded(work) {
    return (...given) => {
      if (!episode) return;
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
    trouble.textContent = words.failed + error.message;
    trouble.hidden = false;
    said.textContent = trouble.textContent;
  }
  function begin(change = {}) {
    play(false);
    Object.assign(settings, change);
    yours = false;
    trail = [];
    episode.begin(lab.starts[settings.start], settings.noise);
    said.textContent = "";
    trouble.hidden = true;
    show();
  }
  /** The policy has the agent again. */
  function give() {
    if (yours) episode.forget();
    yours = false;
  }
  /** The reader has taken the agent; time runs until it rests. */
  function taken() {
    if (!yours) episode.forget();
    yours = true;
    episode.done = false;
    play(true);
  }
  const wanted = () => [MIDDLE + point.x, MIDDLE - point.y];

  function act() {
    const { plans, success } = episode;
    const asked = performance.now();
    if (yours) episode.move(wanted());
    else episode.act(settings);
    if (episode.plans > plans) stats.planned = performance.now() - asked;
    stats.steps += 1;
    trail = [...trail, episode.seen.agent].slice(-TRAIL);
    report();
    if (episode.success && !success) tell("success");
    else if (episode.done && !episode.success) tell("over");
  }
  const counts = () => ({
    seconds: (episode.steps * PERIOD).toFixed(1),
    plans: episode.plans,
    nfe: episode.evaluations,
    most: Math.floor(100 * episode.best),
  });
  function tell(what) {
    said.textContent = fill(words[what], counts());
    note.textContent = said.textContent;
    note.hidden = false;
  }

  // ---- time --------------------------------------------------------------------------------
  let next = 0;
  let last = 0;
  let passed = 0; // since the last action, as a share of the period
  function frame(now) {
    next = requestAnimationFrame(guarded(frame));
    stats.frames += 1;
    const pace = (settings.fast ? 4 : 1) / (1000 * PERIOD);
    passed += last ? Math.min((now - last) * pace, 4) : 1; // the first action comes at once
    last = now;
    for (; passed >= 1 && !over(); passed -= 1) act();
    if (over()) return play(false);
    return paint(passed);
  }
  /** An episode has ended, or the agent rests where the reader has put it. */
  function over() {
    if (!yours) return episode.done;
    const [[x, y], { agent }, { agent: before }] = [wanted(), episode.seen, episode.before];
    return episode.action && Math.hypot(x - agent[0], y - agent[1]) < STILL
      && Math.hypot(before[0] - agent[0], before[1] - agent[1]) < STILL;
  }
  function play(on) {
    if (on === playing) return;
    playing = on;
    controls.playing(on);
    cancelAnimationFrame(next);
    last = passed = 0;
    if (on) next = requestAnimationFrame(guarded(frame));
    else if (episode) show();
  }

  // ---- what is shown -------------------------------------------------------------------------
  function paint(part = 1) {
    if (!episode) return;
    const shown = between(episode.before, episode.seen, part);
    const chunk = { planned: yours ? [] : episode.planned, from: 1, to: 1 + (episode.chunk ?? 0) };
    picture.paint(shown, { trail, ...chunk });
    if (!yours) {
      [point.x, point.y] = [shown.agent[0] - MIDDLE, MIDDLE - shown.agent[1]];
      handle.node.title = words.handle;
    }
    const scale = stage.clientWidth / (2 * MIDDLE);
    handle.place([(MIDDLE + point.x) * scale, (MIDDLE - point.y) * scale]);
  }
  const number = (name, value) => element("span", {}, `${name} `, element("b", { textContent: value }));
  function report() {
    const { seconds, plans, nfe } = counts();
    const thought = stats.planned ? `(${fill(words.thought, { ms: stats.planned.toFixed(1) })})` : "";
    const share = (value) => `${Math.floor(100 * value)} %`;
    const covered = number(words.covered, share(episode.seen.coverage));
    covered.append(` (${words.most} ${share(episode.best)})`);
    const where = { start: settings.start + 1, count: lab.starts.length, noise: settings.noise };
    numbers.replaceChildren(
      covered,
      number(words.time, `${seconds} s`),
      number(words.plans, plans),
      number(words.nfe, nfe),
      element("span", { textContent: thought }),
      element("span", { textContent: fill(words.of, where) }),
    );
    if (yours) note.textContent = words.yours;
    if (yours || !(episode.done || episode.success)) note.hidden = !yours;
  }
  function show() {
    if (!words || !episode) return;
    report();
    paint();
  }

  // ---- where it stands -----------------------------------------------------------------------
  const look = createLook(host, root, {
    speak(language) {
      words = PUSH_WORDS[language];
      root.setAttribute("aria-label", words.title);
      picture.canvas.setAttribute("aria-label", words.picture);
      for (const part of [handle, controls]) part.speak(words);
      show();
    },
    colour(dark) {
      picture.colour(dark);
      paint();
    },
    fit() {
      if (picture.resize(stage.clientWidth)) paint();
    },
  });

  // ---- start and end -------------------------------------------------------------------------
  const seen = new IntersectionObserver((entries) => {
    if (entries[entries.length - 1].isIntersecting) look.again(); // else nothing is computed
    else play(false);
  });
  look.first();
  host.append(style, root);
  look.attached();
  look.watch(stage);
  seen.observe(stage);
  const ready = createTable().then(
    (table) => {
      episode = createEpisode(table, policy);
      view.episode = episode;
      begin();
    },
    (error) => failed(error),
  );
  const view = {
    settings,
    stats,
    root,
    carry: handle.carry,
    ready: () => ready,
    isPlaying: () => playing,
    close() {
      play(false);
      seen.disconnect();
      look.close();
      style.remove();
      root.remove();
    },
  };
  return view;
}
