import { floatRepr, PyDict, PyFloat, PyTuple, typeName, type Value } from "../../python/index.ts";
import { PyError } from "../../python/index.ts";
import { sorted } from "./compare.ts";
import { typeError, valueError } from "./errors.ts";
import { boundedText, textOf } from "./text.ts";

/** Options of Python's `json.dumps`, with its defaults. */
export interface JsonOptions {
  /** Escape everything beyond ASCII. Default true. */
  readonly ensureAscii?: boolean;
  /** Sort by key, with Python's `<`. Default false. */
  readonly sortKeys?: boolean;
  /** What one level is indented by; null keeps all on one line. Default null. */
  readonly indent?: string | null;
  /** Between items and between key and value. Default `, ` (`,` with an indent) and `: `. */
  readonly separators?: readonly [string, string];
  /** Write NaN and the infinities. Default true. */
  readonly allowNan?: boolean;
  /** Leave out entries whose key JSON cannot hold. Default false. */
  readonly skipKeys?: boolean;
}

/**
 * `json.dumps(value)` (CPython 3.11, Lib/json/encoder.py).
 *
 * @throws PyError TypeError for values and keys that JSON cannot hold, ValueError for a circular reference
 */
export function dumpJson(value: Value, options: JsonOptions = {}): string {
  return new JsonWriter(options).write(value, "\n");
}

class JsonWriter {
  readonly #options: JsonOptions;
  readonly #item: string;
  readonly #colon: string;
  readonly #open = new Set<object>();
  #size = 0;
  constructor(options: JsonOptions) {
    this.#options = options;
    const [item, colon] = options.separators ?? [typeof options.indent === "string" ? "," : ", ", ": "];
    this.#item = item;
    this.#colon = colon;
  }

  write(value: Value, newline: string): string {
    const scalar = this.#scalar(value);
    if (scalar !== undefined) return scalar;
    if (Array.isArray(value) || value instanceof PyTuple) {
      const items = Array.isArray(value) ? value : value.items;
      return this.#container(value, items, newline, "[", "]", (item, inner) => this.write(item, inner));
    }
    if (value instanceof PyDict) {
      return this.#container(
        value,
        this.#entries(value),
        newline,
        "{",
        "}",
        ([key, item], inner) => key + this.#colon + this.write(item, inner),
      );
    }
    throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
  }

  #scalar(value: Value): string | undefined {
    if (value === null) return "null";
    if (typeof value === "boolean") return value ? "true" : "false";
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    if (value instanceof PyFloat) return this.#float(value.value);
    const text = textOf(value);
    return text === undefined ? undefined : this.#string(text);
  }

  #float(value: number): string {
    if (Number.isFinite(value)) return floatRepr(value);
    if (this.#options.allowNan === false) throw valueError(`Out of range float values are not JSON compliant`);
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }

  #string(text: string): string {
    return jsonString(text, this.#options.ensureAscii ?? true);
  }

  #entries(dict: PyDict): [string, Value][] {
    let entries = [...dict.entries()];
    if (this.#options.sortKeys === true) {
      const keys = sorted(entries.map(([key]) => key));
      entries = keys.map((key) => [key, dict.get(key) ?? null]);
    }
    const out: [string, Value][] = [];
    for (const [key, value] of entries) {
      const text = textOf(key);
      const name = text ?? (key instanceof PyTuple ? undefined : this.#scalar(key));
      if (name !== undefined) out.push([this.#string(name), value]);
      else if (this.#options.skipKeys !== true) {
        throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
      }
    }
    return out;
  }

  #container<T>(
    owner: object,
    items: readonly T[],
    newline: string,
    open: string,
    close: string,
    print: (item: T, inner: string) => string,
  ): string {
    if (items.length === 0) return open + close;
    if (this.#open.has(owner)) throw valueError("Circular reference detected");
    if (this.#open.size > 900) throw new PyError("RecursionError", "maximum recursion depth exceeded while encoding a JSON object");
    this.#open.add(owner);
    const { indent } = this.#options;
    const inner = typeof indent === "string" ? newline + indent : newline;
    const parts = items.map((item) => print(item, inner));
    this.#open.delete(owner);
    const text =
      typeof indent === "string" ? open + inner + parts.join(this.#item + inner) + newline + close : open + parts.join(this.#item) + close;
    this.#size += text.length;
    boundedText(this.#size);
    return text;
  }
}

/** A text as a JSON string. */
export function jsonString(text: string, ensureAscii = true): string {
  const special = ensureAscii ? /["\\\x00-\x1f\x7f-\uffff]/g : /["\\\x00-\x1f]/g;
  return `"${text.replace(special, (character) => {
    switch (character) {
      case '"':
        return '\\"';
      case "\\":
        return "\\\\";
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      case "\t":
        return "\\t";
      case "\b":
        return "\\b";
      case "\f":
        return "\\f";
      default:
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
    }
  })}"`;
}
