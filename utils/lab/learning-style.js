// How the laboratory that learns looks, beside what style.js says of both.
export const LEARNING_STYLE = `
.fl-learn { display: block; max-width: 60rem; margin: 0 auto; container-type: inline-size; }
.fl-learn > * + * { margin-top: .8rem; }
.fl-learn .fl-panes > div { max-width: 22rem; }
.fl-draw .fl-note { margin: .3rem 0 0; text-align: center; }
.fl-verdict:empty { display: none; }
.fl-verdict p { margin: 0 0 .3rem; }
.fl-learn .fl-buttons button, .fl-learn select, .fl-learn input { max-width: 100%; }
.fl-draw, .fl-pair { display: grid; gap: .8rem; grid-template-columns: 1fr; }
@container (min-width: 34rem) {
  .fl-draw { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); }
  .fl-pair { grid-template-columns: 1fr 1fr; }
}
.fl-learn .fl-stage { max-width: none; width: 100%; margin: 0; border: 1px solid var(--fl-edge); border-radius: .3rem; }
.fl-draw .fl-stage { max-width: 24rem; margin: 0 auto; touch-action: none; cursor: crosshair; }
.fl-draw .fl-stage canvas { touch-action: none; }
.fl-tools { display: flex; flex-direction: column; gap: .5rem; min-width: 0; }
.fl-learn .fl-row { grid-template-columns: 6.4rem minmax(0, 1fr) auto; }
.fl-learn .fl-row select, .fl-learn .fl-row input[type=number], .fl-learn .fl-row input[type=text] { grid-column: 2 / -1; }
.fl-learn input[type=text], .fl-learn input[type=number] { font: inherit; color: inherit; background: var(--fl-bg); width: 100%;
  min-height: 2rem; padding: .2rem .5rem; border: 1px solid var(--fl-edge); border-radius: .3rem; }
.fl-learn button { font: inherit; color: inherit; background: var(--fl-soft); min-height: 2rem; padding: .25rem .6rem;
  border: 1px solid var(--fl-edge); border-radius: .3rem; cursor: pointer; }
.fl-learn button:disabled { opacity: .55; cursor: default; }
.fl-learn .fl-go { width: 100%; min-height: 3rem; font-size: 1.15rem; font-weight: 700;
  color: var(--fl-bg); background: var(--fl-accent); border-color: var(--fl-accent); }
.fl-choice { display: flex; flex-wrap: wrap; gap: .25rem .7rem; border: 0; margin: 0; padding: 0; min-width: 0; }
.fl-choice legend { float: left; width: 4.2rem; line-height: 1.8rem; padding: 0; font-size: inherit; }
.fl-choice label { display: inline-flex; align-items: center; gap: .35rem; min-height: 1.8rem; }
.fl-swatch { width: .9rem; height: .9rem; border-radius: 50%; }
.fl-choice label:last-child .fl-swatch { display: none; }
.fl-name { margin: 0 0 .3rem; font-weight: 700; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .6rem; }
.fl-name span { font-weight: 400; font-variant-numeric: tabular-nums; }
/* The book's style sheet has its own mind about lists of definitions. */
.fl-learn .fl-read { margin: .4rem 0 0 !important; min-height: 0; display: grid; grid-template-columns: auto auto; justify-content: start; gap: 0 .8rem; }
.fl-learn .fl-read dt, .fl-learn .fl-read dd { margin: 0 !important; padding: 0; font-weight: 400; }
.fl-learn .fl-read b { font-size: 1.05em; }
.fl-chart { display: block; width: 100%; height: 7rem; }
.fl-learn details { border: 1px solid var(--fl-edge); border-radius: .3rem; padding: .5rem .7rem; }
.fl-learn summary { cursor: pointer; font-weight: 700; min-height: 1.6rem; }
.fl-learn details > * + * { margin-top: .6rem; }
.fl-side { display: flex; flex-direction: column; gap: .5rem; min-width: 0; }
.fl-goals { margin: 0; padding-left: 1.6rem; }
.fl-goals li { padding: .1rem 0; }
.fl-goals .fl-reached { font-weight: 700; }
.fl-goals .fl-reached::after { content: " ✓"; color: var(--fl-accent); }
@container (max-width: 33.99rem) {
  .fl-panes { grid-template-columns: 1fr 1fr; gap: .4rem; }
  .fl-learn .fl-panes .fl-read { grid-template-columns: 1fr; font-size: .85rem; }
  .fl-panes .fl-name { min-height: 3.2em; align-content: start; }
  .fl-panes .fl-name span { flex-basis: 100%; }
  .fl-panes dd { padding: 0 0 .25rem; line-height: 1.25; }
}
`;
