// The starting point that the reader drags, or moves with the arrow keys.
import { element } from "./element.js";
import { fill } from "./words.js";

/** `moved` is called with every new place of `point`; `aloud` is the line that is read out. */
export function createHandle(point, limits, { moved, aloud }) {
  const node = element("button", { type: "button", className: "fl-handle" });
  let words = null;

  function title() {
    node.title = fill(words.point, { x: point.x.toFixed(1), y: point.y.toFixed(1) });
  }
  function carry(x, y) {
    const keep = (value) => Math.max(-limits, Math.min(limits, value));
    [point.x, point.y] = [keep(x), keep(y)];
    title();
    moved();
  }
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    event.preventDefault();
    node.focus();
  });
  node.addEventListener("pointermove", (event) => {
    if (!node.hasPointerCapture(event.pointerId)) return;
    const box = node.parentElement.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    carry(limits * (2 * x - 1), limits * (1 - 2 * y));
  });
  node.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const go = way[event.key];
    if (!go) return;
    event.preventDefault();
    carry(point.x + 0.04 * limits * go[0], point.y + 0.04 * limits * go[1]);
    aloud.textContent = node.title;
  });
  return {
    node,
    carry,
    speak(next) {
      words = next;
      node.setAttribute("aria-label", words.handle);
      title();
    },
    place([left, top]) {
      node.style.left = `${left}px`;
      node.style.top = `${top}px`;
    },
    show(on) {
      node.hidden = !on;
      node.style.display = on ? "" : "none";
    },
  };
}
