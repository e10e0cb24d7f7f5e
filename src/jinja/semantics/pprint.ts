import { equals, PyBytes, PyDict, PyOrderedDict, PySet, PyTuple, repr, typeName, type Value } from "../../python/index.ts";
import { PyError } from "../../python/index.ts";
import { compare, compareText } from "./compare.ts";
import { textLength } from "./text.ts";
import { splitLines } from "./methods/str.ts";

const WIDTH = 80;

/** `pprint.pformat(value)`: sorted dicts, at most 80 columns where that is possible (CPython 3.11, Lib/pprint.py). */
export function pprint(value: Value): string {
  return new PrettyPrinter().run(value);
}

class PrettyPrinter {
  readonly #out: string[] = [];
  readonly #open = new Set<object>();

  run(value: Value): string {
    this.#format(value, 0, 0, 1);
    return this.#out.join("");
  }

  #format(value: Value, indent: number, allowance: number, level: number): void {
    if (value !== null && typeof value === "object" && this.#open.has(value)) {
      this.#out.push(`<Recursion on ${typeName(value)}>`);
      return;
    }
    const text = safeRepr(value, new Set());
    if (textLength(text) > WIDTH - indent - allowance && this.#long(value, indent, allowance, level)) return;
    this.#out.push(text);
  }

  /** Prints a value that does not fit on its line; false where its type has no long form. */
  #long(value: Value, indent: number, allowance: number, level: number): boolean {
    if (typeof value === "string") return this.#string(value, indent, allowance, level);
    if (value === null || typeof value !== "object") return false;
    this.#open.add(value);
    const done = this.#container(value, indent, allowance, level);
    this.#open.delete(value);
    return done;
  }

  #container(value: object & Value, indent: number, allowance: number, level: number): boolean {
    if (value instanceof PyOrderedDict) {
      if (value.size === 0) return false;
      const open = "OrderedDict(";
      this.#out.push(open);
      this.#format(
        [...value.entries()].map((entry) => new PyTuple(entry)),
        indent + open.length,
        allowance + 1,
        level,
      );
      this.#out.push(")");
      return true;
    }
    if (value instanceof PyDict) {
      this.#out.push("{");
      this.#entries(sortedEntries(value), indent, allowance + 1, level);
      this.#out.push("}");
      return true;
    }
    if (Array.isArray(value)) {
      this.#out.push("[");
      this.#items(value, indent, allowance + 1, level);
      this.#out.push("]");
      return true;
    }
    if (value instanceof PyTuple) {
      const close = value.items.length === 1 ? ",)" : ")";
      this.#out.push("(");
      this.#items(value.items, indent, allowance + close.length, level);
      this.#out.push(close);
      return true;
    }
    if (value instanceof PySet && value.size > 0) {
      this.#out.push("{");
      this.#items(
        safeSorted([...value.values()], (item) => item),
        indent,
        allowance + 1,
        level,
      );
      this.#out.push("}");
      return true;
    }
    return value instanceof PyBytes ? this.#bytes(value, indent, allowance, level) : false;
  }

  #entries(entries: readonly (readonly [Value, Value])[], outer: number, allowance: number, level: number): void {
    const indent = outer + 1;
    entries.forEach(([key, value], index) => {
      if (index > 0) this.#out.push(`,\n${" ".repeat(indent)}`);
      const name = safeRepr(key, new Set());
      this.#out.push(name, ": ");
      this.#format(value, indent + textLength(name) + 2, index === entries.length - 1 ? allowance : 1, level + 1);
    });
  }

  #items(items: readonly Value[], outer: number, allowance: number, level: number): void {
    const indent = outer + 1;
    items.forEach((item, index) => {
      if (index > 0) this.#out.push(`,\n${" ".repeat(indent)}`);
      this.#format(item, indent, index === items.length - 1 ? allowance : 1, level + 1);
    });
  }

  /** A long text as adjacent literals, broken at lines and then at blanks. */
  #string(text: string, outer: number, outerAllowance: number, level: number): boolean {
    if (text === "") return false;
    let indent = outer;
    let allowance = outerAllowance;
    const lines = splitLines(text, true);
    if (level === 1) {
      indent += 1;
      allowance += 1;
    }
    const chunks: string[] = [];
    let last = "";
    lines.forEach((line, index) => {
      const room = WIDTH - indent - (index === lines.length - 1 ? allowance : 0);
      last = repr(line);
      if (textLength(last) <= room) {
        chunks.push(last);
        return;
      }
      const parts = line.match(/\S*\s*/gu)?.filter((part, place, all) => part !== "" || place < all.length - 1) ?? [];
      let current = "";
      parts.forEach((part, place) => {
        const candidate = current + part;
        const width = WIDTH - indent - (place === parts.length - 1 && index === lines.length - 1 ? allowance : 0);
        if (textLength(repr(candidate)) > width) {
          if (current !== "") chunks.push(repr(current));
          current = part;
        } else current = candidate;
      });
      if (current !== "") chunks.push(repr(current));
    });
    if (chunks.length === 1) {
      this.#out.push(last);
      return true;
    }
    const text_ = chunks.join(`\n${" ".repeat(indent)}`);
    this.#out.push(level === 1 ? `(${text_})` : text_);
    return true;
  }

  #bytes(value: PyBytes, outer: number, outerAllowance: number, level: number): boolean {
    if (value.bytes.length <= 4) return false;
    const parens = level === 1;
    let indent = outer;
    let allowance = outerAllowance;
    if (parens) {
      indent += 1;
      allowance += 1;
    }
    const pieces: string[] = [];
    let current = new Uint8Array();
    const lastStart = Math.floor(value.bytes.length / 4) * 4;
    let width = WIDTH - indent;
    for (let at = 0; at < value.bytes.length; at += 4) {
      const part = value.bytes.slice(at, at + 4);
      const candidate = Uint8Array.from([...current, ...part]);
      if (at === lastStart) width -= allowance;
      if (new PyBytes(candidate).repr().length > width) {
        if (current.length > 0) pieces.push(new PyBytes(current).repr());
        current = part;
      } else current = candidate;
    }
    if (current.length > 0) pieces.push(new PyBytes(current).repr());
    const text = pieces.join(`\n${" ".repeat(indent)}`);
    this.#out.push(parens ? `(${text})` : text);
    return true;
  }
}

