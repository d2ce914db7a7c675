// How the laboratory looks. It stands beside the picture in the host, so that shadow roots have it too.
export const STYLE = `
.fl { --fl-fg: #1b1b1b; --fl-bg: #fff; --fl-edge: #767676; --fl-soft: #f2f2f2; --fl-accent: #0a5c8f;
  display: flex; flex-wrap: wrap; gap: 1rem; color: var(--fl-fg); background: var(--fl-bg);
  border: 1px solid var(--fl-edge); border-radius: .5rem; padding: .75rem; text-align: left;
  font-size: .95rem; line-height: 1.4; box-sizing: border-box; contain: layout style;
  outline-color: Canvas; /* never drawn: surroundings.js reads the page's own ground from it */ }
.fl-failed { display: block; border-width: 2px; }
.fl * { box-sizing: border-box; }
.fl-dark { --fl-fg: #ececec; --fl-bg: #16181c; --fl-edge: #8b929c; --fl-soft: #2a2e35; --fl-accent: #7cc4f0; }
.fl-stage { position: relative; flex: 1 1 19rem; max-width: 27rem; margin: 0 auto; align-self: flex-start; aspect-ratio: 1;
  overflow: hidden; touch-action: pan-y; }
.fl-stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
/* JupyterLab has square buttons. */
.fl .fl-handle { position: absolute; width: 2rem; height: 2rem; min-width: 0; margin: -1rem 0 0 -1rem; padding: 0;
  border: 2px solid var(--fl-fg); border-radius: 50%; background: transparent; cursor: grab; touch-action: none; }
.fl-busy { position: absolute; left: .5rem; bottom: .5rem; padding: .1rem .5rem; border-radius: .3rem;
  background: var(--fl-soft); color: var(--fl-fg); }
.fl-panel { flex: 1 1 15rem; min-width: 0; display: flex; flex-direction: column; gap: .5rem; }
.fl-row { display: grid; grid-template-columns: 6.9rem minmax(0, 1fr) auto; gap: .5rem; align-items: center; }
.fl-row select { grid-column: 2 / -1; }
.fl-row output { min-width: 3.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.fl select, .fl-buttons button { font: inherit; color: inherit; background: var(--fl-soft); padding: .25rem .6rem; width: 100%;
  min-height: 2rem; border: 1px solid var(--fl-edge); border-radius: .3rem; }
.fl input { accent-color: var(--fl-accent); margin: 0; }
.fl input[type=range] { width: 100%; height: 1.5rem; background: transparent; }
.fl-checks { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.fl-checks label { display: inline-flex; align-items: center; gap: .4rem; min-height: 1.6rem; }
.fl-checks input { width: 1.1rem; height: 1.1rem; }
.fl-buttons { display: flex; flex-wrap: wrap; gap: .5rem; }
.fl-buttons button { cursor: pointer; width: auto; flex: 1; }
.fl-read { margin: 0; min-height: 4.2em; align-content: flex-start; display: flex; flex-wrap: wrap; gap: .1rem 1.2rem; font-variant-numeric: tabular-nums; }
.fl-read b { font-size: 1.15em; }
.fl-note { margin: 0; font-size: .9em; }
.fl-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.fl :focus-visible { outline: 3px solid var(--fl-accent); outline-offset: 2px; }
`;
