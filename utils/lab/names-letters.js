// The letters of names as utils/names has them: numbers, text, and what can be written.
const INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const MEDIALS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ";
const FINALS = "–ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"; // the first is none
const LATIN = "abcdefghijklmnopqrstuvwxyz";
const FIRST = 0xac00; // the first syllable
const STARTS = [0, INITIALS.length, INITIALS.length + MEDIALS.length, INITIALS.length + MEDIALS.length + FINALS.length];
const NONE = STARTS[2]; // the final that is none
const JAMO = STARTS[3];
const CONJOINING = [0x1100, 0x1161, 0x11a7]; // signs that make up a syllable, by kind
const SIGNS = { ko: INITIALS + MEDIALS + FINALS, en: LATIN };
const BLANK_SIGN = "·";

/** K letters with the blank, which is the last; K itself is the mask. A tile holds `group` letters. */
export const ALPHABETS = {
  ko: { letters: JAMO + 1, length: 15, group: 3 },
  en: { letters: LATIN.length + 1, length: 10, group: 1 },
};
export const blankOf = (language) => ALPHABETS[language].letters - 1;
export const maskOf = (language) => ALPHABETS[language].letters;
export const hidden = (language) => Array(ALPHABETS[language].length).fill(maskOf(language));

const isKind = (letter, kind) => STARTS[kind] <= letter && letter < STARTS[kind + 1];

/** Places whose letter cannot stand there: of the wrong kind, or a blank that a letter follows. */
export function misfits(x, language) {
  const { group } = ALPHABETS[language];
  const last = x.findLastIndex((letter) => letter < blankOf(language));
  const inTile = (place) => Math.floor(place / group) <= Math.floor(last / group);
  return [...x.keys()].filter((place) => {
    if (x[place] === blankOf(language)) return inTile(place);
    return language === "ko" && x[place] < JAMO && !isKind(x[place], place % 3);
  });
}
/** One letter as a sign of its own: none for a mask. */
export function sign(letter, language) {
  if (letter === maskOf(language)) return "";
  return letter === blankOf(language) ? BLANK_SIGN : SIGNS[language][letter];
}

/** The letters of a text; null if one of its signs has none. */
function taken(text, language) {
  if (language === "en") {
    const found = Array.from(text, (one) => LATIN.indexOf(one));
    return found.includes(-1) ? null : found;
  }
  const found = [];
  for (const one of text) {
    const number = one.codePointAt(0) - FIRST;
    if (!(number >= 0 && number < INITIALS.length * MEDIALS.length * FINALS.length)) return null;
    const rest = number % (MEDIALS.length * FINALS.length);
    const initial = (number - rest) / (MEDIALS.length * FINALS.length);
    found.push(initial, STARTS[1] + Math.floor(rest / FINALS.length), STARTS[2] + (rest % FINALS.length));
  }
  return found;
}
/** The letters that are written: of Hangul without the finals that are none. */
export function lettersOf(name, language) {
  return taken(name, language).filter((letter) => language === "en" || letter !== NONE);
}
/** A name as integers, filled up with blanks. */
export function encode(name, language) {
  const found = taken(name, language);
  return [...found, ...Array(ALPHABETS[language].length - found.length).fill(blankOf(language))];
}
/** What a name begins with, and masks behind it; null if that cannot be. A lone initial may come last. */
export function beginning(text, language) {
  const typed = text.normalize("NFC").trim().toLowerCase();
  const initial = language === "ko" ? INITIALS.indexOf(typed.at(-1) ?? "?") : -1;
  const found = taken(initial < 0 ? typed : typed.slice(0, -1), language);
  if (!found) return null;
  if (initial >= 0) found.push(initial);
  const all = hidden(language);
  return found.length > all.length ? null : [...found, ...all.slice(found.length)];
}

/** Three letters as one sign; with masks, each letter that is known. */
export function syllable([a, b, c], masked, wrong) {
  if (a === b && b === c) return a === JAMO ? "\0" : a === JAMO + 1 ? masked : wrong.repeat(3);
  const three = [a, b, c];
  const right = three.map(isKind);
  if (right.every(Boolean)) {
    const two = a * MEDIALS.length + b - STARTS[1];
    return String.fromCharCode(FIRST + two * FINALS.length + c - STARTS[2]);
  }
  const some = three.includes(JAMO + 1);
  const signs = three.map((letter, kind) => {
    if (letter === JAMO + 1) return masked;
    if (letter === NONE && kind === 2) return "";
    if (right[kind]) return String.fromCharCode(CONJOINING[kind] + letter - STARTS[kind]);
    return some && letter === JAMO ? BLANK_SIGN : wrong;
  });
  return signs.join("").normalize("NFC");
}

/** Letters in tiles: syllables of Hangul, single letters of Latin. */
export function tilesOf(x, language) {
  const { length, group } = ALPHABETS[language];
  return Array.from({ length: length / group }, (_, i) => x.slice(i * group, (i + 1) * group));
}
/** Integers as text; a blank before a letter, or a letter of the wrong kind, is `wrong`. */
export function decodeName(x, language, masked = "_", wrong = "?") {
  const single = ([letter]) =>
    letter === maskOf(language) ? masked : letter === blankOf(language) ? "\0" : LATIN[letter];
  const parts = tilesOf(x, language).map((tile) => (language === "ko" ? syllable(tile, masked, wrong) : single(tile)));
  const last = parts.findLastIndex((part) => part !== "\0" && part !== masked);
  return parts.map((part, i) => part.replaceAll("\0", i <= last ? wrong : "")).join("");
}
/** Whether a string without masks is a name that can be written: blanks only at the end. */
export function wellFormed(x, language) {
  const tiles = tilesOf(x, language);
  const empty = tiles.map((tile) => tile.every((letter) => letter === blankOf(language)));
  if (empty[0] || empty.some((blank, i) => i > 0 && empty[i - 1] && !blank)) return false;
  return tiles.every((tile, i) => empty[i] || tile.every((letter, kind) =>
    letter < blankOf(language) && (language === "en" || isKind(letter, kind))));
}
