// What the laboratory stands in: light or dark, Korean or English, and when that changes.

/** The node itself and all around it: out of the slot that shows it, and out of shadow roots. */
function* around(node) {
  for (let at = node; at; ) {
    yield at;
    const root = at.getRootNode();
    at = at.assignedSlot ?? at.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }
}

let dot = null; // one pixel
/** Red, green, blue (0 to 255) and alpha (0 to 1) of a computed colour; null for what is none. */
export function channels(css) {
  if (!css) return null; // of a node that is not in the document
  if (/^rgba?\(/.test(css)) {
    const [r, g, b, a = 1] = css.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  }
  // color(), oklch() and what is still to come count in other units: the browser converts them.
  dot ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!dot) return null;
  dot.clearRect(0, 0, 1, 1);
  dot.fillStyle = "transparent"; // stays if the next line is not understood
  dot.fillStyle = css;
  dot.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
}

const dim = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b < 128;

/** The first colour behind a node that is not transparent: is it dark? `root` stands in the node. */
export function isDark(node, root) {
  for (const at of around(node)) {
    const ground = channels(getComputedStyle(at).backgroundColor);
    if (ground && ground[3] > 0.5) return dim(ground);
  }
  // Nobody has painted a ground: it is the page's own, dark under `color-scheme: dark`.
  const own = channels(getComputedStyle(root).outlineColor);
  return own ? dim(own) : false;
}

/** The language of the page. In JupyterLab that is the notebook's, whatever the menus are in. */
export function languageOf(host) {
  let declared = null;
  for (const at of around(host)) {
    if (at.matches(".jp-Notebook, .jp-NotebookPanel")) {
      return (at.textContent.match(/[가-힣]/g) ?? []).length > 20 ? "ko" : "en";
    }
    declared ??= at.lang || null;
  }
  declared ??= document.documentElement.lang || navigator.language; // Colab's frame declares none
  return /^ko\b/i.test(declared) ? "ko" : "en";
}

/**
 * Calls `changed` when the theme may be another one, with true when the language may be, too: to
 * find that out takes long in a long notebook. `moved()` is to be called after the host has moved.
 */
export function watchSurroundings(host, changed) {
  const repaint = () => changed(false);
  const attributes = new MutationObserver((records) => {
    changed(records.some(({ attributeName }) => attributeName === "lang"));
  });
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  darkness.addEventListener("change", repaint);
  let listening = new AbortController();
  const forget = () => {
    attributes.disconnect();
    listening.abort();
  };
  return {
    moved() {
      forget();
      listening = new AbortController();
      for (const node of new Set([...around(host), document.documentElement, document.body])) {
        attributes.observe(node, { attributes: true });
        // A ground that fades has its old colour until it has faded.
        const faded = ({ target }) => target === node && repaint();
        node.addEventListener("transitionend", faded, { signal: listening.signal });
      }
    },
    close() {
      forget();
      darkness.removeEventListener("change", repaint);
    },
  };
}

/**
 * An element that calls its `attached` whenever it comes into a document: JupyterLab renders before
 * that, and takes cells that are out of sight out again.
 */
export function attachable(attached) {
  // The name is the document's: every laboratory in it brings this module, one of them defines it.
  if (!customElements.get("flow-lab-box")) {
    const Box = class extends HTMLElement {
      connectedCallback() {
        this.attached?.();
      }
    };
    customElements.define("flow-lab-box", Box);
  }
  return Object.assign(document.createElement("flow-lab-box"), { attached });
}
