// The AFM module: one `render({ model, el })` for Jupyter, for Colab and for the pages of the book.
import { decode } from "./base64.js";
import { createView } from "./view.js";

/** Talk to the engine: in a worker, or in this thread where a worker is not allowed. */
function connect(lab) {
  let post;
  let close = () => {};
  const waiting = new Map();
  const latest = {};
  let count = 0;
  function receive(answer) {
    const question = waiting.get(answer.id);
    if (!question) return;
    if (answer.type === "error") {
      question.reject(new Error(answer.text));
      waiting.delete(answer.id);
      return;
    }
    question.hear?.(answer);
    if (answer.type === "states") question.answer = answer;
    if (answer.type === "progress" || (answer.type === "states" && question.hear)) return;
    question.resolve(question.answer ?? answer);
    waiting.delete(answer.id);
  }
  // ENGINE is the text of the engine's files; utils/lab/__init__.py puts it here.
  const here = () => {
    post = new Function(`${ENGINE}; return createEngine;`)()(receive);
  };
  try {
    const text = `${ENGINE}
      const answer = createEngine((message) => postMessage(message));
      onmessage = (event) => answer(event.data);`;
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const worker = new Worker(url);
    close = () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    };
    // A page's policy may forbid workers, and says so only now: all questions are asked again here.
    const asked = [];
    worker.onerror = () => {
      close();
      here();
      for (const message of asked) post(message);
    };
    worker.onmessage = (event) => {
      worker.onerror = null;
      asked.length = 0;
      receive(event.data);
    };
    post = (message) => {
      if (worker.onerror) asked.push(message);
      worker.postMessage(message);
    };
  } catch {
    here();
  }
  post({ id: 0, type: "load", lab });
  return {
    close,
    /** Resolves with the answer; an older question of the same type is left unanswered: null. */
    ask(type, message, hear) {
      count += 1;
      const id = count;
      waiting.get(latest[type])?.resolve(null);
      waiting.delete(latest[type]);
      latest[type] = id;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, hear });
        post({ ...message, id, type });
      });
    },
  };
}

function render({ model, el }) {
  const lab = model.get("lab");
  const engine = connect(lab);
  const view = createView(el, { ...lab, points: decode(lab.data) }, engine);
  el.flowLab = view; // for the tests, and for the curious
  return () => {
    view.close();
    engine.close();
  };
}

export default { render };
