import { PyObject, type HashKey, type Value } from "./value.ts";

/** A Python float. Boxed, so that `1.0` is told from `1` and prints as Python prints it. */
export class PyFloat extends PyObject {
  readonly typeName = "float";
  readonly value: number;
  constructor(value: number) {
    super();
    this.value = value;
  }
  repr(): string {
    return floatRepr(this.value);
  }
  override truthy(): boolean {
    return this.value !== 0;
  }
  override equals(other: Value): boolean {
    if (other instanceof PyFloat) return this.value === other.value;
    if (typeof other === "number") return this.value === other;
    if (typeof other === "boolean") return this.value === (other ? 1 : 0);
    return typeof other === "bigint" && Number.isInteger(this.value) && BigInt(this.value) === other;
  }
  override hashKey(): HashKey {
    if (Number.isSafeInteger(this.value)) return this.value + 0;
    if (Number.isInteger(this.value)) return BigInt(this.value);
    return `\0f${this.value}`;
  }
}

/**
 * `repr(float)`: the shortest digits that read back equal, scientific from 1e16 up and below 1e-4,
 * with an exponent of at least two digits (CPython, Objects/floatobject.c, format code `r`).
 */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (value === Infinity) return "inf";
  if (value === -Infinity) return "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e16 || magnitude < 1e-4)) {
    const [digits = "", exponent = "0"] = value.toExponential().split("e");
    const sign = exponent.startsWith("-") ? "-" : "+";
    return `${digits}e${sign}${exponent.replace(/^[+-]/, "").padStart(2, "0")}`;
  }
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}