/** `pprint.saferepr`: a repr with sorted dicts. */
function safeRepr(value: Value, open: Set<object>): string {
  if (value === null || typeof value !== "object") return repr(value);
  const isPlainDict = value instanceof PyDict && !(value instanceof PyOrderedDict);
  if (!isPlainDict && !Array.isArray(value) && !(value instanceof PyTuple)) return repr(value);
  if (open.has(value)) return `<Recursion on ${typeName(value)}>`;
  open.add(value);
  let text: string;
  if (value instanceof PyDict) {
    text = `{${sortedEntries(value)
      .map(([key, item]) => `${safeRepr(key, open)}: ${safeRepr(item, open)}`)
      .join(", ")}}`;
  } else if (Array.isArray(value)) text = `[${value.map((item) => safeRepr(item, open)).join(", ")}]`;
  else {
    const items = value.items.map((item) => safeRepr(item, open));
    text = items.length === 1 ? `(${items.join("")},)` : `(${items.join(", ")})`;
  }
  open.delete(value);
  return text;
}

function sortedEntries(dict: PyDict): [Value, Value][] {
  return safeSorted([...dict.entries()], ([key]) => key);
}

/** Sorts what cannot be compared by its type's name, as pprint's `_safe_key`. */
function safeSorted<T>(items: readonly T[], keyOf: (item: T) => Value): T[] {
  return [...items].sort((a, b) => {
    const x = keyOf(a);
    const y = keyOf(b);
    try {
      return compare("<", x, y) ? -1 : compare("<", y, x) ? 1 : 0;
    } catch (error) {
      if (!(error instanceof PyError) || equals(x, y)) throw error;
      return compareText(`<class '${typeName(x)}'>`, `<class '${typeName(y)}'>`);
    }
  });
}
