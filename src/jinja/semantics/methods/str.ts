import { PyBytes, PyDict, PyTuple, typeName, type Value } from "../../../python/index.ts";
import { indexArgument, MethodMaker, type MethodTable } from "../args.ts";
import { asInt } from "../arithmetic.ts";
import {
  caseFold,
  isAlpha,
  isDecimal,
  isDigit,
  isLower,
  isNumeric,
  isPrintable,
  isSpace,
  isTitle,
  isUpper,
  titleOf,
} from "../characters.ts";
import { typeError, valueError } from "../errors.ts";
import { truthy } from "../../../python/index.ts";
import { iterate, sliceIndices } from "../sequence.ts";
import { boundedText, isFlat, pointIndex, pointsOf, sliceText, textLength, textOf } from "../text.ts";
import { encodeText } from "./encoding.ts";

/** Python's `str` methods that work on plain text and give plain values; `format`, `format_map` stand in attribute.ts. */
export function stringMethods(): MethodTable<string> {
  const make = new MethodMaker<string>("str");
  letterCase(make);
  tests(make);
  padding(make);
  searching(make);
  stripping(make);
  splitting(make);
  translating(make);
  make.keywords("encode", ["encoding", "errors"], 0, (text, [encoding = "utf-8", errors = "strict"]) => {
    const codec = requireText(encoding, "encode() argument 'encoding' must be str, not ");
    const mode = requireText(errors, "encode() argument 'errors' must be str, not ");
    return new PyBytes(encodeText(text, codec, mode));
  });
  return make.table;
}

function requireText(value: Value | undefined, message: string): string {
  const text = textOf(value ?? null);
  // A message that ends with a blank goes on with the type that was given.
  if (text === undefined) throw typeError(message.endsWith(" ") ? message + typeName(value ?? null) : message);
  return text;
}

function letterCase(make: MethodMaker<string>): void {
  make.none("upper", (text) => text.toUpperCase());
  make.none("lower", (text) => text.toLowerCase());
  make.none("casefold", caseFold);
  make.none("capitalize", (text) => {
    const [first] = text;
    if (first === undefined) return "";
    const low = text.toLowerCase();
    // The final sigma's rule needs the whole word, so the tail is cut out of the whole lower case.
    return titleOf(first) + low.slice(first.toLowerCase().length);
  });
  make.none("title", (text) => {
    let out = "";
    let inWord = false;
    const lowered = lowerPoints(text);
    pointsOf(text).forEach((point, index) => {
      out += inWord ? (lowered[index] ?? "") : titleOf(point);
      inWord = isCased(point);
    });
    return out;
  });
  make.none("swapcase", (text) => {
    let out = "";
    const lowered = lowerPoints(text);
    for (const [index, point] of pointsOf(text).entries())
      out += isUpper(point) ? (lowered[index] ?? "") : isLower(point) ? point.toUpperCase() : point;
    return out;
  });
}

/** The lower case of each code point within its text: a sigma at a word's end is the final one. */
function lowerPoints(text: string): string[] {
  const points = pointsOf(text);
  if (!text.includes("Σ")) return points.map((point) => point.toLowerCase());
  return points.map((point, index) =>
    point === "Σ"
      ? points
          .slice(0, index + 2)
          .join("")
          .toLowerCase()
          .endsWith("ς") || pointsOf(text.toLowerCase())[index] === "ς"
        ? "ς"
        : "σ"
      : point.toLowerCase(),
  );
}

function isCased(point: string): boolean {
  return isLower(point) || isUpper(point) || isTitle(point);
}

function every(text: string, test: (point: string) => boolean): boolean {
  if (text === "") return false;
  for (const point of text) if (!test(point)) return false;
  return true;
}

function tests(make: MethodMaker<string>): void {
  make.none("isalpha", (text) => every(text, isAlpha));
  make.none("isdecimal", (text) => every(text, isDecimal));
  make.none("isdigit", (text) => every(text, isDigit));
  make.none("isnumeric", (text) => every(text, isNumeric));
  make.none("isalnum", (text) => every(text, (point) => isAlpha(point) || isNumeric(point) || isDigit(point)));
  make.none("isspace", (text) => every(text, isSpace));
  make.none("isascii", (text) => /^[\x00-\x7f]*$/.test(text));
  make.none("isprintable", (text) => text === "" || every(text, isPrintable));
  make.none("isidentifier", (text) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text));
  make.none("islower", (text) => cased(text, isLower, (point) => isUpper(point) || isTitle(point)));
  make.none("isupper", (text) => cased(text, isUpper, (point) => isLower(point) || isTitle(point)));
  make.none("istitle", (text) => {
    let found = false;
    let inWord = false;
    for (const point of text) {
      if (isUpper(point) || isTitle(point)) {
        if (inWord) return false;
        inWord = true;
        found = true;
      } else if (isLower(point)) {
        if (!inWord) return false;
        found = true;
      } else inWord = false;
    }
    return found;
  });
}

