// One model of the two: its engine, what it was trained on, and what has come of it.
import { recipeOf, samplingOf } from "./choices.js";

const MODEL = { batch: 256, width: 64, depth: 3, peak: 3e-3 }; // the same for both

/** `told` is called with every answer that changes what is shown; `cells` are the present drawing. */
export function createSide(name, engine, settings, told, cells) {
  const side = {
    name, recipe: null, data: null, seen: null, distance: null, losses: [],
    step: 0, budget: 0, trained: false, seconds: 0, reflowed: 0,
  };
  const request = () => {
    const { seed, budget } = settings;
    return { recipe: recipeOf(settings, name), data: side.data, seed, budget, ...MODEL, settings: samplingOf(settings) };
  };
  const wanted = () => JSON.stringify([recipeOf(settings, name), settings.count, settings.seed, settings.budget]);
  function hear({ step, losses, seen }) {
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    side.losses.push({ step, mean });
    Object.assign(side, { step, seen, distance: null });
    told(side);
  }
  Object.assign(side, {
    request,
    /** Train from the start; false if something else has taken its place. */
    async train(data, reflow = false) {
      Object.assign(side, { data, losses: [], seen: null, distance: null, trained: false, step: 0, budget: settings.budget });
      side.reflowed = reflow ? side.reflowed + 1 : 0;
      const asked = request();
      side.recipe = asked.recipe;
      side.asked = wanted();
      const start = performance.now();
      const last = await engine.ask("train", { ...asked, reflow }, (answer) => answer.type === "progress" && hear(answer));
      if (!last) return false;
      hear(last);
      Object.assign(side, { trained: true, seconds: (performance.now() - start) / 1000 });
      told(side);
      return true;
    },
    /** Samples by the present settings, then their W2. */
    async sample() {
      await engine.ask("sample", { settings: samplingOf(settings) }, (answer) => {
        if (answer.type === "states") Object.assign(side, { seen: answer.seen, distance: null });
        if (answer.type === "distance") side.distance = answer;
        told(side);
      });
    },
    /** Is what is shown no longer what a training by these settings would give? */
    stale: () => side.trained && (side.asked !== wanted() || side.data.cells.some((cell, i) => cell !== cells[i])),
    hold: (on) => engine.ask("hold", { on }),
    trace: (steps) => engine.ask("trace", { ...request(), steps }),
    noises: () => engine.ask("sample", { settings: samplingOf(settings), trace: true }),
  });
  return side;
}
