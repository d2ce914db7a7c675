// The picture on three canvases: what stands still, the arrows, and the particles above them.
import { element } from "./element.js";

const LINES = 60; // particles whose way is drawn;
const WANDERING = 12; // so many, if the sampler adds noise
const STOCHASTIC = ["sde", "ddpm"];

/** A colour of the course on a dark ground: mixed with white. */
function tint(hex, dark) {
  const part = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return part.map((value) => Math.round(dark ? value + 0.4 * (255 - value) : value));
}

/** Two stored states around a time, and how far it lies between them. */
function between(times, t) {
  let i = 0;
  while (i + 2 < times.length && times[i + 1] <= t) i += 1;
  const part = times.length > 1 ? (t - times[i]) / (times[i + 1] - times[i]) : 0;
  return [i, Math.min(i + 1, times.length - 1), Math.min(Math.max(part, 0), 1)];
}

/** Draws what `view` holds, as `settings` say. */
export function createPicture(lab, settings, view) {
  const below = element("canvas", { role: "img" });
  const [arrowed, above] = [1, 2].map(() => element("canvas", { "aria-hidden": "true" }));
  const paper = below.getContext("2d");
  const arrows = arrowed.getContext("2d");
  const glass = above.getContext("2d");
  let size = 0;
  let ratio = 1;
  let pixels = null;
  let colors = null;
  const { limits } = lab;
  const across = (x) => ((x + limits) / (2 * limits)) * size;
  const down = (y) => ((limits - y) / (2 * limits)) * size;
  const css = (color, alpha = 1) => `rgba(${color.join(",")},${alpha})`;
  const visible = () => (settings.follow === "pairs" ? view.ways : view.shown);

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

  const paintable = () => size > 0 && colors !== null;
  return {
    nodes: [below, arrowed, above],
    speak(words) {
      below.setAttribute("aria-label", words.picture);
    },
    /** Take the width that the page gives; false if it is the one that it was. */
    resize(width) {
      ratio = Math.min(devicePixelRatio || 1, 2);
      const next = Math.round(width * ratio);
      if (!next || next === size) return false;
      pixels = glass.createImageData(next, next);
      for (const canvas of [below, arrowed, above]) canvas.width = canvas.height = next;
      size = next; // last: without memory for all this it stays unpainted, and is tried again
      return true;
    },
    colour(dark) {
      colors = { ink: dark ? [236, 236, 236] : [27, 27, 27] };
      for (const [key, value] of Object.entries(lab.colors)) colors[key] = tint(value, dark);
    },
    /** Where a point of the plane lies, in the page's pixels. */
    place: ({ x, y }) => [across(x) / ratio, down(y) / ratio],
    paint() {
      if (!paintable()) return;
      paintBelow();
      paintField();
      paintAbove();
    },
    /** What moves with the time, and no more. */
    paintMoving() {
      if (!paintable()) return;
      if (settings.field && (!view.playing || Math.abs(view.time - drawnAt) > 0.02)) paintField();
      paintAbove();
    },
  };
}
