import { SUFFIXES } from "../storage-api/index.ts";

/** All that apimachinery knows. */
const UNITS: Readonly<Record<string, number>> = { ...SUFFIXES, n: 1e-9, u: 1e-6, m: 1e-3, P: 1e15, E: 1e18, Pi: 2 ** 50, Ei: 2 ** 60 };

/**
 * A Kubernetes quantity as bytes, rounded up to whole ones as `Quantity.Value()` of k8s.io/apimachinery is. Beyond 8 PiB to the nearest number that
 * JavaScript has.
 *
 * @returns undefined for what is no quantity
 */
export function bytesOf(text: string | number | undefined): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? Math.ceil(text) : undefined;
  const found = /^\+?(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text ?? "");
  if (found === null) return undefined;
  const [, digits = "", exponent, unit = ""] = found;
  const value = exponent === undefined ? Number(digits) * (UNITS[unit] ?? Number.NaN) : Number(`${digits}${exponent}`);
  return Number.isFinite(value) ? Math.ceil(value) : undefined;
}

/** Bytes as people read them: `10Gi`, `1.5Ti`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  for (const unit of ["", "Ki", "Mi", "Gi", "Ti"]) {
    if (value < 1024) return `${Number(value.toFixed(1))}${unit}`;
    value /= 1024;
  }
  return `${Number(value.toFixed(1))}Pi`;
}
