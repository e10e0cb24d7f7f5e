/**
 * What secret texts look like that nobody has sealed, and sealed ones that nobody would open: one place, for whoever refuses, searches for or
 * masks them.
 */

/** The first line of a private key: PEM (RFC 7468), with OpenSSH's and OpenPGP's own words, and age's own form. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20}/;
/** That with key material behind it, also with headers, and with line ends written as `\n`: a page on keys names only the first line. */
const WHOLE_PRIVATE_KEY =
  /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n)*(?:[A-Za-z-]+: [^\n]*(?:\s|\\n)+)*[A-Za-z0-9+/=]{16}|AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20}/;
const SOPS_VALUE = /ENC\[[A-Z0-9_]+,data:/;
const PGP_MESSAGE = "-----BEGIN PGP MESSAGE-----";

/** Where a private key begins in a text; undefined where none does. */
export function privateKeyAt(text: string): number | undefined {
  return PRIVATE_KEY.exec(text)?.index;
}

/** Whether a private key stands in a text, and not only its name. */
export function holdsPrivateKey(text: string): boolean {
  return WHOLE_PRIVATE_KEY.test(text);
}

/** Whether a value that SOPS has sealed stands in a text. */
export function holdsSopsValue(text: string): boolean {
  return SOPS_VALUE.test(text);
}

/** Whether a message that PGP has sealed begins in a text. */
export function holdsPgpMessage(text: string): boolean {
  return text.includes(PGP_MESSAGE);
}
