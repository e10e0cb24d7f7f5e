import { PyDict, PyError, PyObject, repr, str, typeName, type Kwargs, type Value } from "../../../python/index.ts";
import { escapeText, Markup } from "../../markup.ts";
import { valueError } from "../errors.ts";
import { boundedText } from "../text.ts";
import { ascii } from "./percent.ts";
import { formatValue } from "./spec.ts";

/** How a field such as `{0.attr[key]}` reaches into a value. */
export interface FieldAccess {
  attribute(value: Value, name: string): Value | undefined;
  item(value: Value, key: Value): Value | undefined;
}

interface Piece {
  readonly literal: string;
  /** Absent where the text ends with the literal. */
  readonly field?: { readonly name: string; readonly spec: string; readonly conversion: string | undefined };
}

/**
 * `text.format(…)` as Jinja's sandbox runs it: through Python's `string.Formatter`, with attributes and items looked up by the
 * template's own rules (jinja2/sandbox.py, SandboxedFormatter; Lib/string.py).
 */
export function strFormat(template: string | Markup, args: readonly Value[], kwargs: Kwargs | PyDict, access: FieldAccess): Value {
  const text = typeof template === "string" ? template : template.text;
  const formatter = new Formatter(args, kwargs, access, template instanceof Markup);
  const out = formatter.format(text, 2);
  return typeof template === "string" ? out : new Markup(out);
}

class Formatter {
  readonly #args: readonly Value[];
  readonly #kwargs: Kwargs | PyDict;
  readonly #access: FieldAccess;
  readonly #escape: boolean;
  /** The next automatic number; `false` once a field was numbered by hand. */
  #auto: number | false = 0;
  constructor(args: readonly Value[], kwargs: Kwargs | PyDict, access: FieldAccess, escape: boolean) {
    this.#args = args;
    this.#kwargs = kwargs;
    this.#access = access;
    this.#escape = escape;
  }

  format(text: string, depth: number): string {
    if (depth < 0) throw valueError("Max string recursion exceeded");
    let out = "";
    for (const piece of parsePieces(text)) {
      out += piece.literal;
      if (piece.field !== undefined) out += this.#field(piece.field, depth);
      boundedText(out.length);
    }
    return out;
  }

  #field(field: NonNullable<Piece["field"]>, depth: number): string {
    let name = field.name;
    if (name === "") {
      if (this.#auto === false) throw valueError("cannot switch from manual field specification to automatic field numbering");
      name = String(this.#auto++);
    } else if (/^\d+$/.test(name)) {
      if (this.#auto !== false && this.#auto > 0) {
        throw valueError("cannot switch from manual field specification to automatic field numbering");
      }
      this.#auto = false;
    }
    let value = this.#value(name);
    value = convert(value, field.conversion);
    const spec = this.format(field.spec, depth - 1);
    if (!this.#escape) return formatValue(value, spec);
    if (value instanceof Markup) {
      if (spec !== "") throw valueError("Unsupported format specification for Markup.");
      return value.text;
    }
    return escapeText(formatValue(value, spec));
  }

  #value(name: string): Value {
    const first = /^[^.[]*/.exec(name)?.[0] ?? "";
    let value = this.#first(first);
    let rest = name.slice(first.length);
    while (rest !== "") {
      if (rest.startsWith(".")) {
        const attribute = /^\.([^.[]*)/.exec(rest)?.[1] ?? "";
        if (attribute === "") throw valueError("Empty attribute in format string");
        rest = rest.slice(attribute.length + 1);
        value = this.#reach(value, attribute, true);
      } else if (rest.startsWith("[")) {
        const end = rest.indexOf("]");
        if (end < 0) throw valueError("Missing ']' in format string");
        const key = rest.slice(1, end);
        if (key === "") throw valueError("Empty attribute in format string");
        rest = rest.slice(end + 1);
        if (rest !== "" && !rest.startsWith(".") && !rest.startsWith("[")) {
          throw valueError("Only '.' or '[' may follow ']' in format field specifier");
        }
        value = this.#reach(value, /^\d+$/.test(key) ? Number(key) : key, false);
      } else break;
    }
    return value;
  }

  #first(name: string): Value {
    if (/^\d+$/.test(name)) {
      const value = this.#args[Number(name)];
      if (value === undefined) throw new PyError("IndexError", "tuple index out of range");
      return value;
    }
    const value = this.#kwargs.get(name);
    if (value === undefined) throw new PyError("KeyError", repr(name));
    return value;
  }

  #reach(value: Value, key: string | number, byAttribute: boolean): Value {
    if (value instanceof PyObject) value.refuse?.();
    if (typeof key === "number") {
      const item = this.#access.item(value, key);
      if (item === undefined) throw new PyError("UndefinedError", `${shownType(value)} has no element ${key}`);
      return item;
    }
    const first = byAttribute ? this.#safeAttribute(value, key) : this.#access.item(value, key);
    // None is a value, and `??` would go on past it.
    const found = first !== undefined ? first : byAttribute ? this.#access.item(value, key) : this.#safeAttribute(value, key);
    if (found === undefined) throw new PyError("UndefinedError", `'${shownType(value)}' has no attribute ${repr(key)}`);
    return found;
  }

  #safeAttribute(value: Value, name: string): Value | undefined {
    if (name.startsWith("__")) {
      throw new PyError("SecurityError", `access to attribute ${repr(name)} of '${typeName(value)}' object is unsafe.`);
    }
    return this.#access.attribute(value, name);
  }
}

