import type { Value } from "./value.ts";

/** `str(x)`, what `{{ x }}` prints. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value.str();
  return repr(value);
}

/** `repr(x)`. `seen` holds the containers being printed. */
export function repr(value: Value, seen: Set<object> = new Set()): string {
  switch (typeof value) {
    case "string":
      return stringRepr(value);
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "True" : "False";
    default:
      break;
  }
  if (value === null) return "None";
  if (!Array.isArray(value)) return value.repr(seen);
  if (seen.has(value)) return "[...]";
  seen.add(value);
  const text = `[${value.map((item) => repr(item, seen)).join(", ")}]`;
  seen.delete(value);
  return text;
}

const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
// Python's str.isprintable: all but categories Cc, Cf, Cs, Co, Cn, Zl, Zp, Zs; the blank itself is printable.
const UNPRINTABLE = /^[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}]$/u;

/** `repr(str)`: single quotes unless the text has those and no double ones; unprintable characters escaped. */
export function stringRepr(text: string): string {
  if (PLAIN.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (character === quote || character === "\\") out += `\\${character}`;
    else if (character === "\n") out += "\\n";
    else if (character === "\r") out += "\\r";
    else if (character === "\t") out += "\\t";
    else if (character !== " " && UNPRINTABLE.test(character)) {
      if (code <= 0xff) out += `\\x${code.toString(16).padStart(2, "0")}`;
      else if (code <= 0xffff) out += `\\u${code.toString(16).padStart(4, "0")}`;
      else out += `\\U${code.toString(16).padStart(8, "0")}`;
    } else out += character;
  }
  return out + quote;
}
