import { PyDict, type Value } from "../../python/index.ts";
import { normalPgpBlock, PGP_MESSAGE, pgpDigest } from "../../sealed/index.ts";

/**
 * The `gpg` renderer: each PGP message in a text, or in the values of data, becomes a reference `?{pgp:DIGEST}` to it, and is noted in
 * `found`, by its digest, in its normal form. Nothing is decrypted, also where a key is at hand; that is for the one who applies.
 *
 * As in Salt, data is changed in place, keys are left alone, and a text with a block loses the line ends at its end.
 */
export function referPgp(value: Value, found: Map<string, string>, seen = new Set<Value>()): Value {
  if (typeof value === "string") return inText(value, found);
  // YAML's anchors can put a container at two places, also within itself.
  if (value === null || typeof value !== "object" || seen.has(value)) return value;
  seen.add(value);
  if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) value.set(key, referPgp(item, found, seen));
    return value;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = referPgp(item, found, seen);
  }
  return value;
}

function inText(text: string, found: Map<string, string>): string {
  if (!text.includes("-----BEGIN PGP MESSAGE-----")) return text;
  let any = false;
  const referred = text.replace(PGP_MESSAGE, (block) => {
    any = true;
    const digest = pgpDigest(block);
    found.set(digest, normalPgpBlock(block));
    return `?{pgp:${digest}}`;
  });
  return any ? referred.replace(/\n+$/, "") : text;
}
