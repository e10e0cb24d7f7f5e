import { createHash } from "node:crypto";
import { PyDict, type Value } from "../../python/index.ts";

/** As the gpg renderer of Salt 3007.1 finds them (salt/renderers/gpg.py). */
const BLOCK = /-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----/gs;

/**
 * The `gpg` renderer: each PGP message in a text, or in the values of data, becomes a reference to it. Nothing is decrypted, also where a
 * key is at hand; that is for the one who applies.
 *
 *     reference = "?{gpg:sha256:" digest "}"
 *     digest    = 64 hexadecimal digits: SHA-256 of the block from its BEGIN to its END line, `\n` written out as two
 *                 characters taken for a line end, lines without the blanks around them, joined by single line feeds
 *
 * So the same sealed text has one reference however it is indented. As in Salt, data is changed in place, keys are left alone, and a
 * text with a block loses the line ends at its end.
 */
export function referPgp(value: Value): Value {
  if (typeof value === "string") return inText(value);
  if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) value.set(key, referPgp(item));
    return value;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = referPgp(item);
  }
  return value;
}

function inText(text: string): string {
  if (!text.includes("-----BEGIN PGP MESSAGE-----")) return text;
  let found = false;
  const referred = text.replace(BLOCK, (block) => {
    found = true;
    return `?{gpg:sha256:${blockDigest(block)}}`;
  });
  return found ? referred.replace(/\n+$/, "") : text;
}

/** The digest in a reference to a PGP block. */
export function blockDigest(block: string): string {
  const lines = block.replaceAll("\\n", "\n").split(/\r\n|\r|\n/);
  return createHash("sha256")
    .update(lines.map((line) => line.trim()).join("\n"))
    .digest("hex");
}
