const slides = [...document.querySelectorAll(".slide")];
const here = () => slides.findIndex((s) => s.getBoundingClientRect().bottom > innerHeight / 2);
const go = (n) => slides[Math.min(Math.max(n, 0), slides.length - 1)].scrollIntoView();
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (["ArrowRight", "PageDown"].includes(event.key)) go(here() + 1);
  else if (["ArrowLeft", "PageUp"].includes(event.key)) go(here() - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(slides.length - 1);
  else if (event.key === "f") document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  else return;
  event.preventDefault();
});
// A slide that is taller than the screen shrinks to it; what is wider than its slide can be scrolled
// with the keyboard, too. Fonts decide how large both are.
const measure = () => {
  for (const slide of slides) {
    for (const part of slide.children) part.style.zoom = 1;
    const share = innerHeight / slide.scrollHeight;
    if (share < 0.99 && innerWidth > 900) for (const part of slide.children) part.style.zoom = 0.97 * share;
  }
  for (const box of document.querySelectorAll(".math, table, .katex-display")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
document.fonts.ready.then(measure);
addEventListener("load", measure);
addEventListener("resize", measure);
addEventListener("change", measure); // what is said of an answer appears when it is picked
