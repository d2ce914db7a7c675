// Numbers travel from Python to the page as base64, little-endian.

/** Decode base64 into a typed array; the widget's state carries all numbers this way. */
export function decode(text, Type = Float32Array) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Type(bytes.buffer);
}
