// What the reader sees, put together: a picture, controls, numbers, and what happens among them.
import { createClock } from "./clock.js";
import { createControls } from "./controls.js";
import { element } from "./element.js";
import { createHandle } from "./handle.js";
import { createLook } from "./look.js";
import { createNotice } from "./notice.js";
import { createPicture } from "./picture.js";
import { createQuestions } from "./questions.js";
import { createReadout } from "./readout.js";
import { STYLE } from "./style.js";
import { attachable } from "./surroundings.js";
import { WORDS } from "./words.js";

/** Draw into `host` what `engine` computes; `lab` is the notebook's state. Returns a handle. */
export function createView(host, lab, engine) {
  const settings = { ...lab.start, seed: 0 };
  const point = { x: lab.start.point[0], y: lab.start.point[1] };
  const view = { time: 0, playing: false, shown: null, probe: null, field: null, ways: null };
  const stats = { frames: 0, seconds: 0, draw: 0, computed: 0 };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  const picture = createPicture(lab, settings, view);
  const readout = createReadout(settings);
  const notice = createNotice(readout.said);
  const handle = createHandle(point, lab.limits, { moved, aloud: readout.said });
  const paint = () => picture.paint();
  const questions = createQuestions(engine, lab, { settings, view, point, stats, notice, readout, paint });
  const controls = createControls(lab, settings, {
    set,
    seek(t) {
      touched = true;
      play(false);
      move(t);
    },
    play() {
      touched = true;
      play(!view.playing);
    },
    fresh: () => set({ seed: settings.seed + 1 }),
  });
  const play = createClock(view, stats, { move, changed: controls.playing });

  const stage = element("div", { className: "fl-stage" }, ...picture.nodes, handle.node, notice.node);
  const panel = element("div", { className: "fl-panel" }, ...controls.nodes, ...readout.nodes);
  const root = attachable(() => look.attached());
  root.className = "fl";
  root.setAttribute("role", "group");
  root.append(stage, panel);
  const style = element("style", { textContent: STYLE });

  // ---- time --------------------------------------------------------------------------------
  let told = 0;
  function tell(t) {
    told = t;
    controls.tell(t);
  }
  function move(t) {
    view.time = t;
    if (!view.playing || t >= 1 || Math.abs(t - told) > 0.03) tell(t); // the page is laid out anew
    const start = performance.now();
    picture.paintMoving();
    stats.draw += performance.now() - start;
  }

  // ---- settings ----------------------------------------------------------------------------
  let ready = Promise.resolve();
  function sync() {
    controls.sync();
    readout.conditional(settings.follow === "pairs");
    handle.show(settings.follow !== "pairs");
  }
  function set(change) {
    const old = { ...settings };
    Object.assign(settings, change);
    sync();
    const differs = (...keys) => keys.some((key) => settings[key] !== old[key]);
    if (differs("model", "sampler", "steps", "scheduler", "seed")) ready = questions.compute();
    if (differs("model", "scheduler", "seed")) view.ways = view.field = null;
    questions.complete();
    paint();
    return ready;
  }
  function moved() {
    handle.place(picture.place(point));
    questions.probe();
  }

  // ---- where it stands ----------------------------------------------------------------------
  /** What fails on an event has nobody who would catch it: it is said in the box. */
  function guarded(act) {
    return (...given) => {
      try {
        act(...given);
        notice.fine(act);
      } catch (error) {
        console.error(error);
        notice.failed(act, error);
      }
    };
  }
  const look = createLook(host, root, {
    speak(language) {
      const words = WORDS[language];
      root.setAttribute("aria-label", words.title);
      for (const part of [picture, readout, notice, handle, controls]) part.speak(words);
    },
    colour(dark) {
      picture.colour(dark);
      paint();
    },
    fit() {
      if (!picture.resize(stage.clientWidth)) return;
      handle.place(picture.place(point));
      paint();
    },
    guarded,
  });

  // ---- start and end -----------------------------------------------------------------------
  let onScreen = false;
  let started = false;
  let touched = false; // the reader has the time in hand: nothing starts by itself any more
  const seen = new IntersectionObserver(
    (entries) => {
      const entry = entries[entries.length - 1]; // the others are older
      onScreen = entry.isIntersecting;
      if (!onScreen) return play(false);
      look.again(); // a host may have been given its page's theme by nothing that is watched
      if (started || touched || calm.matches || entry.intersectionRatio < 0.5) return undefined;
      move(0);
      return ready.then(() => {
        if (started || touched || !onScreen) return; // the reader has moved on meanwhile
        started = true;
        play(true);
      });
    },
    { threshold: [0, 0.5] },
  );
  look.first(); // the host may stand nowhere yet
  sync();
  move(1);
  host.append(style, root);
  look.attached();
  ready = questions.compute();
  questions.complete();
  look.watch(stage);
  seen.observe(stage);

  return {
    settings,
    stats,
    set,
    play,
    move,
    view,
    carry: handle.carry,
    root,
    ready: () => ready,
    trace: () => engine.ask("trace", { settings: { ...settings } }),
    close() {
      play(false);
      seen.disconnect();
      look.close();
      style.remove();
      root.remove();
    },
  };
}
