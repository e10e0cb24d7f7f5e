import { floatRepr } from "../python/index.ts";

/** How a string is best written. */
export type StringForm =
  | { readonly kind: "plain" }
  | { readonly kind: "quoted"; readonly text: string }
  /** A literal block: `header` is `|`, `|-`, `|2+` …; the lines are without indentation. */
  | { readonly kind: "literal"; readonly header: string; readonly lines: readonly string[] };

/** Words that some reader of YAML 1.1 or 1.2 takes for a boolean, a null or a number, in any case. */
const WORD = /^(?:y|n|yes|no|on|off|true|false|null|nil|none|nan|inf|infinity|~|<<|=)$/i;
/** Numbers of YAML 1.1, YAML 1.2, Go and Python with every `_` taken out, and more than those rather than fewer. */
const NUMBER =
  /^[-+]?(?:0b[01]*|0o?[0-7]*|0x[0-9a-f.p+-]*|[0-9]+(?::[0-9]+)*\.?[0-9]*|[0-9]*\.?[0-9]*(?:e[-+]?[0-9]*)?|\.?(?:inf|nan|infinity))$/i;
/** YAML 1.1's expression for floats lets the digits before an exponent be none, and some readers follow it. */
const EXPONENT = /^[eE][-+]?[0-9]+$/;
const DATE = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}/;
/** Text that can stand without quotes in block context, but for what it may be taken for. Everything visible in the BMP but line ends and marks. */
const PLAIN = /^[A-Za-z0-9_./$+<=(^;\\\xa1-\u167f\u1681-\u1fff\u3001-\ud7ff-][\x20-\x7e\xa1-\u167f\u1681-\u1fff\u3001-\ud7ff]*$/;
/** What a literal block cannot hold, or not without a reader changing it: tabs before text are fine, unseen characters are not. */
const NOT_LITERAL =
  /[^\n\t\x20-\x7e\xa1-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffc\u{10000}-\u{1fffd}]/u;

/** Whether a string can be written as it is, in block context, and is a string to every reader. */
export function isPlainSafe(text: string): boolean {
  if (!PLAIN.test(text)) return false;
  const first = text.charCodeAt(0);
  if (first === 45) {
    // `--flag` is common in manifests and safe; `- x`, `---` and `-1` are not.
    if (text.length === 1 || text.charCodeAt(1) === 32 || text.startsWith("---")) return false;
  } else if (first === 46 && text.startsWith("...")) return false;
  const last = text.charCodeAt(text.length - 1);
  if (last === 32 || last === 58) return false;
  if (text.includes(": ") || text.includes(" #")) return false;
  if (text.length <= 8 && WORD.test(text)) return false;
  if (first < 58 || first === 95) {
    const bare = text.includes("_") ? text.replaceAll("_", "") : text;
    if (NUMBER.test(bare) || DATE.test(bare)) return false;
  }
  return !EXPONENT.test(text);
}

/** The form of a string. `block` is false where only one line is possible: keys and the document itself. */
export function stringForm(text: string, block: boolean): StringForm {
  if (isPlainSafe(text)) return { kind: "plain" };
  if (block && text.includes("\n")) {
    const literal = literalForm(text);
    if (literal !== undefined) return literal;
  }
  return { kind: "quoted", text: doubleQuoted(text) };
}

function literalForm(text: string): StringForm | undefined {
  if (NOT_LITERAL.test(text) || /[ \t](?:\n|$)/.test(text) || /^\n+$/.test(text)) return undefined;
  const lines = text.split("\n");
  let chomping = "-";
  if (text.endsWith("\n")) {
    lines.pop();
    chomping = text.endsWith("\n\n") ? "+" : "";
  }
  const first = lines[0] ?? "";
  // Readers find the indentation in the first line with text: they are told where that line is indented or empty.
  const indicator = first === "" || first.startsWith(" ") || first.startsWith("\t") ? "2" : "";
  return { kind: "literal", header: `|${indicator}${chomping}`, lines };
}

const NAMED: Readonly<Record<string, string>> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" };
const ESCAPED =
  /["\\\0-\x1f\x7f-\xa0\xad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff0-\uffff]/g;
const PAIRS = /[\ud800-\udbff][\udc00-\udfff]/;

/** A double-quoted scalar on one line, whose escapes JSON has too. Only whole surrogate pairs may be in the text. */
export function doubleQuoted(text: string): string {
  const hasPairs = PAIRS.test(text);
  const escaped = text.replace(ESCAPED, (character, index: number) => {
    const unit = character.charCodeAt(0);
    if (unit >= 0xd800 && unit <= 0xdfff && hasPairs) return astral(text, index, unit);
    return NAMED[character] ?? `\\u${unit.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** A surrogate as it stands, or the whole character as an escape where it is no visible one. */
function astral(text: string, index: number, unit: number): string {
  const code = text.codePointAt(unit >= 0xdc00 ? index - 1 : index) ?? unit;
  if (code < 0x1fffe && (code & 0xfffe) !== 0xfffe) return String.fromCharCode(unit);
  return unit >= 0xdc00 ? "" : `\\U${code.toString(16).padStart(8, "0")}`;
}

/** Half a surrogate pair: no character, and nothing UTF-8 could hold. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE.test(text);
}
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A float that every reader takes for one: YAML 1.1 wants a `.` and a signed exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (value === Infinity) return ".inf";
  if (value === -Infinity) return "-.inf";
  const text = floatRepr(value);
  return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
}
