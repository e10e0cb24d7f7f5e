/** With an exponent of three digits at most: what it stands for can still be written out. */
const EXACT = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,3}))?$/;
const QUANTITY = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d+))?$/;

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The size of a quantity (`500m`, `1Gi`, `2e3`, 4), or `undefined` for what is none. Blanks round it are taken off, as
 * apimachinery's resource.Quantity does. Exact enough to compare, not to calculate with.
 */
export function quantity(value: unknown): number | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const match = QUANTITY.exec(String(value).trim());
  if (match === null) return undefined;
  const [, sign, digits = "", suffix, exponent] = match;
  const scale = suffix === undefined ? 10 ** Number(exponent ?? 0) : (SUFFIXES[suffix] ?? 1);
  return Number(digits) * scale * (sign === "-" ? -1 : 1);
}

const TEN: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const TWO: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/** A quantity without loss: `digits` times ten to the power of `exponent`. */
export interface ExactQuantity {
  readonly digits: bigint;
  readonly exponent: number;
}

/** What a text says as a quantity, exactly (apimachinery, pkg/api/resource); `undefined` for what is none. Blanks round it are not taken off. */
export function exactQuantity(text: string): ExactQuantity | undefined {
  const match = EXACT.exec(text);
  if (match === null) return undefined;
  const [, sign, number = "", suffix = "", power = "0"] = match;
  const [whole = "", fraction = ""] = number.split(".");
  const digits = BigInt(`${whole}${fraction}`) << (TWO[suffix] ?? 0n);
  return { digits: sign === "-" ? -digits : digits, exponent: (TEN[suffix] ?? 0) + Number(power) - fraction.length };
}
