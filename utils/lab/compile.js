// WebAssembly from the text that source.py can put into a module.
import { decode } from "./base64.js";

/** Compile a kernel; null where the browser has no SIMD. */
export function compileKernel(base64) {
  try {
    return new WebAssembly.Module(decode(base64, Uint8Array));
  } catch {
    return null;
  }
}
