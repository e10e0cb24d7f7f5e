import { isInt, PyDict, PyError, PyFloat, PyTuple, str, typeName, type Value } from "../../../python/index.ts";
import { compareCodePoints } from "../../fileroots/index.ts";

export interface JsonOptions {
  /** Spaces, or the text itself, before each level; null: one line. */
  readonly indent: number | string | null;
  readonly separators: readonly [item: string, key: string];
  readonly sortKeys: boolean;
  readonly ensureAscii: boolean;
}

/** Python's `json.dumps`. @throws PyError `TypeError` for what JSON has no form for, and for keys that have no order */
export function dumpJson(value: Value, options: JsonOptions): string {
  return new JsonWriter(options).write(value, 0);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
};

class JsonWriter {
  readonly #options: JsonOptions;
  readonly #step: string | null;
  readonly #open = new Set<object>();

  constructor(options: JsonOptions) {
    this.#options = options;
    const { indent } = options;
    this.#step = indent === null ? null : typeof indent === "number" ? " ".repeat(Math.max(0, indent)) : indent;
  }

  write(value: Value, depth: number): string {
    if (typeof value === "string") return this.#text(value);
    if (value === null) return "null";
    if (typeof value === "boolean") return value ? "true" : "false";
    if (isInt(value)) return String(value);
    if (value instanceof PyFloat) return floatText(value);
    if (Array.isArray(value)) return this.#list(value, value, depth);
    if (value instanceof PyTuple) return this.#list(value.items, value, depth);
    if (value instanceof PyDict) return this.#dict(value, depth);
    throw new PyError("TypeError", `Object of type ${typeName(value)} is not JSON serializable`);
  }

  #list(items: readonly Value[], itself: object, depth: number): string {
    if (items.length === 0) return "[]";
    return this.#nested(itself, () =>
      this.#wrap(
        "[",
        "]",
        items.map((item) => this.write(item, depth + 1)),
        depth,
      ),
    );
  }

  #dict(dict: PyDict, depth: number): string {
    if (dict.size === 0) return "{}";
    const entries = [...dict.entries()];
    if (this.#options.sortKeys) sortEntries(entries);
    return this.#nested(dict, () =>
      this.#wrap(
        "{",
        "}",
        entries.map(([key, item]) => `${this.#text(keyText(key))}${this.#options.separators[1]}${this.write(item, depth + 1)}`),
        depth,
      ),
    );
  }

  #nested(itself: object, write: () => string): string {
    if (this.#open.has(itself)) throw new PyError("ValueError", "Circular reference detected");
    this.#open.add(itself);
    const text = write();
    this.#open.delete(itself);
    return text;
  }

  #wrap(open: string, close: string, parts: readonly string[], depth: number): string {
    const separator = this.#options.separators[0];
    if (this.#step === null) return open + parts.join(separator) + close;
    const inner = `\n${this.#step.repeat(depth + 1)}`;
    return `${open}${inner}${parts.join(separator + inner)}\n${this.#step.repeat(depth)}${close}`;
  }

  #text(text: string): string {
    const escaped = text.replace(/["\\\u0000-\u001f]/g, (character) => ESCAPES[character] ?? unicodeEscape(character));
    return `"${this.#options.ensureAscii ? escaped.replace(/[\u007f-\uffff]/g, (unit) => (unit === "\u007f" ? unit : unicodeEscape(unit))) : escaped}"`;
  }
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function floatText(value: PyFloat): string {
  if (Number.isNaN(value.value)) return "NaN";
  if (!Number.isFinite(value.value)) return value.value > 0 ? "Infinity" : "-Infinity";
  return value.repr();
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key === null) return "null";
  if (typeof key === "boolean") return key ? "true" : "false";
  if (key instanceof PyFloat) return floatText(key);
  if (isInt(key)) return str(key);
  throw new PyError("TypeError", `keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

/** Python's sort compares each item with the one before it first, and says so where it can't. */
function sortEntries(entries: [Value, Value][]): void {
  for (let index = 1; index < entries.length; index++) compareKeys(entries[index]?.[0] ?? null, entries[index - 1]?.[0] ?? null);
  entries.sort(([a], [b]) => compareKeys(a, b));
}

function compareKeys(a: Value, b: Value): number {
  if (typeof a === "string" && typeof b === "string") return compareCodePoints(a, b);
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left === undefined || right === undefined)
    throw new PyError("TypeError", `'<' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
  return left < right ? -1 : left > right ? 1 : 0;
}

function numberOf(key: Value): number | bigint | undefined {
  if (typeof key === "boolean") return key ? 1 : 0;
  if (key instanceof PyFloat) return key.value;
  return isInt(key) ? key : undefined;
}