/** `str.islower()` and `str.isupper()`, which Jinja's tests of those names use too. */
export function cased(text: string, wanted: (point: string) => boolean, refused: (point: string) => boolean): boolean {
  let found = false;
  for (const point of text) {
    if (refused(point)) return false;
    if (wanted(point)) found = true;
  }
  return found;
}

function fill(value: Value | undefined): string {
  if (value === undefined) return " ";
  const text = textOf(value);
  if (text === undefined) throw typeError(`The fill character must be a unicode character, not ${typeName(value)}`);
  if (textLength(text) !== 1) throw typeError("The fill character must be exactly one character long");
  return text;
}

function padding(make: MethodMaker<string>): void {
  make.positional("center", 1, 2, (text, [width, character]) => {
    const wide = indexArgument(width ?? 0);
    const pad = fill(character);
    return center(text, wide, pad);
  });
  make.positional("ljust", 1, 2, (text, [width, character]) => {
    const missing = room(text, width);
    return text + fill(character).repeat(missing);
  });
  make.positional("rjust", 1, 2, (text, [width, character]) => {
    const missing = room(text, width);
    return fill(character).repeat(missing) + text;
  });
  make.one("zfill", (text, width) => {
    const missing = room(text, width);
    if (missing === 0) return text;
    const sign = /^[-+]/.exec(text)?.[0] ?? "";
    return sign + "0".repeat(missing) + text.slice(sign.length);
  });
  make.keywords("expandtabs", ["tabsize"], 0, (text, [size]) => expandTabs(text, size === undefined ? 8 : indexArgument(size)));
}

function room(text: string, width: Value | undefined): number {
  const wide = indexArgument(width ?? 0);
  boundedText(wide);
  return Math.max(0, wide - textLength(text));
}

/** `str.center`, whose odd space goes left or right as CPython's does. */
export function center(text: string, width: number, pad = " "): string {
  boundedText(width);
  const missing = Math.max(0, width - textLength(text));
  const left = (missing >> 1) + (missing & width & 1);
  return pad.repeat(left) + text + pad.repeat(missing - left);
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  let out = "";
  for (const point of text) {
    if (point === "\t") {
      if (size > 0) {
        const count = size - (column % size);
        boundedText(out.length + count);
        out += " ".repeat(count);
        column += count;
      }
    } else {
      out += point;
      column = point === "\n" || point === "\r" ? 0 : column + 1;
    }
  }
  return out;
}

/** The part of the text between optional bounds, with where it starts; `undefined` where start lies behind the end. */
function window(text: string, start: Value | undefined, end: Value | undefined): { text: string; from: number } | undefined {
  const length = textLength(text);
  const from = sliceIndices(length, start ?? null, null, null).start;
  const to = sliceIndices(length, end ?? null, null, null);
  const stop = end === undefined || end === null ? length : to.start;
  const first = start === undefined || start === null ? 0 : rawStart(start, length);
  if (first > stop) return undefined;
  return { text: sliceText(text, from, stop), from };
}

/** A start beyond the end is kept, since then even the empty text is not found. */
function rawStart(start: Value, length: number): number {
  const index = Number(asInt(start) ?? 0);
  return index < 0 ? Math.max(0, index + length) : index;
}

function find(text: string, part: Value | undefined, start: Value | undefined, end: Value | undefined, last: boolean): number {
  const wanted = textOf(part ?? null);
  if (wanted === undefined) throw typeError(`must be str, not ${typeName(part ?? null)}`);
  const range = window(text, start, end);
  if (range === undefined) return -1;
  const offset = last ? range.text.lastIndexOf(wanted) : range.text.indexOf(wanted);
  return offset < 0 ? -1 : range.from + pointIndex(range.text, offset);
}

