/** The message of a string literal that cannot be read, as Python's `unicode-escape` codec words it. */
export class BadStringLiteral extends Error {}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ["\n", ""],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);
/** Escapes of a fixed number of hex digits, with the name that messages give the form. */
const HEX: ReadonlyMap<string, readonly [number, string]> = new Map([
  ["x", [2, "\\xXX"]],
  ["u", [4, "\\uXXXX"]],
  ["U", [8, "\\UXXXXXXXX"]],
]);
const HEX_DIGITS = /^[0-9a-fA-F]*/;
const OCTAL = /^[0-7]{1,3}/;

/**
 * The text between the quotes of a literal, read as Jinja reads it: encoded to ASCII with backslash escapes, then decoded by
 * Python's `unicode-escape` (jinja2/lexer.py, CPython Objects/unicodeobject.c). An unknown escape stays as it stands.
 * `\N{NAME}` needs Unicode's table of names, which JavaScript lacks: it is refused.
 *
 * @throws BadStringLiteral
 */
export function readStringLiteral(body: string): string {
  if (!body.includes("\\")) return body;
  const text = escapeNonAscii(body);
  let out = "";
  let from = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", from)) {
    out += text.slice(from, at);
    const letter = text[at + 1] ?? "";
    from = at + 2;
    const simple = SIMPLE.get(letter);
    const hex = HEX.get(letter);
    const octal = OCTAL.exec(text.slice(at + 1, at + 4))?.[0];
    if (simple !== undefined) out += simple;
    else if (octal !== undefined) {
      out += String.fromCharCode(Number.parseInt(octal, 8));
      from = at + 1 + octal.length;
    } else if (hex !== undefined) {
      const [length, form] = hex;
      const digits = HEX_DIGITS.exec(text.slice(from, from + length))?.[0] ?? "";
      if (digits.length < length) throw new BadStringLiteral(`truncated ${form} escape`);
      const code = Number.parseInt(digits, 16);
      if (code > 0x10ffff) throw new BadStringLiteral("illegal Unicode character");
      out += String.fromCodePoint(code);
      from += length;
    } else if (letter === "N") throw new BadStringLiteral("\\N{…} escapes are not supported, write \\uXXXX");
    else out += `\\${letter}`;
  }
  return out + text.slice(from);
}

/** `str.encode('ascii', 'backslashreplace')`; a character after a backslash thereby loses its meaning, in Jinja as here. */
function escapeNonAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16)}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  });
}
