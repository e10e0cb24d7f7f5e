import { int, PyDict, PyError, PyFloat, repr, str, truthy, typeName, type Value } from "../../python/index.ts";

/**
 * Python's `json.loads`: objects as dicts in order (the last of equal keys wins at the first one's place), integers exact,
 * anything with a point or exponent a float; `NaN`, `Infinity` and `-Infinity` are taken.
 *
 * @throws PyError `JSONDecodeError` in Python's words
 */
export function loadJson(text: string): Value {
  return new JsonReader(text).document();
}

const WHITESPACE = /[ \t\n\r]*/y;
const NUMBER = /(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?/y;
const CHUNK = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const CONSTANTS: readonly (readonly [string, Value])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", new PyFloat(Number.NaN)],
  ["Infinity", new PyFloat(Infinity)],
  ["-Infinity", new PyFloat(-Infinity)],
];
/** CPython's recursion limit ends such a document too, at about this depth. */
const DEEPEST = 900;

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value {
    if (this.#text.startsWith("\ufeff")) throw this.#error("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0);
    this.#skip(WHITESPACE);
    const value = this.#value();
    this.#skip(WHITESPACE);
    if (this.#at < this.#text.length) throw this.#error("Extra data", this.#at);
    return value;
  }

  #value(): Value {
    const character = this.#text[this.#at];
    if (character === '"') return this.#string();
    if (character === "{" || character === "[") {
      if (++this.#depth > DEEPEST) throw new PyError("RecursionError", "maximum recursion depth exceeded while decoding a JSON document");
      const value = character === "{" ? this.#object() : this.#array();
      this.#depth--;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text);
    if (number !== null) {
      this.#at = NUMBER.lastIndex;
      const [all, digits = "0", fraction, exponent] = number;
      return fraction === undefined && exponent === undefined ? int(BigInt(digits)) : new PyFloat(Number(all));
    }
    for (const [word, value] of CONSTANTS)
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    throw this.#error("Expecting value", this.#at);
  }

  #object(): PyDict {
    const dict = new PyDict();
    this.#at++;
    this.#skip(WHITESPACE);
    if (this.#text[this.#at] === "}") {
      this.#at++;
      return dict;
    }
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#error("Expecting property name enclosed in double quotes", this.#at);
      const key = this.#string();
      this.#skip(WHITESPACE);
      if (this.#text[this.#at] !== ":") throw this.#error("Expecting ':' delimiter", this.#at);
      this.#at++;
      this.#skip(WHITESPACE);
      dict.set(key, this.#value());
      this.#skip(WHITESPACE);
      const next = this.#text[this.#at];
      if (next !== "," && next !== "}") throw this.#error("Expecting ',' delimiter", this.#at);
      this.#at++;
      if (next === "}") return dict;
      this.#skip(WHITESPACE);
    }
  }

  #array(): Value[] {
    const list: Value[] = [];
    this.#at++;
    this.#skip(WHITESPACE);
    if (this.#text[this.#at] === "]") {
      this.#at++;
      return list;
    }
    for (;;) {
      list.push(this.#value());
      this.#skip(WHITESPACE);
      const next = this.#text[this.#at];
      if (next !== "," && next !== "]") throw this.#error("Expecting ',' delimiter", this.#at);
      this.#at++;
      if (next === "]") return list;
      this.#skip(WHITESPACE);
    }
  }

  #string(): string {
    const begin = this.#at++;
    let value = "";
    for (;;) {
      value += this.#skip(CHUNK);
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#error("Unterminated string starting at", begin);
      if (character === '"') {
        this.#at++;
        return value;
      }
      if (character !== "\\") throw this.#error("Invalid control character at", this.#at);
      value += this.#escape(begin);
    }
  }

  #escape(begin: number): string {
    const letter = this.#text[this.#at + 1];
    if (letter === undefined) throw this.#error("Unterminated string starting at", begin);
    if (letter !== "u") {
      const plain = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
      if (plain === undefined) throw this.#error("Invalid \\escape", this.#at);
      this.#at += 2;
      return plain;
    }
    const hex = this.#text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error("Invalid \\uXXXX escape", this.#at + 2);
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const skipped = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += skipped.length;
    return skipped;
  }

  #error(message: string, at: number): PyError {
    const before = this.#text.slice(0, at);
    const line = before.split("\n").length;
    const column = Array.from(before.slice(before.lastIndexOf("\n") + 1)).length + 1;
    return new PyError("JSONDecodeError", `${message}: line ${line} column ${column} (char ${Array.from(before).length})`);
  }
}

/** What `json.loads(json.dumps(x))` leaves of data: plain dicts with text keys, lists for tuples. @throws PyError `TypeError` for other types */
export function throughJson(value: Value): Value {
  if (Array.isArray(value)) return value.map(throughJson);
  if (value instanceof PyDict) {
    const dict = new PyDict();
    for (const [key, item] of value.entries()) dict.set(jsonKey(key), throughJson(item));
    return dict;
  }
  if (value === null || typeof value !== "object" || value instanceof PyFloat) return value;
  throw new PyError("TypeError", `Object of type ${typeName(value)} is not JSON serializable`);
}

function jsonKey(key: Value): string {
  if (key === null) return "null";
  if (typeof key === "boolean") return truthy(key) ? "true" : "false";
  if (key instanceof PyFloat) return repr(key);
  return str(key);
}
