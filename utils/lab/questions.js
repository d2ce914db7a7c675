// What is asked of the engine, and what becomes of the answers. An answer may come when the reader
// has moved on: then it is null, or belongs to other settings, and changes nothing.

const SIDE = 15; // arrows along each side of the field
const COUNT = 21; // times at which they are computed

/** Answers go into `view`; `paint` is called with every one. */
export function createQuestions(engine, lab, { settings, view, point, stats, notice, readout, paint }) {
  /** The particles' states, then how far their end is from the data. */
  async function run() {
    const asked = performance.now();
    let here = true; // until the states are there
    const late = setTimeout(() => here && notice.computing(0), 150);
    const hear = (answer) => {
      if (answer.type === "progress") {
        if (here && notice.isComputing()) notice.computing(answer.share);
      } else if (answer.type === "states") {
        here = false;
        clearTimeout(late);
        notice.computing(null);
        notice.fine("run");
        view.shown = answer;
        stats.computed = performance.now() - asked;
        readout.report(answer.nfe);
        paint();
      } else readout.report(view.shown.nfe, answer);
    };
    try {
      const answer = await engine.ask("run", { settings: { ...settings } }, hear);
      if (!answer) return; // a newer run has taken over the notice, too
    } catch (error) {
      notice.computing(null);
      notice.failed("run", error);
    } finally {
      here = false;
      clearTimeout(late);
    }
  }

  /** Ask for something; `use` its answer unless it is superseded, and say what went wrong. */
  async function ask(type, message, use) {
    try {
      const answer = await engine.ask(type, { settings: { ...settings }, ...message });
      if (!answer) return;
      notice.fine(type);
      use(answer);
      paint();
    } catch (error) {
      notice.failed(type, error);
    }
  }
  const probe = () => ask("probe", { point: [point.x, point.y] }, (answer) => (view.probe = answer));

  /** Ask for what is shown and not there yet. */
  async function complete() {
    const { model, scheduler, seed } = settings;
    const same = () =>
      settings.model === model && settings.scheduler === scheduler && settings.seed === seed;
    if (settings.follow !== "pairs") notice.fine("pairs"); // nobody waits for them any more
    if (!settings.field) notice.fine("field");
    const jobs = [];
    if (settings.follow === "pairs" && !view.ways) {
      jobs.push(ask("pairs", {}, (ways) => same() && (view.ways = ways)));
    }
    if (settings.field && !view.field) {
      const grid = { limits: lab.limits, side: SIDE, count: COUNT };
      const take = (field) => {
        const speeds = Array.from(field.arrows[0], Math.abs).sort((a, b) => a - b);
        field.typical = speeds[Math.floor(0.8 * speeds.length)];
        if (same()) view.field = { ...field, side: SIDE };
      };
      jobs.push(ask("field", grid, take));
    }
    await Promise.all(jobs);
  }

  return {
    probe,
    complete,
    /** Everything that depends on network, sampler, steps, scheduler and noise. */
    async compute() {
      await Promise.all([run(), probe()]);
    },
  };
}
