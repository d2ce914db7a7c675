// Keep the section when the language changes, and remember the choice for the landing page.
for (const link of document.querySelectorAll("a.language-switch")) {
  link.addEventListener("click", () => {
    link.hash = location.hash;
    try { localStorage.setItem("course-language", link.hreflang); } catch { /* private mode */ }
  });
}
