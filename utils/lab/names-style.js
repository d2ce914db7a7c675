// How the names look; what all laboratories share is in style.js.
export const NAMES_STYLE = `
.fl-board { flex: 1 1 22rem; min-width: 0; display: flex; flex-direction: column; gap: .5rem; }
.fl .fl-names { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: .3rem; min-height: 26rem; }
.fl .fl-name { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .6rem; align-items: center; margin: 0;
  min-height: 3rem; position: relative; }
.fl .fl-count { min-height: 0; }
.fl-tiles { display: flex; gap: .15rem; }
.fl-verdict { font-size: .85em; line-height: 1.2; overflow-wrap: anywhere; }
.fl-letter, .fl-whole { display: inline-flex; align-items: center; justify-content: center; color: var(--fl-fg);
  border: 1px solid transparent; border-radius: .25rem; line-height: 1; }
.fl-en .fl-letter { width: 1.5rem; height: 2.1rem; font-size: 1.15rem; }
.fl-syllable, .fl-whole { width: 2.9rem; height: 2.9rem; }
.fl-syllable { display: grid; grid-template: 1fr 1fr / 1fr 1fr; gap: 2px; }
.fl-syllable > :last-child { grid-column: 1 / -1; }
.fl-syllable .fl-letter { font-size: 1rem; min-width: 0; min-height: 0; }
.fl-ko .fl-tiles { gap: .3rem; }
.fl-whole { font-size: 1.9rem; }
.fl-masked { border-color: var(--fl-edge); background: var(--fl-soft); }
.fl-given { border-bottom: 3px solid var(--fl-accent); }
.fl-fresh { background: var(--fl-accent); color: var(--fl-bg); }
.fl-wrong { border: 2px dashed var(--fl-fg); }
.fl-names-lab .fl-buttons button { white-space: nowrap; padding: .25rem .4rem; }
.fl-names-lab input[type=text] { grid-column: 2 / -1; font: inherit; color: inherit; background: var(--fl-bg); width: 100%; min-height: 2rem;
  padding: .25rem .5rem; border: 1px solid var(--fl-edge); border-radius: .3rem; }
.fl-names-lab input[type=text]::placeholder { color: var(--fl-edge); opacity: 1; }
.fl .fl-shares { border-collapse: collapse; width: 100%; margin: 0; font-variant-numeric: tabular-nums; font-size: .92em;
  color: inherit; background: none; display: table; }
.fl .fl-shares :is(th, td) { padding: .2rem .3rem; text-align: right; border: 0; border-bottom: 1px solid var(--fl-edge);
  font-weight: 400; color: inherit; background: none; white-space: nowrap; }
.fl .fl-shares tbody th { text-align: left; white-space: normal; }
.fl .fl-shares td { font-weight: 600; }
`;
