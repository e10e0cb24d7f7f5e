import { randomBytes } from "node:crypto";

/**
 * Shamir's secret sharing over GF(2^8) as sops 3.13.3 does it (shamir/shamir.go, from HashiCorp's Vault): a share has a byte of the
 * polynomial's value for each byte of the secret, then the x coordinate, which is the share's place from 1 on.
 *
 * @throws RangeError where the numbers make no sense
 */
export function splitSecret(secret: Uint8Array, parts: number, threshold: number): Uint8Array[] {
  if (threshold < 2 || parts < threshold || parts > 255 || secret.length === 0) {
    throw new RangeError(`${parts} shares of which ${threshold} are needed can't be made: 2 at least, and no more than there are`);
  }
  const shares = Array.from({ length: parts }, (_, index) => {
    const share = new Uint8Array(secret.length + 1);
    share[secret.length] = index + 1;
    return share;
  });
  secret.forEach((byte, at) => {
    const coefficients = Uint8Array.from([byte, ...randomBytes(threshold - 1)]);
    shares.forEach((share, index) => (share[at] = evaluate(coefficients, index + 1)));
    coefficients.fill(0);
  });
  return shares;
}

/** Puts shares together. With too few of them the result is random. @throws RangeError where the shares can't belong together */
export function combineShares(shares: readonly Uint8Array[]): Uint8Array {
  const length = shares[0]?.length ?? 0;
  if (shares.length < 2 || length < 2) throw new RangeError("fewer than two shares");
  if (shares.some((share) => share.length !== length)) throw new RangeError("the shares differ in length");
  const xs = shares.map((share) => share[length - 1] ?? 0);
  if (new Set(xs).size !== xs.length) throw new RangeError("two of the shares are the same one");
  return Uint8Array.from({ length: length - 1 }, (_, at) =>
    interpolateAtZero(
      xs,
      shares.map((share) => share[at] ?? 0),
    ),
  );
}

function evaluate(coefficients: Uint8Array, x: number): number {
  let value = 0;
  for (const coefficient of coefficients.toReversed()) value = multiply(value, x) ^ coefficient;
  return value;
}

function interpolateAtZero(xs: readonly number[], ys: readonly number[]): number {
  let value = 0;
  for (const [i, xi] of xs.entries()) {
    let basis = 1;
    for (const [j, xj] of xs.entries()) if (i !== j) basis = multiply(basis, multiply(xj, inverse(xi ^ xj)));
    value ^= multiply(ys[i] ?? 0, basis);
  }
  return value;
}

/** In GF(2^8) modulo x^8+x^4+x^3+x+1, without branches on the operands. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    const carry = -(product >> 7) & 0x1b;
    product = ((product << 1) & 0xff) ^ carry ^ (-((b >> bit) & 1) & a);
  }
  return product;
}

/** a^254, which is 1/a. */
function inverse(a: number): number {
  let power = a;
  for (let step = 0; step < 6; step++) power = multiply(multiply(power, power), a);
  return multiply(power, power);
}
