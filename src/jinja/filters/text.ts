import { PyDict, PyObject, PyTuple, repr, str, truthy, typeName, type Value } from "../../python/index.ts";
import { PyBytes, PyError } from "../../python/index.ts";
import { escapeText, Markup } from "../markup.ts";
import { add, asInt } from "../semantics/arithmetic.ts";
import { indexArgument, signature } from "../semantics/args.ts";
import { getAttribute } from "../semantics/attribute.ts";
import { compare } from "../semantics/compare.ts";
import { typeError, valueError } from "../semantics/errors.ts";
import { formatPercent } from "../semantics/format/percent.ts";
import { escape } from "../semantics/methods/markup.ts";
import { stripTags } from "../semantics/methods/html.ts";
import { replaceText, splitLines } from "../semantics/methods/str.ts";
import { isIterable, iterate, length, listOf, slice } from "../semantics/sequence.ts";
import { boundedText, pointsOf, textOf } from "../semantics/text.ts";
import { BoundMethod } from "../semantics/values.ts";
import { bind } from "../semantics/args.ts";
import type { CallState, FilterFunction } from "../types.ts";
import { filter, filterArgumentError } from "./define.ts";
import { urlize } from "./urlize.ts";
import { wrapText } from "./wrap.ts";

/** `soft_str(value)`: a safe string stays one. */
function softStr(value: Value): string | Markup {
  return typeof value === "string" || value instanceof Markup ? value : str(value);
}

/** Calls a `str` method on a value's text; a safe string's own method where it is one. */
function method(value: Value, name: string, ...args: Value[]): Value {
  const bound = getAttribute(softStr(value), name);
  if (!(bound instanceof BoundMethod)) throw typeError(`'str' object has no method ${name}`);
  return bound.call(args, new Map());
}

const capitalize = filter(signature("do_capitalize", ["s"]), (_, [s = null]) => method(s, "capitalize"));
const upper = filter(signature("do_upper", ["s"]), (_, [s = null]) => method(s, "upper"));
const lower = filter(signature("do_lower", ["s"]), (_, [s = null]) => method(s, "lower"));
const centerFilter = filter(signature("do_center", ["value"], { width: 80 }), (_, [value = null, width = null]) =>
  method(value, "center", width),
);
const trim = filter(signature("do_trim", ["value"], { chars: null }), (_, [value = null, chars = null]) => method(value, "strip", chars));
const string = filter(signature("soft_str", ["s"]), (_, [s = null]) => softStr(s));
const safe = filter(signature("do_mark_safe", ["value"]), (_, [value = null]) => new Markup(str(value)));
const escapeFilter = filter(signature("escape", ["s"]), (_, [s = null]) => escape(s));
const forceEscape = filter(signature("do_forceescape", ["value"]), (_, [value = null]) => new Markup(escapeText(str(value))));
const striptags = filter(signature("do_striptags", ["value"]), (_, [value = null]) => stripTags(str(value)));

