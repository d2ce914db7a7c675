// What was measured for a sentence: a button opens a note without this script, too. Here the note also
// opens under the pointer and with the keyboard's focus, and stands beside its mark where there is room.
for (const claim of document.querySelectorAll(".claim")) {
  const mark = claim.querySelector(".claim-mark"), note = claim.querySelector(".claim-note");
  let held = false; // opened by a click, so that the pointer may go
  let closing = false; // the focus that comes back to the mark then is not the reader's
  let waiting;
  const open = () => note.matches(":popover-open");
  const place = () => {
    note.removeAttribute("style");
    note.classList.toggle("placed", innerWidth >= 600); // a phone has a sheet at the bottom
    if (innerWidth < 600) return;
    const zoom = note.currentCSSZoom ?? 1; // slides that are too tall are made smaller
    const { left, top, bottom } = mark.getBoundingClientRect();
    const { width, height } = note.getBoundingClientRect();
    const x = Math.max(8, Math.min(left - 16, document.documentElement.clientWidth - width - 8));
    const y = bottom + height + 8 < innerHeight ? bottom : Math.max(8, top - height);
    note.style.inset = `${y / zoom}px auto auto ${x / zoom}px`;
  };
  const follow = () => {
    const { top, bottom } = mark.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) hide();
    else place();
  };
  const show = () => {
    clearTimeout(waiting);
    if (open()) return;
    note.showPopover();
    place();
    addEventListener("scroll", follow, { passive: true, capture: true });
    addEventListener("resize", follow);
  };
  const hide = () => {
    clearTimeout(waiting);
    if (open()) note.hidePopover();
  };
  note.addEventListener("beforetoggle", ({ newState }) => {
    closing = newState === "closed";
    if (closing) {
      held = false;
      removeEventListener("scroll", follow, { capture: true });
      removeEventListener("resize", follow);
    }
  });
  note.addEventListener("toggle", () => { closing = false; });
  mark.addEventListener("click", (event) => {
    event.preventDefault();
    if (held) hide();
    else show();
    held = open();
  });
  claim.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") hide(); // from a link in the note, too; the focus goes back to the mark
  });
  claim.addEventListener("pointerenter", ({ pointerType }) => {
    clearTimeout(waiting);
    if (pointerType === "mouse" && !open()) waiting = setTimeout(show, 100);
  });
  claim.addEventListener("pointerleave", () => {
    clearTimeout(waiting);
    if (!held && !claim.querySelector(":focus-visible")) waiting = setTimeout(hide, 250);
  });
  claim.addEventListener("focusin", () => {
    if (!closing && mark.matches(":focus-visible")) show();
  });
  claim.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !claim.contains(relatedTarget)) hide();
  });
}
