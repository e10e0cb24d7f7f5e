import type { Declare } from "../functions.ts";
import { noOverload, opaque, type CelAny } from "../opaque.ts";

const FORM = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,3}))?$/;
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const NANO = 1_000_000_000n;
const MOST = 2n ** 63n - 1n;

/** In nano-units, rounded away from zero as resource.ParseQuantity does; `undefined` for what is no quantity. */
export function parseQuantity(text: string): bigint | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = "", suffix, exponent] = match;
  const [whole = "", part = ""] = digits.split(".");
  const binary = suffix === undefined ? undefined : BINARY[suffix];
  const scale = (binary === undefined && suffix !== undefined ? (DECIMAL[suffix] ?? 0) : Number(exponent ?? 0)) - part.length + 9;
  let value = BigInt(`${whole}${part}` === "" ? "0" : `${whole}${part}`) << (binary ?? 0n);
  if (scale >= 0) value *= 10n ** BigInt(scale);
  else {
    const divisor = 10n ** BigInt(-scale);
    value = (value + divisor - 1n) / divisor;
  }
  return sign === "-" ? -value : value;
}

/** Kubernetes' library of quantities (apiserver/pkg/cel/library/quantity.go). */
export function declareQuantities(declare: Declare): void {
  const make = (nano: bigint): CelAny => opaque(declare.library, "quantity", { nano });
  const nanoOf = (value: CelAny): bigint => {
    const nano = declare.opaque(value, "quantity").get("nano");
    if (typeof nano !== "bigint") throw noOverload();
    return nano;
  };
  const whole = (value: CelAny): bigint | undefined => {
    const nano = nanoOf(value);
    const integer = nano / NANO;
    return nano % NANO === 0n && integer <= MOST && integer >= -MOST - 1n ? integer : undefined;
  };
  declare.func("quantity", 1, (text) => {
    const nano = parseQuantity(declare.text(text));
    if (nano === undefined) throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    return make(nano);
  });
  declare.func("isQuantity", 1, (text) => parseQuantity(declare.text(text)) !== undefined);
  // The library declares it as a function, although its documentation writes it as a method (cel.Overload, not cel.MemberOverload).
  declare.func("sign", 1, (value) => (nanoOf(value) > 0n ? 1n : nanoOf(value) < 0n ? -1n : 0n));
  declare.method("isInteger", 0, (value) => whole(value) !== undefined);
  declare.method("asInteger", 0, (value) => {
    const found = whole(value);
    if (found === undefined) throw new Error("cannot convert value to integer");
    return found;
  });
  declare.method("asApproximateFloat", 0, (value) => Number(nanoOf(value)) / 1e9);
  const operand = (value: CelAny): bigint => (typeof value === "bigint" ? value * NANO : nanoOf(value));
  declare.method("add", 1, (value, other) => make(nanoOf(value) + operand(other)));
  declare.method("sub", 1, (value, other) => make(nanoOf(value) - operand(other)));
}