const title = filter(signature("do_title", ["s"]), (_, [s = null]) => {
  const words = str(s).split(/([-\s({[<]+)/u);
  return words.map((word) => titleWord(word)).join("");
});

function titleWord(word: string): string {
  const [first, ...rest] = pointsOf(word);
  return first === undefined ? "" : first.toUpperCase() + rest.join("").toLowerCase();
}

const replace = filter(
  signature("do_replace", ["s", "old", "new"], { count: null }, 1),
  (state, [s = null, old = null, fresh = null, count = null]) => {
    const most = count === null ? -1 : indexArgument(count);
    if (!state.autoescape) return replaceText(str(s), str(old), str(fresh), most);
    const safeOld = old instanceof Markup;
    const subject = safeOld || (fresh instanceof Markup && !(s instanceof Markup)) ? escape(s) : softStr(s);
    return method(subject, "replace", softStr(old), softStr(fresh), most);
  },
);

/** `value % (kwargs or args)`. */
const format: FilterFunction = (_state, value, args, kwargs) => {
  if (args.length > 0 && kwargs.size > 0) throw filterArgumentError("can't handle positional and keyword arguments at the same time");
  return formatPercent(softStr(value), kwargs.size > 0 ? PyDict.of(kwargs) : new PyTuple(args));
};

const indent = filter(
  signature("do_indent", ["s"], { width: 4, first: false, blank: false }),
  (_, [s = null, width = null, first = null, blank = null]) => {
    const given = textOf(width);
    const wide = given === undefined ? indentWidth(width) : 0;
    boundedText(wide);
    const indention = given ?? " ".repeat(Math.max(0, wide));
    // The newline added and taken off again keeps what `splitlines` would lose.
    const subject = textOf(s);
    if (subject === undefined) throw notText(s);
    const whole = add(s, s instanceof Markup ? new Markup("\n") : "\n");
    const lines = splitLines(textOf(whole) ?? "");
    let out: string;
    if (truthy(blank ?? false)) out = lines.join(`\n${indention}`);
    else out = lines.map((line, index) => (index > 0 && line !== "" ? indention + line : line)).join("\n");
    if (truthy(first ?? false)) out = indention + out;
    boundedText(out.length);
    return whole instanceof Markup ? new Markup(out) : out;
  },
);

/** What Python raises where a text is wanted to which a newline is added in place. */
function notText(value: Value): Error {
  if (value instanceof PyObject) value.refuse?.();
  if (Array.isArray(value)) return new PyError("AttributeError", "'list' object has no attribute 'splitlines'");
  if (value instanceof PyTuple) return typeError('can only concatenate tuple (not "str") to tuple');
  if (value instanceof PyBytes) return typeError("can't concat str to bytes");
  return typeError(`unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`);
}

function indentWidth(width: Value): number {
  const count = asInt(width);
  if (count === undefined) throw typeError(`can't multiply sequence by non-int of type '${typeName(width)}'`);
  return Number(count);
}

const truncate = filter(
  signature("do_truncate", ["s"], { length: 255, killwords: false, end: "...", leeway: null }, 1),
  (_, [s = null, size = null, killwords = null, end = null, leeway = null]) => {
    const tail = length(end);
    const slack = leeway ?? 5;
    if (!compare(">=", size, tail)) throw new PyError("AssertionError", `expected length >= ${tail}, got ${str(size)}`);
    if (!compare(">=", slack, 0)) throw new PyError("AssertionError", `expected leeway >= 0, got ${str(slack)}`);
    if (compare("<=", length(s), add(size, slack))) return s;
    const cut = slice(s, null, Number(asInt(size) ?? 0) - tail, null) ?? null;
    if (truthy(killwords)) return add(cut, end);
    const parts = method(cut, "rsplit", " ", 1);
    return add(Array.isArray(parts) ? (parts[0] ?? "") : "", end);
  },
);

const wordcount = filter(signature("do_wordcount", ["s"]), (_, [s = null]) => str(s).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0);

const wordwrap = filter(
  signature("do_wordwrap", ["s"], { width: 79, break_long_words: true, wrapstring: null, break_on_hyphens: true }, 1),
  (state, [s = null, width = null, breakLong = null, wrapString = null, breakHyphens = null]) => {
    const text = textOf(s);
    if (text === undefined) {
      if (s instanceof PyObject) s.refuse?.();
      if (s instanceof PyBytes) throw typeError("cannot use a string pattern on a bytes-like object");
      throw new PyError("AttributeError", `'${typeName(s)}' object has no attribute 'splitlines'`);
    }
    const joint = wrapString === null ? state.host.newlineSequence : str(wrapString);
    const wrapped = splitLines(text).map((line) => wrapText(line, width, truthy(breakLong), truthy(breakHyphens)).join(joint));
    return wrapped.join(joint);
  },
);

/** `urllib.parse.quote`. */
export function urlQuote(value: Value, forQuery: boolean): string {
  const bytes = value instanceof PyBytes ? value.bytes : Buffer.from(str(value), "utf8");
  let out = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character) || (!forQuery && character === "/")) out += character;
    else if (forQuery && character === " ") out += "+";
    else out += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

const urlencode = filter(signature("do_urlencode", ["value"]), (_, [value = null]) => {
  if (textOf(value) !== undefined || !isIterable(value)) return urlQuote(value, false);
  const pairs: (readonly Value[])[] =
    value instanceof PyDict ? [...value.entries()] : Array.from(iterate(value), (item) => unpackPair(item));
  return pairs.map(([key = null, item = null]) => `${urlQuote(key, true)}=${urlQuote(item, true)}`).join("&");
});

function unpackPair(item: Value): readonly Value[] {
  if (!isIterable(item)) throw typeError(`cannot unpack non-iterable ${typeName(item)} object`);
  const pair = listOf(item);
  if (pair.length > 2) throw valueError("too many values to unpack (expected 2)");
  if (pair.length < 2) throw valueError(`not enough values to unpack (expected 2, got ${pair.length})`);
  return pair;
}

const xmlattr = filter(signature("do_xmlattr", ["d"], { autospace: true }, 1), (state, [d = null, autospace = null]) => {
  if (!(d instanceof PyDict)) {
    if (d instanceof PyObject) d.refuse?.();
    throw new PyError("AttributeError", `'${typeName(d)}' object has no attribute 'items'`);
  }
  const items: string[] = [];
  for (const [key, value] of d.entries()) {
    if (value === null || state.host.isUndefined(value)) continue;
    const name = textOf(key);
    if (name === undefined) throw typeError(`expected string or bytes-like object, got '${typeName(key)}'`);
    if (/[ \t\n\r\f\v/>=]/.test(name)) throw valueError(`Invalid character in attribute name: ${repr(key)}`);
    items.push(`${escape(key).text}="${escape(value).text}"`);
  }
  const text = (truthy(autospace) && items.length > 0 ? " " : "") + items.join(" ");
  return state.autoescape ? new Markup(text) : text;
});

const urlizeFilter: FilterFunction = (state: CallState, value, args, kwargs) => {
  const fn = signature("do_urlize", ["value"], { trim_url_limit: null, nofollow: false, target: null, rel: null, extra_schemes: null }, 1);
  const [text = null, limit = null, nofollow = null, target = null, rel = null, schemes = null] = bind(fn, [value, ...args], kwargs);
  const relParts = new Set((rel === null ? "" : str(rel)).split(/\s+/).filter((part) => part !== ""));
  if (truthy(nofollow)) relParts.add("nofollow");
  relParts.add("noopener");
  const extra = schemes === null ? [] : Array.from(iterate(schemes), (scheme) => str(scheme));
  for (const scheme of extra) {
    if (!/^[\p{L}\p{N}_.+-]{2,}:\/{0,2}$/u.test(scheme)) throw filterArgumentError(`${repr(scheme)} is not a valid URI scheme prefix.`);
  }
  const out = urlize(escape(text).text, {
    limit: limit === null ? undefined : indexArgument(limit),
    rel: [...relParts].sort().join(" "),
    target: target === null ? undefined : str(target),
    schemes: extra,
  });
  return state.autoescape ? new Markup(out) : out;
};

/** The filters that make or change texts. */
export const textFilters: Readonly<Record<string, FilterFunction>> = {
  capitalize,
  center: centerFilter,
  e: escapeFilter,
  escape: escapeFilter,
  forceescape: forceEscape,
  format,
  indent,
  lower,
  replace,
  safe,
  string,
  striptags,
  title,
  trim,
  truncate,
  upper,
  urlencode,
  urlize: urlizeFilter,
  wordcount,
  wordwrap,
  xmlattr,
};
