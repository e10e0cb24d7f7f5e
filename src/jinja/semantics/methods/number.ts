import { int, PyBytes, PyFloat, PyTuple, truthy, type Value } from "../../../python/index.ts";
import { indexArgument, MethodMaker, type MethodTable } from "../args.ts";
import { bitLength, exactFloat } from "../bigfloat.ts";
import { overflowError, typeError, valueError } from "../errors.ts";
import { boundedText, textOf } from "../text.ts";

/** Python's `int` methods; a bool has them too. */
export function intMethods(): MethodTable<number | bigint> {
  const make = new MethodMaker<number | bigint>("int");
  make.none("bit_length", (value) => bitLength(BigInt(value)));
  make.none("bit_count", (value) => {
    const magnitude = Number(value) < 0 ? -BigInt(value) : BigInt(value);
    return magnitude.toString(2).replaceAll("0", "").length;
  });
  make.none("conjugate", (value) => value);
  make.none("as_integer_ratio", (value) => new PyTuple([value, 1]));
  make.keywords("to_bytes", ["length", "byteorder", "signed"], 0, toBytes, 2);
  return make.table;
}

function toBytes(value: number | bigint, [length, order, signed]: readonly (Value | undefined)[]): Value {
  const size = length === undefined ? 1 : indexArgument(length);
  const byteOrder = order === undefined ? "big" : textOf(order);
  const isSigned = signed !== undefined && truthy(signed);
  if (size < 0) throw valueError("length argument must be non-negative");
  boundedText(size);
  if (byteOrder === undefined) throw typeError("to_bytes() argument 'byteorder' must be str");
  if (byteOrder !== "big" && byteOrder !== "little") throw valueError("byteorder must be either 'little' or 'big'");
  let rest = BigInt(value);
  const bits = BigInt(size * 8);
  if (rest < 0n) {
    if (!isSigned) throw overflowError("can't convert negative int to unsigned");
    if (size === 0 || rest < -(1n << (bits - 1n))) throw overflowError("int too big to convert");
    rest += 1n << bits;
  } else if (rest >> (isSigned && size > 0 ? bits - 1n : bits) !== 0n) throw overflowError("int too big to convert");
  const bytes = Buffer.from(
    rest
      .toString(16)
      .padStart(size * 2, "0")
      .slice(-size * 2 || undefined),
    "hex",
  ).subarray(0, size);
  return new PyBytes(byteOrder === "big" ? Uint8Array.from(bytes) : Uint8Array.from(bytes).reverse());
}

/** What `x.real` and the like give on ints and floats. */
export function numberAttribute(value: number | bigint | PyFloat, name: string): Value | undefined {
  switch (name) {
    case "real":
      return value;
    case "imag":
      return value instanceof PyFloat ? new PyFloat(0) : 0;
    case "numerator":
      return value instanceof PyFloat ? undefined : value;
    case "denominator":
      return value instanceof PyFloat ? undefined : 1;
    default:
      return undefined;
  }
}

/** Python's `float` methods. */
export function floatMethods(): MethodTable<PyFloat> {
  const make = new MethodMaker<PyFloat>("float");
  make.none("is_integer", ({ value }) => Number.isInteger(value));
  make.none("conjugate", (value) => value);
  make.none("as_integer_ratio", ({ value }) => {
    if (Number.isNaN(value)) throw valueError("cannot convert NaN to integer ratio");
    if (!Number.isFinite(value)) throw overflowError("cannot convert Infinity to integer ratio");
    const { mantissa, exponent } = exactFloat(value);
    if (exponent >= 0) return new PyTuple([int(mantissa << BigInt(exponent)), 1]);
    let top = mantissa;
    let power = -exponent;
    while (power > 0 && top % 2n === 0n && top !== 0n) {
      top /= 2n;
      power--;
    }
    return top === 0n ? new PyTuple([0, 1]) : new PyTuple([int(top), int(1n << BigInt(power))]);
  });
  make.none("hex", ({ value }) => floatHex(value));
  return make.table;
}

function floatHex(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (!Number.isFinite(value)) return `${sign}inf`;
  if (value === 0) return `${sign}0x0.0p+0`;
  const { mantissa, exponent } = exactFloat(Math.abs(value));
  const normal = mantissa >> 52n === 1n;
  const power = normal ? exponent + 52 : -1022;
  const fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, "0");
  return `${sign}0x${normal ? 1 : 0}.${fraction}p${power < 0 ? "-" : "+"}${Math.abs(power)}`;
}
