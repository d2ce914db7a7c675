// Keep the section when the language changes, and remember the choice for the landing page.
for (const link of document.querySelectorAll("a.language-switch")) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
    try { localStorage.setItem("course-language", link.hreflang); } catch { /* private mode */ }
  });
}

// The copy button of code cells has no Korean of its own.
if (document.documentElement.lang === "ko" && typeof messages !== "undefined") {
  Object.assign(messages.en, { copy: "복사", copy_to_clipboard: "복사", copy_success: "복사했습니다", copy_failure: "복사하지 못했습니다" });
  addEventListener("load", () => {
    for (const button of document.querySelectorAll(".copybtn")) button.dataset.tooltip = "복사";
  });
}

// Start each laboratory of the page when it comes near; until then, and without scripts, its picture stays.
{
  const module = new URL(document.currentScript.dataset.lab, document.currentScript.src);
  const start = async (host) => {
    const lab = JSON.parse(host.querySelector("script").textContent);
    const { default: widget } = await import(module);
    widget.render({ model: { get: () => lab }, el: host });
    host.closest("figure")?.classList.add("lab-on");
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

// A formula that is wider than the page can be scrolled with the keyboard, too.
function reachable() {
  for (const formula of document.querySelectorAll(".katex-display")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}
addEventListener("load", reachable);
addEventListener("resize", reachable);
