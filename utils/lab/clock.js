// Time that runs from noise to data.

const SECONDS = 3; // one run

/** `move` takes each new time; `changed` is told when it starts and stops. */
export function createClock(view, stats, { move, changed }) {
  let before = 0;
  let next = 0;
  function frame(now) {
    const passed = before ? (now - before) / 1000 : 0;
    before = now;
    stats.frames += 1;
    stats.seconds += passed;
    move(Math.min(1, view.time + passed / SECONDS));
    if (view.time >= 1) play(false);
    else next = requestAnimationFrame(frame);
  }
  function play(on) {
    if (on === view.playing) return;
    view.playing = on;
    changed(on);
    cancelAnimationFrame(next); // else pause and play within one frame would leave two loops
    if (!on) return;
    if (view.time >= 1) view.time = 0;
    before = 0;
    next = requestAnimationFrame(frame);
  }
  return play;
}
