import { str, type Value } from "../../python/index.ts";

/** `salt.utils.files.normalize_mode`: what YAML made of `0644` as the four digits it stood for. */
export function normalizeMode(mode: Value): string | null {
  if (mode === null) return null;
  return str(mode)
    .replaceAll("0o", "0")
    .replace(/^"+|"+$/g, "")
    .replace(/^'+|'+$/g, "")
    .replace(/^0+/, "")
    .padStart(4, "0");
}

/** Whether a mode is one that `chmod` takes. */
export function isMode(mode: string): boolean {
  return /^[0-7]{1,4}$/.test(mode);
}

/** Permission bits as the four digits Salt reads back. */
export function modeOf(bits: number): string {
  return (bits & 0o7777).toString(8).padStart(4, "0");
}
