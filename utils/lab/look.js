// A laboratory looks and speaks like the page around it, and follows when that changes.
import { isDark, languageOf, watchSurroundings } from "./surroundings.js";

/**
 * Keeps `root` in the theme and the language of `host`: `speak(language)` and `colour(dark)` are
 * called when there is another one, `fit()` whenever there may be another width. `guarded` wraps
 * what runs on an event, whose errors nobody would catch.
 */
export function createLook(host, root, { speak, colour, fit, guarded = (act) => act }) {
  let language = null;
  let dark = null;
  function look(all = true) {
    const nextLanguage = all ? languageOf(host) : language;
    const nextDark = isDark(host, root);
    if (nextLanguage !== language) speak((language = nextLanguage));
    if (nextDark === dark) return;
    dark = nextDark;
    root.classList.toggle("fl-dark", dark);
    colour(dark);
  }
  const [looked, fitted] = [guarded(look), guarded(fit)];
  const surroundings = watchSurroundings(host, looked);
  const sizes = new ResizeObserver(fitted);
  return {
    first: look, // as far as can be seen before the root stands anywhere; its errors are the caller's
    again: looked,
    attached() {
      surroundings.moved();
      looked();
      fitted();
    },
    watch: (node) => sizes.observe(node),
    close() {
      sizes.disconnect();
      surroundings.close();
    },
  };
}
