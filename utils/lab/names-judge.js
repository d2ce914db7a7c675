// What a finished name is: can it be written, does it stand in the list, is it one letter from it?
import { decodeName, lettersOf, wellFormed } from "./names-letters.js";

/** Least number of letters to insert, delete or replace (Levenshtein). */
export function editDistance(a, b) {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    let above = row[0];
    row[0] = i;
    for (let j = 1; j <= b.length; j += 1) {
      const other = above + (a[i - 1] === b[j - 1] ? 0 : 1);
      above = row[j];
      row[j] = Math.min(row[j] + 1, row[j - 1] + 1, other);
    }
  }
  return row[b.length];
}

/** `list` holds the names that the networks were trained on. */
export function createJudge(language, list) {
  const listed = new Set(list);
  const letters = list.map((name) => lettersOf(name, language));

  /** The first name of the list that is exactly one letter away, or null. */
  function neighbour(text) {
    const own = lettersOf(text, language);
    const close = (other) => Math.abs(other.length - own.length) <= 1 && editDistance(own, other) === 1;
    return list[letters.findIndex(close)] ?? null;
  }
  return (x) => {
    const text = decodeName(x, language);
    const judged = { text, written: wellFormed(x, language), listed: listed.has(text), neighbour: null };
    if (judged.written && !judged.listed) judged.neighbour = neighbour(text);
    return judged;
  };
}

export const KINDS_OF_NAMES = ["written", "listed", "near"];

/** How many of these can be written, stand in the list, and are one letter from it. */
export function tally(all) {
  const count = (is) => all.filter(is).length;
  return {
    names: all.length,
    written: count((one) => one.written),
    listed: count((one) => one.listed),
    near: count((one) => one.neighbour !== null),
  };
}
