// The table: target, block, agent, where it has been, and what is planned.
import { element } from "./element.js";

const SIDE = 512; // of the table, in its own units
const RADIUS = 15; // of the agent
const TARGET = { block: [256, 256], angle: Math.PI / 4 };
const OUTLINE = [[-60, 0], [60, 0], [60, 30], [15, 30], [15, 120], [-15, 120], [-15, 30], [-60, 30]];

/** A colour of the course; on a dark ground it is mixed with white. */
function shade(hex, dark) {
  const part = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return part.map((value) => Math.round(dark ? value + 0.4 * (255 - value) : value));
}

/** Between two tables, `part` of the way from the first to the second. */
export function between(a, b, part) {
  const mix = (p, q) => p + part * (q - p);
  return {
    agent: a.agent.map((value, i) => mix(value, b.agent[i])),
    block: a.block.map((value, i) => mix(value, b.block[i])),
    angle: mix(a.angle, b.angle),
  };
}

export function createTablePicture(palette) {
  const canvas = element("canvas", { role: "img" });
  const paper = canvas.getContext("2d");
  let size = 0;
  let ratio = 1;
  let colors = null;
  const css = (name, alpha = 1) => `rgba(${colors[name].join(",")},${alpha})`;

  function outline({ block: [x, y], angle }) {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    paper.beginPath();
    for (const [u, v] of OUTLINE) paper.lineTo(x + c * u - s * v, y + s * u + c * v);
    paper.closePath();
  }
  function disc([x, y], radius) {
    paper.beginPath();
    paper.arc(x, y, radius, 0, 2 * Math.PI);
  }
  function line(points, color, width) {
    if (points.length < 2) return;
    paper.beginPath();
    for (const [x, y] of points) paper.lineTo(x, y);
    paper.strokeStyle = color;
    paper.lineWidth = width;
    paper.stroke();
  }
  return {
    canvas,
    resize(width) {
      ratio = Math.min(devicePixelRatio || 1, 2);
      const next = Math.round(width * ratio);
      if (!next || next === size) return false;
      canvas.width = canvas.height = size = next;
      return true;
    },
    colour(dark) {
      colors = { ink: dark ? [236, 236, 236] : [27, 27, 27] };
      for (const [key, value] of Object.entries(palette)) colors[key] = shade(value, dark);
    },
    /** `planned` are the actions of the last plan, of which `from` to `to` are carried out. */
    paint(shown, { trail, planned, from, to }) {
      if (!size || !colors) return;
      paper.setTransform(size / SIDE, 0, 0, size / SIDE, 0, 0);
      paper.clearRect(0, 0, SIDE, SIDE);
      paper.lineJoin = "round";
      paper.strokeStyle = css("ink", 0.5);
      paper.lineWidth = 2;
      paper.strokeRect(5, 5, 501, 501);
      outline(shown);
      paper.fillStyle = css("data", 0.85);
      paper.fill();
      outline(TARGET);
      paper.setLineDash([9, 7]);
      paper.strokeStyle = css("ink");
      paper.lineWidth = 2.5;
      paper.stroke();
      paper.setLineDash([]);
      line(trail, css("path"), 2);
      disc(shown.agent, RADIUS);
      paper.fillStyle = css("velocity");
      paper.fill();
      line(planned, css("noise", 0.8), 2);
      planned.forEach((point, k) => {
        disc(point, 4.5);
        paper.fillStyle = css("noise");
        paper.strokeStyle = css("noise");
        if (k >= from && k < to) paper.fill(); // to be carried out; the others are dropped
        else paper.stroke();
      });
    },
  };
}
