import { createHash } from "node:crypto";

/** As the gpg renderer of Salt 3007.1 finds them (salt/renderers/gpg.py). */
export const PGP_MESSAGE = /-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----/gs;

/**
 * An armoured PGP message in the one form that its digest is over: from its BEGIN to its END line, `\n` written out as two characters taken
 * for a line end, lines without the blanks around them, joined by single line feeds. So the same sealed text has one form however it is
 * indented.
 */
export function normalPgpBlock(block: string): string {
  const lines = block.replaceAll("\\n", "\n").split(/\r\n|\r|\n/);
  return lines.map((line) => line.trim()).join("\n");
}

/** SHA-256 of the message in its normal form, in hexadecimal. */
export function pgpDigest(block: string): string {
  return createHash("sha256").update(normalPgpBlock(block)).digest("hex");
}
