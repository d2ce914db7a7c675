// A drawing and what belongs to it in the fragment of an address, short enough to be sent.

const READABLE = { "+": "-", "/": "_", "=": "" }; // base64 as addresses can hold it

/** Runs of equal cells: two bits for the colour, then the length less 1, seven bits a byte. */
export function pack(cells) {
  const bytes = [];
  for (let i = 0; i < cells.length; ) {
    let end = i;
    while (end < cells.length && cells[end] === cells[i]) end += 1;
    let rest = end - i - 1;
    bytes.push(cells[i] | ((rest & 31) << 2) | (rest > 31 ? 128 : 0));
    for (rest >>= 5; rest; rest >>= 7) bytes.push((rest & 127) | (rest > 127 ? 128 : 0));
    i = end;
  }
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (c) => READABLE[c]);
}

/** The cells again; null if the text is none of ours. */
export function unpack(text, size) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  } catch {
    return null;
  }
  const cells = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < bytes.length; ) {
    const colour = bytes[i] & 3;
    let rest = (bytes[i] >> 2) & 31;
    for (let shift = 5; bytes[i] & 128; shift += 7) {
      i += 1;
      if (i === bytes.length || shift > 19) return null;
      rest += (bytes[i] & 127) << shift;
    }
    i += 1;
    if (colour === 3 || at + rest + 1 > size) return null;
    cells.fill(colour, at, at + rest + 1);
    at += rest + 1;
  }
  return at === size ? cells : null;
}

/** What differs from the defaults, as `key=value`; a part of it is `a.path=cosine`. */
export function toAddress(cells, values, defaults) {
  const found = new URLSearchParams({ draw: pack(cells) });
  for (const [key, value] of Object.entries(values)) if (value !== defaults[key]) found.set(key, value);
  return `#${found}`;
}

/** Read it: values of the type, and of those that `allowed` lists, else the defaults. */
export function fromAddress(hash, size, defaults, allowed) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const cells = given.has("draw") ? unpack(given.get("draw"), size) : null;
  const values = { ...defaults };
  for (const [key, text] of cells ? given : []) {
    if (!Object.hasOwn(defaults, key)) continue;
    const value = typeof defaults[key] === "number" ? Number(text) : typeof defaults[key] === "boolean" ? text === "true" : text;
    const rule = allowed[key];
    if (Array.isArray(rule) ? rule.includes(value) : rule ? rule(value) : true) values[key] = value;
  }
  return { cells, values };
}
