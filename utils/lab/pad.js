// The sheet that the reader draws on: pointer, finger or keyboard.
import { LIMITS, SIDE, cellOf, dab } from "./drawing.js";
import { element } from "./element.js";

const STRIDE = (2 * LIMITS) / SIDE; // of the cross, by one press of an arrow key

/** `cells` are changed in place; `tool()` gives {colour, radius}, `changed` is called after a stroke. */
export function createPad(cells, { tool, changed }) {
  const canvas = element("canvas", { tabIndex: 0, role: "application" });
  const node = element("div", { className: "fl-stage" }, canvas);
  const paper = canvas.getContext("2d");
  const tile = element("canvas", { width: SIDE, height: SIDE });
  const small = tile.getContext("2d");
  let colours = null;
  let cross = null; // where the keyboard draws
  let last = null; // where the pointer was

  function show() {
    if (!colours || !canvas.width) return;
    const image = small.createImageData(SIDE, SIDE);
    for (let i = 0; i < cells.length; i += 1) {
      if (!cells[i]) continue;
      const at = 4 * ((SIDE - 1 - Math.floor(i / SIDE)) * SIDE + (i % SIDE));
      image.data.set([...colours.marks[cells[i] - 1], 255], at);
    }
    small.putImageData(image, 0, 0);
    paper.imageSmoothingEnabled = false;
    paper.clearRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(tile, 0, 0, canvas.width, canvas.height);
    if (!cross) return;
    const [x, y] = [cross[0] + LIMITS, LIMITS - cross[1]].map((v) => (v / (2 * LIMITS)) * canvas.width);
    const arm = 0.03 * canvas.width;
    paper.strokeStyle = `rgb(${colours.ink})`;
    paper.lineWidth = Math.max(2, canvas.width / 200);
    paper.beginPath();
    paper.moveTo(x - arm, y);
    paper.lineTo(x + arm, y);
    paper.moveTo(x, y - arm);
    paper.lineTo(x, y + arm);
    paper.stroke();
  }
  /** From `last` to here, without gaps. */
  function stroke(x, y) {
    const { colour, radius } = tool();
    const [ax, ay] = last ?? [x, y];
    const parts = Math.ceil(Math.hypot(x - ax, y - ay) / (0.5 * radius)) || 1;
    for (let i = 1; i <= parts; i += 1) {
      dab(cells, ax + ((x - ax) * i) / parts, ay + ((y - ay) * i) / parts, radius, colour);
    }
    last = [x, y];
    show();
  }
  function place({ clientX, clientY }) {
    const box = canvas.getBoundingClientRect();
    const [across, down] = [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
    return [LIMITS * (2 * across - 1), LIMITS * (1 - 2 * down)];
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    [cross, last] = [null, null];
    stroke(...place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const path = event.getCoalescedEvents?.() ?? [];
    for (const point of path.length ? path : [event]) stroke(...place(point));
  });
  canvas.addEventListener("lostpointercapture", () => {
    last = null;
    changed();
  });
  canvas.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation(); // notebooks have ideas of their own about these keys
    cross ??= [0, 0];
    last = null;
    if (way) cross = cross.map((v, d) => Math.max(-LIMITS, Math.min(LIMITS, v + STRIDE * way[d])));
    if (event.key === " " || event.shiftKey) {
      stroke(...cross);
      changed();
    }
    last = null;
    show();
  });
  canvas.addEventListener("blur", () => {
    cross = null;
    show();
  });
  return {
    node,
    show,
    speak(words) {
      canvas.setAttribute("aria-label", `${words.pad}. ${words.padHelp}`);
    },
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
    cellAt: (x, y) => cells[cellOf(y) * SIDE + cellOf(x)],
  };
}