function shownType(value: Value): string {
  return value === null ? "None" : `${typeName(value)} object`;
}

function convert(value: Value, conversion: string | undefined): Value {
  switch (conversion) {
    case undefined:
      return value;
    case "s":
      return str(value);
    case "r":
      return repr(value);
    case "a":
      return ascii(repr(value));
    default:
      throw valueError(`Unknown conversion specifier ${conversion}`);
  }
}

/** Splits a format string into literals and fields (CPython, Objects/stringlib/unicode_format.h, MarkupIterator_next). */
function* parsePieces(text: string): Generator<Piece> {
  let at = 0;
  while (at < text.length) {
    let literal = "";
    let open = false;
    while (at < text.length) {
      const character = text.charAt(at++);
      if (character === "{" || character === "}") {
        if (text[at] === character) {
          literal += character;
          at++;
          continue;
        }
        if (character === "}") throw valueError("Single '}' encountered in format string");
        if (at >= text.length) throw valueError("Single '{' encountered in format string");
        open = true;
        break;
      }
      literal += character;
    }
    if (!open) {
      yield { literal };
      return;
    }
    const { field, end } = parseField(text, at);
    yield { literal, field };
    at = end;
  }
}

/** Reads a field from behind its brace to behind its closing one (CPython, parse_field). */
function parseField(text: string, start: number): { readonly field: NonNullable<Piece["field"]>; readonly end: number } {
  let at = start;
  let inBrackets = false;
  for (; at < text.length; at++) {
    const character = text[at];
    if (character === "{") throw valueError("unexpected '{' in field name");
    if (character === "[") inBrackets = true;
    else if (character === "]") inBrackets = false;
    else if (!inBrackets && (character === "}" || character === ":" || character === "!")) break;
  }
  const name = text.slice(start, at);
  const mark = text[at++];
  if (mark === undefined) throw valueError("expected '}' before end of string");
  if (mark === "}") return { field: { name, spec: "", conversion: undefined }, end: at };
  let conversion: string | undefined;
  if (mark === "!") {
    [conversion] = text.slice(at);
    if (conversion === undefined) throw valueError("end of string while looking for conversion specifier");
    at += conversion.length;
    const after = text[at++];
    if (after === "}") return { field: { name, spec: "", conversion }, end: at };
    if (after !== undefined && after !== ":") throw valueError("expected ':' after conversion specifier");
  }
  const from = at;
  for (let depth = 1; at < text.length; at++) {
    if (text[at] === "{") depth++;
    else if (text[at] === "}" && --depth === 0) return { field: { name, spec: text.slice(from, at), conversion }, end: at + 1 };
  }
  throw valueError("unmatched '{' in format spec");
}