function searching(make: MethodMaker<string>): void {
  make.parsed("find", 1, 3, (text, [part, start, end]) => find(text, part, start, end, false));
  make.parsed("rfind", 1, 3, (text, [part, start, end]) => find(text, part, start, end, true));
  for (const [name, last] of [
    ["index", false],
    ["rindex", true],
  ] as const) {
    make.parsed(name, 1, 3, (text, [part, start, end]) => {
      const found = find(text, part, start, end, last);
      if (found < 0) throw valueError("substring not found");
      return found;
    });
  }
  make.parsed("count", 1, 3, (text, [part, start, end]) => {
    const wanted = textOf(part ?? null);
    if (wanted === undefined) throw typeError(`must be str, not ${typeName(part ?? null)}`);
    const range = window(text, start, end);
    if (range === undefined) return 0;
    return wanted === "" ? textLength(range.text) + 1 : range.text.split(wanted).length - 1;
  });
  for (const [name, test] of [
    ["startswith", (text: string, part: string): boolean => text.startsWith(part)],
    ["endswith", (text: string, part: string): boolean => text.endsWith(part)],
  ] as const) {
    make.parsed(name, 1, 3, (text, [part = null, start, end]) => {
      const range = window(text, start, end);
      const check = (candidate: string): boolean => range !== undefined && test(range.text, candidate);
      if (part instanceof PyTuple) {
        return part.items.some((item) => {
          const candidate = textOf(item);
          if (candidate === undefined) throw typeError(`tuple for ${name} must only contain str, not ${typeName(item)}`);
          return check(candidate);
        });
      }
      const candidate = textOf(part);
      if (candidate === undefined) throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(part)}`);
      return check(candidate);
    });
  }
  make.positional("replace", 2, 3, (text, [old, fresh, count]) => {
    const from = requireText(old, "replace() argument 1 must be str, not ");
    const to = requireText(fresh, "replace() argument 2 must be str, not ");
    return replaceText(text, from, to, count === undefined ? -1 : indexArgument(count));
  });
  make.one("removeprefix", (text, prefix) => {
    const part = requireText(prefix, "removeprefix() argument must be str, not ");
    return text.startsWith(part) ? text.slice(part.length) : text;
  });
  make.one("removesuffix", (text, suffix) => {
    const part = requireText(suffix, "removesuffix() argument must be str, not ");
    return part !== "" && text.endsWith(part) ? text.slice(0, -part.length) : text;
  });
}

/** `str.replace(from, to, count)`; a negative count means all. */
export function replaceText(text: string, from: string, to: string, count = -1): string {
  if (count === 0) return text;
  const parts = from === "" ? ["", ...pointsOf(text), ""] : text.split(from);
  if (parts.length === 1) return text;
  const most = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  boundedText(text.length + most * to.length);
  const rest = parts.slice(most).join(from);
  return parts.slice(0, most).join(to) + to + rest;
}

function strip(text: string, characters: Value | undefined, left: boolean, right: boolean, name: string): string {
  let stripped: (point: string) => boolean = isSpace;
  if (characters !== undefined && characters !== null) {
    const set = textOf(characters);
    if (set === undefined) throw typeError(`${name} arg must be None or str`);
    const points = new Set(set);
    stripped = (point) => points.has(point);
  }
  const points = isFlat(text) ? text : pointsOf(text);
  let start = 0;
  let end = points.length;
  if (left) while (start < end && stripped(points[start] ?? "")) start++;
  if (right) while (end > start && stripped(points[end - 1] ?? "")) end--;
  return typeof points === "string" ? points.slice(start, end) : points.slice(start, end).join("");
}

/** `str.strip(characters)`; white space where they are absent or None. */
export function stripText(text: string, characters?: Value): string {
  return strip(text, characters, true, true, "strip");
}

function stripping(make: MethodMaker<string>): void {
  make.positional("strip", 0, 1, (text, [characters]) => strip(text, characters, true, true, "strip"));
  make.positional("lstrip", 0, 1, (text, [characters]) => strip(text, characters, true, false, "lstrip"));
  make.positional("rstrip", 0, 1, (text, [characters]) => strip(text, characters, false, true, "rstrip"));
}

function splitting(make: MethodMaker<string>): void {
  for (const [name, fromEnd] of [
    ["split", false],
    ["rsplit", true],
  ] as const) {
    make.keywords(name, ["sep", "maxsplit"], 0, (text, [separator = null, most]) => {
      const limit = most === undefined ? -1 : indexArgument(most);
      if (separator === null) return splitSpace(text, limit, fromEnd);
      const by = textOf(separator);
      if (by === undefined) throw typeError(`must be str or None, not ${typeName(separator)}`);
      if (by === "") throw valueError("empty separator");
      return splitText(text, by, limit, fromEnd);
    });
  }
  make.keywords("splitlines", ["keepends"], 0, (text, [keep]) => splitLines(text, keep !== undefined && truthy(keep)));
  make.one("partition", (text, separator) => {
    const by = separatorText(separator);
    const offset = text.indexOf(by);
    return new PyTuple(offset < 0 ? [text, "", ""] : [text.slice(0, offset), by, text.slice(offset + by.length)]);
  });
  make.one("rpartition", (text, separator) => {
    const by = separatorText(separator);
    const offset = text.lastIndexOf(by);
    return new PyTuple(offset < 0 ? ["", "", text] : [text.slice(0, offset), by, text.slice(offset + by.length)]);
  });
  make.one("join", (separator, items) => joinText(separator, items));
}

function separatorText(value: Value): string {
  const text = textOf(value);
  if (text === undefined) throw typeError(`must be str, not ${typeName(value)}`);
  if (text === "") throw valueError("empty separator");
  return text;
}

/** `separator.join(items)`. @throws PyError TypeError where an item is no str */
export function joinText(separator: string, items: Value): string {
  let source: Iterable<Value>;
  try {
    source = iterate(items);
  } catch (error) {
    if (error instanceof Error && error.message.endsWith("is not iterable")) throw typeError("can only join an iterable");
    throw error;
  }
  const parts: string[] = [];
  let size = 0;
  for (const item of source) {
    const text = textOf(item);
    if (text === undefined) throw typeError(`sequence item ${parts.length}: expected str instance, ${typeName(item)} found`);
    size += text.length + separator.length;
    boundedText(size);
    parts.push(text);
  }
  return parts.join(separator);
}

/** `str.split(separator, maxsplit)` for a separator that is not empty. */
export function splitText(text: string, by: string, limit: number, fromEnd = false): string[] {
  const parts = text.split(by);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  return fromEnd
    ? [parts.slice(0, parts.length - limit).join(by), ...parts.slice(parts.length - limit)]
    : [...parts.slice(0, limit), parts.slice(limit).join(by)];
}

/** `str.split()`: runs of white space separate, and none is kept at the ends. */
export function splitSpace(text: string, limit: number, fromEnd = false): string[] {
  const points = pointsOf(text);
  const parts: string[] = [];
  if (fromEnd) {
    let end = points.length;
    for (;;) {
      while (end > 0 && isSpace(points[end - 1] ?? "")) end--;
      if (end === 0) break;
      if (limit >= 0 && parts.length === limit) {
        parts.unshift(points.slice(0, end).join(""));
        break;
      }
      let start = end;
      while (start > 0 && !isSpace(points[start - 1] ?? "")) start--;
      parts.unshift(points.slice(start, end).join(""));
      end = start;
    }
    return parts;
  }
  let start = 0;
  for (;;) {
    while (start < points.length && isSpace(points[start] ?? "")) start++;
    if (start >= points.length) break;
    if (limit >= 0 && parts.length === limit) {
      parts.push(points.slice(start).join(""));
      break;
    }
    let end = start;
    while (end < points.length && !isSpace(points[end] ?? "")) end++;
    parts.push(points.slice(start, end).join(""));
    start = end;
  }
  return parts;
}

/** `str.splitlines(keepends)`. */
export function splitLines(text: string, keep = false): string[] {
  const lines: string[] = [];
  const ends = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
  let start = 0;
  for (const found of text.matchAll(ends)) {
    lines.push(text.slice(start, keep ? found.index + found[0].length : found.index));
    start = found.index + found[0].length;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

function translating(make: MethodMaker<string>): void {
  make.one("translate", (text, table) => {
    let out = "";
    for (const point of text) {
      const code = point.codePointAt(0) ?? 0;
      const fresh = table instanceof PyDict ? table.get(code) : Array.isArray(table) ? table[code] : undefined;
      if (fresh === undefined) out += point;
      else if (typeof fresh === "number") out += String.fromCodePoint(fresh);
      else if (fresh !== null) out += requireText(fresh, "character mapping must return integer, None or str");
    }
    return out;
  });
  make.positional("maketrans", 1, 3, (_text, [from = null, to, deleted]) => {
    const table = new PyDict();
    if (to === undefined) {
      if (!(from instanceof PyDict)) throw typeError("if you give only one argument to maketrans it must be a dict");
      for (const [key, value] of from.entries()) {
        const text = textOf(key);
        if (text !== undefined && textLength(text) !== 1) throw valueError("string keys in translate table must be of length 1");
        if (text === undefined && asInt(key) === undefined) throw typeError("keys in translate table must be strings or integers");
        table.set(text === undefined ? key : (text.codePointAt(0) ?? 0), value);
      }
      return table;
    }
    const olds = pointsOf(requireText(from, "first maketrans argument must be a string if there is a second argument"));
    const news = pointsOf(requireText(to, "maketrans() argument 2 must be str, not "));
    if (olds.length !== news.length) throw valueError("the first two maketrans arguments must have equal length");
    olds.forEach((old, index) => table.set(old.codePointAt(0) ?? 0, news[index]?.codePointAt(0) ?? 0));
    if (deleted !== undefined) {
      for (const point of requireText(deleted, "maketrans() argument 3 must be str, not ")) table.set(point.codePointAt(0) ?? 0, null);
    }
    return table;
  });
}
