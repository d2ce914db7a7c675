// Keep the section when the language changes, and remember the choice for the landing page. Labels are
// the same in both languages; docutils' numbers (id7) and the names of terms are not.
{
  const shared = (node) => node?.id && !/^(id\d+|term-|index-|main-content|__)/.test(node.id);
  const inView = (node) => {
    const { top, bottom } = node.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  // What the reader came for, if it is still to be seen, or else the section that is being read.
  const place = () => {
    const asked = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (shared(asked) && inView(asked)) return asked.id;
    if (scrollY < 200) return "";
    const line = innerHeight / 3;
    let found = "";
    for (const section of document.querySelectorAll(".bd-article section[id]")) {
      const { top, bottom } = section.getBoundingClientRect();
      if (shared(section) && top <= line && bottom > 0) found = section.id; // the innermost comes last
    }
    return found;
  };
  for (const link of document.querySelectorAll("a.language-switch")) {
    link.addEventListener("click", () => {
      link.hash = place();
      try { localStorage.setItem("course-language", link.hreflang); } catch { /* private mode */ }
    });
  }
}

// The link that leads back up is there when the top is far.
{
  const up = document.querySelector("a.to-top");
  if (up) addEventListener("scroll", () => up.classList.toggle("shown", scrollY > 600), { passive: true });
}

// Films: a picture that stands still, and a link to the film. The link becomes a button that plays and
// stops. When its box is opened, a film begins by itself, unless the reader has asked for rest.
for (const link of document.querySelectorAll("a.film-play")) {
  const version = link.classList.contains("on-dark") ? ".on-dark" : ":not(.on-dark)"; // of the page
  const picture = link.parentElement.querySelector(`img.film${version}`);
  const still = picture.getAttribute("src"), film = link.getAttribute("href");
  const button = Object.assign(document.createElement("button"), { type: "button", className: link.className });
  const play = (on) => {
    picture.src = on ? film : still;
    button.textContent = on ? link.dataset.stop : link.textContent;
  };
  play(false);
  button.addEventListener("click", () => play(picture.getAttribute("src") === still));
  link.replaceWith(button);
  button.closest("details")?.addEventListener("toggle", ({ target }) => {
    play(target.open && !matchMedia("(prefers-reduced-motion: reduce)").matches);
  });
}

// A figure opens larger on the page itself; without scripts, as a picture alone.
for (const link of document.querySelectorAll("a.enlarge")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const small = link.querySelector("img"), box = document.createElement("dialog");
    const large = Object.assign(new Image(), { src: link.href, alt: small.alt, className: small.className });
    large.style.setProperty("--ratio", small.getAttribute("width") / small.getAttribute("height") || 1);
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: `✕ ${link.dataset.close}` });
    const room = document.createElement("div");
    room.tabIndex = 0; // what is larger than the screen is pushed with the keyboard, too
    room.append(large);
    box.className = "enlarged";
    box.ariaLabel = link.title;
    box.append(close, room);
    for (const part of [box, close, large]) part.addEventListener("click", ({ target }) => target === part && box.close());
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
  });
}

// Browsers without ::details-content: what is folded is opened for the print and folded again.
if (!CSS.supports("selector(::details-content)")) {
  const opened = new Set();
  addEventListener("beforeprint", () => {
    for (const box of document.querySelectorAll("details:not([open])")) { box.open = true; opened.add(box); }
  });
  addEventListener("afterprint", () => {
    for (const box of opened) box.open = false;
    opened.clear();
  });
}

// Start each laboratory of the page when it comes near; until then, and without scripts, its picture stays.
{
  const { src, dataset } = document.currentScript;
  const start = async (host) => {
    const data = host.querySelector("script"); // none where the reader brings the data
    const lab = data?.dataset.src
      ? await fetch(data.dataset.src).then((answer) => answer.json())
      : data && JSON.parse(data.textContent);
    const name = host.dataset.module ?? "flow-lab.js";
    const address = dataset.labs.split(" ").find((one) => one.startsWith(`${name}?`));
    const { default: widget } = await import(new URL(address, src));
    widget.render({ model: { get: () => lab }, el: host });
    const figure = host.closest("figure");
    if (!host.flowLab) return figure?.classList.remove("with-lab"); // it says why; the picture stays
    const held = figure?.querySelector(":scope > .enlarge:focus");
    figure?.classList.add("lab-on");
    // Whoever has the keyboard on the picture goes on in the laboratory that takes its place.
    for (const control of held ? host.querySelectorAll("button, select, input, a[href], [tabindex='0']") : []) {
      control.focus({ preventScroll: true });
      if (document.activeElement === control) break; // one that is hidden or disabled takes no focus
    }
  };
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      const host = target.querySelector(".flow-lab");
      start(host).catch((error) => {
        target.classList.remove("with-lab"); // the picture stays
        console.error(error);
      });
    }
  }, { rootMargin: "1000px" });
  for (const host of document.querySelectorAll(".flow-lab")) near.observe(host.parentElement);
}

// What is wider than the page can be scrolled with the keyboard, too. It is measured when it comes
// near, since measuring lays out its section.
{
  const measure = (box) => {
    const more = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
    if (more) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) measure(target);
  }, { rootMargin: "500px" });
  const boxes = document.querySelectorAll(
    ".katex-display, pre, .cell_output > .output, .bd-article table, figure.output-figure",
  );
  for (const box of boxes) near.observe(box);
  addEventListener("resize", () => {
    for (const box of boxes) { near.unobserve(box); near.observe(box); }
  });
}
