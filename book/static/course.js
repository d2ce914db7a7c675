// Keep the section when the language changes, and remember the choice for the landing page.
for (const link of document.querySelectorAll("a.language-switch")) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
    try { localStorage.setItem("course-language", link.hreflang); } catch { /* private mode */ }
  });
}

// The button that leads back up appears when the reader scrolls up, far from the top.
{
  const up = document.getElementById("pst-back-to-top");
  let last = 0;
  up?.addEventListener("click", () => scrollTo(0, 0));
  if (up) addEventListener("scroll", () => {
    up.style.display = scrollY < last && scrollY > 600 ? "block" : "none";
    last = scrollY;
  }, { passive: true });
}

// Start each laboratory of the page when it comes near; until then, and without scripts, its picture stays.
{
  const module = new URL(document.currentScript.dataset.lab, document.currentScript.src);
  const start = async (host) => {
    const data = host.querySelector("script");
    const lab = data.dataset.src
      ? await fetch(data.dataset.src).then((answer) => answer.json())
      : JSON.parse(data.textContent);
    const { default: widget } = await import(module);
    widget.render({ model: { get: () => lab }, el: host });
    const figure = host.closest("figure");
    if (host.flowLab) figure?.classList.add("lab-on");
    else figure?.classList.remove("with-lab"); // it says why it could not start; the picture stays
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
  const boxes = document.querySelectorAll(".katex-display, pre, .cell_output > .output, .bd-article table");
  for (const box of boxes) near.observe(box);
  addEventListener("resize", () => {
    for (const box of boxes) { near.unobserve(box); near.observe(box); }
  });
}
