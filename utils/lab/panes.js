// The picture of one model's samples, and the curves of both losses.
import { LIMITS } from "./drawing.js";
import { element } from "./element.js";

const LINES = 50; // samples whose way is drawn

const css = (colour, alpha = 1) => `rgba(${colour.join(",")},${alpha})`;

/** Draws `side.seen` and `side.data`, as `view` {time, lines} says. */
export function createPane(side, view) {
  const canvas = element("canvas", { role: "img" });
  const node = element("div", { className: "fl-stage" }, canvas);
  const paper = canvas.getContext("2d");
  let colours = null;
  const at = (value, sign) => ((LIMITS + sign * value) / (2 * LIMITS)) * canvas.width;

  function dots(points, size, style) {
    for (let i = 0; i < points.length; i += 2) {
      paper.fillStyle = style(i >> 1);
      paper.fillRect(at(points[i], 1) - size / 2, at(points[i + 1], -1) - size / 2, size, size);
    }
  }
  function show() {
    if (!colours || !canvas.width) return;
    paper.clearRect(0, 0, canvas.width, canvas.width);
    const ratio = canvas.width / (node.clientWidth || 1);
    const { seen, data } = side;
    if (data) {
      const mark = (i) => css(colours.marks[data.checkLabels?.[i] ?? 0], 0.4);
      dots(data.check.subarray(0, data.check.length / 2), 2.2 * ratio, mark);
    }
    if (!seen) return;
    const { states, times } = seen;
    if (view.lines) {
      paper.beginPath();
      for (let p = 0; p < Math.min(LINES, states[0].length / 2); p += 1) {
        states.forEach((x, i) => paper[i ? "lineTo" : "moveTo"](at(x[2 * p], 1), at(x[2 * p + 1], -1)));
      }
      paper.strokeStyle = css(colours.path, 0.8);
      paper.lineWidth = ratio;
      paper.stroke();
    }
    let i = 0;
    while (i + 2 < times.length && times[i + 1] <= view.time) i += 1;
    const j = Math.min(i + 1, times.length - 1);
    const part = j > i ? Math.min(1, (view.time - times[i]) / (times[j] - times[i])) : 0;
    const here = states[i].map((value, k) => value + part * (states[j][k] - value));
    const ink = view.time > 0 ? colours.sample : colours.noise;
    dots(here, 2.8 * ratio, (k) => css(data?.checkLabels && view.time > 0 ? colours.marks[data.checkLabels[k]] : ink));
  }
  return {
    node,
    show,
    label: (text) => canvas.setAttribute("aria-label", text),
    colour(next) {
      colours = next;
      show();
    },
    fit() {
      const size = Math.round(node.clientWidth * Math.min(devicePixelRatio || 1, 2));
      if (!size || size === canvas.width) return;
      canvas.width = canvas.height = size;
      show();
    },
  };
}

/** Mean loss of every 50 steps of both sides, each scaled to its own start. */
export function createChart(sides) {
  const canvas = element("canvas", { role: "img", className: "fl-chart" });
  const paper = canvas.getContext("2d");
  let colours = null;
  function show() {
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((v) => Math.round(v * ratio));
    if (!colours || !width) return;
    Object.assign(canvas, { width, height });
    const font = 12 * ratio;
    paper.font = `${font}px sans-serif`;
    const longest = Math.max(1, ...sides.map((side) => side.losses.length - 1));
    const top = Math.max(0, ...sides.flatMap((side) => side.losses.map((loss) => loss.mean)));
    const room = height - 2.2 * font;
    const [across, down] = [(i) => 3 * font + (i / longest) * (width - 4 * font), (v) => 0.6 * font + (1 - v / top) * room];
    paper.strokeStyle = paper.fillStyle = css(colours.ink, 0.75);
    paper.lineWidth = ratio;
    paper.strokeRect(3 * font, 0.6 * font, width - 4 * font, room);
    if (!top) return;
    paper.fillText(top.toFixed(1), 0, 1.4 * font);
    paper.fillText("0", 0, 0.6 * font + room);
    const end = Math.max(...sides.map((side) => side.losses.at(-1)?.step ?? 0));
    const text = String(end);
    paper.fillText(text, width - font - paper.measureText(text).width, height - 0.3 * font);
    sides.forEach((side, s) => {
      paper.beginPath();
      side.losses.forEach(({ mean }, i) => paper[i ? "lineTo" : "moveTo"](across(i), down(mean)));
      paper.setLineDash(s ? [5 * ratio, 4 * ratio] : []);
      paper.strokeStyle = css(s ? colours.sample : colours.velocity);
      paper.lineWidth = 2 * ratio;
      paper.stroke();
      paper.setLineDash([]);
    });
  }
  return {
    node: canvas,
    show,
    label: (text) => canvas.setAttribute("aria-label", text),
    colour(next) {
      colours = next;
      show();
    },
  };
}
