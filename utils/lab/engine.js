// Talk to the engine: in a worker, or in this thread where a worker is not allowed.
// ENGINE, the text of worker.js and all that it imports, is put before this file by source.py.

const LOAD = 0; // the question that gives the engine its networks; the others count from 1
const SILENCE = 5000; // ms after which a worker that owes an answer is asked whether it lives;
const PATIENCE = 2; // so often in vain, and it is given up: some deaths are reported by nobody

/** An error that is told in the reader's language: words.js has a text for `key`. */
const told = (key, why) => Object.assign(new Error(`${key}: ${why}`), { key, why });

export function connect(lab) {
  const waiting = new Map(); // questions without an answer
  const latest = {}; // of each type: an older one is superseded
  let count = LOAD;
  let post = null; // how the engine is reached; null: it has to be started
  let stop = () => {};
  let broken = null; // why the engine cannot answer any question
  let closed = false;

  function fail(error) {
    const questions = [...waiting.values()];
    waiting.clear();
    for (const question of questions) question.reject(error);
  }

  function receive(answer) {
    if (answer.type === "error" && answer.id === LOAD) {
      broken = new Error(answer.text);
      fail(broken);
    }
    const question = waiting.get(answer.id);
    if (!question) return;
    if (answer.type === "error") {
      waiting.delete(answer.id);
      question.reject(new Error(answer.text));
      return;
    }
    question.hear?.(answer);
    if (answer.type === "states") question.answer = answer;
    if (answer.type === "progress" || (answer.type === "states" && question.hear)) return;
    waiting.delete(answer.id);
    question.resolve(question.answer ?? answer);
  }

  /** Whoever starts is asked everything that waits: nobody else has answered it. */
  function begin(how) {
    post = how;
    post({ id: LOAD, type: "load", lab });
    for (const { message } of waiting.values()) post(message);
  }

  function startHere() {
    let createEngine;
    try {
      createEngine = new Function(`${ENGINE}; return createEngine;`)();
    } catch (error) {
      fail(told("forbidden", error.message)); // by a page's policy; the next question tries again
      return;
    }
    const answer = createEngine(receive);
    stop = () => answer({ type: "close" });
    begin(answer);
  }

  function startWorker() {
    let url, worker;
    try {
      const text = `${ENGINE}
        const answer = createEngine((message) => postMessage(message));
        onmessage = (event) => answer(event.data);`;
      url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      worker = new Worker(url);
    } catch {
      startHere();
      return;
    }
    let heard = false; // since the last look
    let lived = false;
    let silent = 0;
    const pulse = setInterval(() => {
      silent = heard || !waiting.size ? 0 : silent + 1;
      heard = false;
      if (silent > PATIENCE) died("no answer");
      else if (silent) worker.postMessage({ type: "ping" });
    }, SILENCE);
    stop = () => {
      clearInterval(pulse);
      worker.onmessage = worker.onerror = null;
      worker.terminate();
      URL.revokeObjectURL(url);
    };
    function died(why) {
      stop();
      stop = () => {};
      post = null;
      // A page's policy may forbid workers, and says so only when one should begin to work. One
      // that has worked is not replaced by this thread: what has killed it would kill the page.
      if (lived) fail(told("stopped", why));
      else startHere();
    }
    worker.onerror = (event) => died(event.message || "error");
    worker.addEventListener("messageerror", () => died("unreadable answer")); // not all have onmessageerror
    worker.onmessage = (event) => {
      heard = lived = true;
      receive(event.data);
    };
    begin((message) => worker.postMessage(message));
  }

  startWorker();
  return {
    close() {
      closed = true;
      stop();
      const questions = [...waiting.values()];
      waiting.clear();
      for (const question of questions) question.resolve(null);
    },
    /** Resolves with the answer, or with null: a newer question of its type has taken its place. */
    ask(type, message, hear) {
      if (closed) return Promise.resolve(null);
      if (broken) return Promise.reject(broken);
      waiting.get(latest[type])?.resolve(null);
      waiting.delete(latest[type]);
      count += 1;
      latest[type] = count;
      const question = { message: { ...message, id: count, type }, hear };
      waiting.set(count, question);
      return new Promise((resolve, reject) => {
        Object.assign(question, { resolve, reject });
        if (post) post(question.message);
        else startWorker();
      });
    },
  };
}
