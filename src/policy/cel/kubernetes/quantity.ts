import { exactQuantity } from "../../../schema/index.ts";
import type { Declare } from "../functions.ts";
import { noOverload, opaque, type CelAny } from "../opaque.ts";

const NANO = 1_000_000_000n;
const MOST = 2n ** 63n - 1n;

/** In nano-units, rounded away from zero as resource.ParseQuantity does; `undefined` for what is no quantity. */
function nanoUnits(text: string): bigint | undefined {
  const exact = exactQuantity(text);
  if (exact === undefined) return undefined;
  const { digits, exponent } = exact;
  const scale = exponent + 9;
  if (scale >= 0) return digits * 10n ** BigInt(scale);
  const divisor = 10n ** BigInt(-scale);
  return (digits < 0n ? digits - divisor + 1n : digits + divisor - 1n) / divisor;
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
    const nano = nanoUnits(declare.text(text));
    if (nano === undefined) throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
    return make(nano);
  });
  declare.func("isQuantity", 1, (text) => nanoUnits(declare.text(text)) !== undefined);
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
