const slides = [...document.querySelectorAll(".slide")];
const notes = [...document.querySelectorAll(".speaker")];
const here = () => slides.findIndex((s) => s.getBoundingClientRect().bottom > innerHeight / 2);
const show = (n) => slides[Math.min(Math.max(n, 0), slides.length - 1)].scrollIntoView();
// Two windows with the same slides move together: one for the class, one with the notes.
const others = new BroadcastChannel(location.pathname);
const go = (n) => { show(n); others.postMessage({ slide: here() }); };
others.addEventListener("message", ({ data }) => {
  if (here() !== data.slide) show(data.slide);
  if (data.answer !== undefined) answer(slides[data.slide], false);
});
addEventListener("scrollend", () => others.postMessage({ slide: here() }));
// At a question, its answer comes before the next slide.
const answer = (slide, tell = true) => {
  const right = slide?.querySelector(".quiz-option.right > input");
  if (!right || right.checked) return false;
  right.checked = true;
  right.dispatchEvent(new Event("change", { bubbles: true }));
  if (tell) others.postMessage({ slide: slides.indexOf(slide), answer: true });
  return true;
};
const speak = () => {
  const place = here(), open = !notes.some((part) => part.open);
  for (const part of notes) part.open = open;
  measure();
  show(place);
};
const keys = {
  ArrowRight: () => answer(slides[here()]) || go(here() + 1),
  ArrowLeft: () => go(here() - 1),
  Home: () => go(0),
  End: () => go(slides.length - 1),
  a: () => answer(slides[here()]),
  s: speak,
  p: () => slides[here()].querySelector("button.film-play")?.click(),
  f: () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()),
};
Object.assign(keys, { PageDown: keys.ArrowRight, PageUp: keys.ArrowLeft });
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});
// A film stands still until it is started; where nothing is to move, only a press starts it, too.
for (const link of document.querySelectorAll("a.film-play")) {
  const picture = link.parentElement.querySelector("img.film");
  const still = picture.getAttribute("src"), film = link.getAttribute("href");
  const button = Object.assign(document.createElement("button"), { type: "button", className: link.className });
  const play = (on) => {
    picture.src = on ? film : still;
    button.textContent = on ? link.dataset.stop : link.textContent;
  };
  play(false);
  button.addEventListener("click", () => play(picture.getAttribute("src") === still));
  link.replaceWith(button);
}
// A slide that is taller than the screen shrinks to it; what is wider than its slide can be scrolled
// with the keyboard, too. Fonts decide how large both are.
const measure = () => {
  const large = innerWidth > 900;
  for (const slide of slides) {
    const box = slide.firstElementChild;
    box.style.removeProperty("--zoom");
    for (const part of box.children) part.style.zoom = 1;
    for (const formula of box.querySelectorAll(".math")) {
      formula.style.fontSize = "";
      const fits = formula.clientWidth / formula.scrollWidth;
      if (large && fits < 1) formula.style.fontSize = `${0.98 * fits * parseFloat(getComputedStyle(formula).fontSize)}px`;
    }
    const share = box.clientHeight / box.scrollHeight;
    if (!large || share >= 0.995) continue;
    box.style.setProperty("--zoom", 0.97 * share);
    for (const part of box.children) part.style.zoom = 0.97 * share;
  }
  for (const box of document.querySelectorAll(".show :is(.math, table, .katex-display, pre), .speaker > div, .speaker .math")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
document.fonts.ready.then(measure);
addEventListener("load", measure);
addEventListener("resize", measure);
addEventListener("change", measure); // what is said of an answer appears when it is picked
addEventListener("toggle", measure, true); // notes that are opened by hand
