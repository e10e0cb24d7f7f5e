import { pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import {
  escapeRegex,
  int,
  PyBytes,
  PyCallable,
  PyDict,
  PyError,
  PyFloat,
  PyObject,
  PyRegex,
  PyTuple,
  repr,
  str,
  truthy,
  typeName,
  type Value,
} from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";

const {
  bind,
  contains,
  floatToInt,
  getAttribute,
  iterate,
  length,
  listOf,
  mul,
  parseFloatText,
  parseInteger,
  signature,
  sorted,
  textOf,
  toFloat,
  toInt,
} = semantics;

function wantText(value: Value, what: string): string {
  const text = textOf(value);
  if (text === undefined) {
    if (value instanceof PyObject) value.refuse?.();
    throw new PyError("TypeError", `${what}, got '${typeName(value)}'`);
  }
  return text;
}

/** A pattern as `re.compile` takes it. */
export function compilePattern(pattern: Value, ignoreCase: Value, multiline: Value): PyRegex {
  const text = textOf(pattern);
  if (text === undefined) {
    if (pattern instanceof PyObject) pattern.refuse?.();
    throw new PyError(
      "TypeError",
      Array.isArray(pattern) || pattern instanceof PyDict
        ? `unhashable type: '${typeName(pattern)}'`
        : "first argument must be string or compiled pattern",
    );
  }
  return new PyRegex(text, { ignoreCase: truthy(ignoreCase), multiline: truthy(multiline) });
}

const SUBJECT = "expected string or bytes-like object";

function searching(name: string, how: "match" | "search"): FilterFunction {
  return filter(
    signature(name, ["txt", "rgx"], { ignorecase: false, multiline: false }),
    (_, [text = null, pattern = null, ignoreCase = null, multiline = null]) => {
      const regex = compilePattern(pattern, ignoreCase, multiline);
      const found = regex[how](wantText(text, SUBJECT));
      return found === undefined ? null : new PyTuple(found.groups.slice(1));
    },
  );
}

const regexReplace = filter(
  signature("regex_replace", ["txt", "rgx", "val"], { ignorecase: false, multiline: false }),
  (_, [text = null, pattern = null, replacement = null, ignoreCase = null, multiline = null]) =>
    compilePattern(pattern, ignoreCase, multiline).sub(
      wantText(replacement, "decoding to str: need a bytes-like object"),
      wantText(text, SUBJECT),
    ),
);

/** `shlex.quote`. */
const quote = filter(signature("quote", ["txt"]), (_, [value = null]) => {
  if (!truthy(value)) return "''";
  const text = wantText(value, SUBJECT);
  return /[^\w@%+=:,./-]/.test(text) ? `'${text.replaceAll("'", "'\"'\"'")}'` : text;
});

const toBool = filter(signature("to_bool", ["val"]), (_, [value = null]) => {
  if (value === null) return false;
  if (typeof value === "boolean") return value;
  const text = textOf(value);
  if (text !== undefined) return ["yes", "1", "true"].includes(text.toLowerCase());
  if (typeof value === "number" || typeof value === "bigint") return value > 0;
  return isHashableType(value) ? false : length(value) > 0;
});

/** `isinstance(value, collections.abc.Hashable)`: by type, whatever is inside. */
export function isHashableType(value: Value): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value) || value instanceof PyDict) return false;
  return value.typeName !== "set" && value.typeName !== "dict_keys" && value.typeName !== "dict_items";
}

/** What `run` gives, or `undefined` where it raises a ValueError. */
function attempt(run: () => Value): Value | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof PyError && error.type === "ValueError") return undefined;
    throw error;
  }
}

/** `salt.utils.stringutils.to_num`: an int, else a float, else the text itself. */
export function toNumber(value: Value): Value {
  return attempt(() => toInt(value)) ?? attempt(() => new PyFloat(toFloat(value))) ?? value;
}

const toNum = filter(signature("to_num", ["text"]), (_, [value = null]) => toNumber(value));

const isHex = filter(signature("is_hex", ["value"]), (_, [value = null]) => {
  const text = textOf(value) ?? (value instanceof PyBytes ? Buffer.from(value.bytes).toString("latin1") : undefined);
  if (text === undefined) return false;
  try {
    parseInteger(text, 16);
    return true;
  } catch {
    return false;
  }
});

const containsWhitespace = filter(signature("contains_whitespace", ["text"]), (_, [value = null]) => {
  for (const item of iterate(value)) {
    const text = textOf(item);
    if (text === undefined) throw new PyError("AttributeError", `'${typeName(item)}' object has no attribute 'isspace'`);
    if (text !== "" && semantics.pointsOf(text).every(semantics.isSpace)) return true;
  }
  return false;
});

const humanToBytes = filter(
  signature("human_to_bytes", ["size"], { default_unit: "B", handle_metric: false }),
  (_, [size = null, defaultUnit = null, metric = null]) => {
    const found = /^([0-9.]*)\s*(.*)\n?$/u.exec(semantics.stripText(str(size)));
    if (found === null) throw new PyError("AttributeError", "'NoneType' object has no attribute 'group'");
    const [, digits = "", unitText = ""] = found;
    const unit = unitText.toLowerCase() || str(defaultUnit).toLowerCase();
    let number: Value;
    try {
      number = /^[0-9]+$/.test(digits) ? parseInteger(digits) : new PyFloat(parseFloatText(digits));
    } catch {
      return 0;
    }
    const decimal = /^[kmgtpezy]b\n?$/.test(unit) && truthy(metric);
    if (!/^[kmgtpezy]b\n?$/.test(unit) && !/^(?:b|[kmgtpezy](?:ib)?)\n?$/.test(unit)) return 0;
    const power = "bkmgtpezy".indexOf(unit.charAt(0));
    const factor = decimal ? 10n ** BigInt(power * 3) : 2n ** BigInt(power * 10);
    const product = mul(number, int(factor));
    return product instanceof PyFloat ? floatToInt(product.value) : product;
  },
);

/** `salt.utils.stringutils.expr_match`: a glob, else a pattern that matches all. */
function expressionMatches(value: Value, expression: Value): boolean {
  const line = textOf(value);
  const pattern = textOf(expression);
  if (line === undefined || pattern === undefined) return false;
  if (fnmatchcase(line, pattern)) return true;
  try {
    return new PyRegex(`\\A${pattern}\\Z`).match(line) !== undefined;
  } catch (error) {
    if (error instanceof PyError && error.type === "error") return false;
    throw error;
  }
}

function expressions(value: Value, what: string): Value[] {
  if (!truthy(value)) return [];
  if (textOf(value) !== undefined) return [value];
  if (!semantics.isIterable(value))
    throw new PyError("TypeError", `Expecting iterable ${what}, but got ${typeName(value)} (${str(value)})`);
  return listOf(value);
}

const checkLists = filter(
  signature("check_whitelist_blacklist", ["value"], { whitelist: null, blacklist: null }),
  (_, [value = null, white = null, black = null]) => {
    const blacklist = expressions(black, "blacklist");
    const whitelist = expressions(white, "whitelist");
    if (blacklist.some((expression) => expressionMatches(value, expression))) return false;
    return whitelist.length === 0 || whitelist.some((expression) => expressionMatches(value, expression));
  },
);

function isUpper(point: string | undefined): boolean {
  return point !== undefined && /^\p{Uppercase}$/u.test(point);
}

function isLower(point: string | undefined): boolean {
  return point !== undefined && /^\p{Lowercase}$/u.test(point);
}

const toSnakeCase = filter(signature("camel_to_snake_case", ["camel_input"]), (_, [value = null]) => {
  const points = semantics.pointsOf(wantText(value, "expected a text"));
  const [first] = points;
  if (first === undefined) throw new PyError("IndexError", "string index out of range");
  let out = first.toLowerCase();
  for (let index = 1; index < points.length; index++) {
    const point = points[index] ?? "";
    if (isUpper(point) && (isLower(points[index - 1]) || isLower(points[index + 1]))) out += "_";
    out += point.toLowerCase();
  }
  return out;
});

function capitalized(word: string): string {
  const [first, ...rest] = semantics.pointsOf(word);
  return first === undefined ? "" : semantics.titleOf(first) + rest.join("").toLowerCase();
}

const toCamelCase = filter(signature("snake_to_camel_case", ["snake_input"], { uppercamel: false }), (_, [value = null, upper = null]) => {
  const [first = "", ...rest] = wantText(value, "expected a text").split("_");
  return (truthy(upper) ? capitalized(first) : first) + rest.map(capitalized).join("");
});

const substringInList = filter(signature("substr_in_list", ["string_to_search_for", "list_to_search"]), (_, [part = null, list = null]) => {
  for (const item of iterate(list)) if (contains(item, part)) return true;
  return false;
});

const sortedIgnoreCase = filter(signature("sorted_ignorecase", ["to_sort"]), (_, [list = null]) =>
  sorted(listOf(list), (item) => {
    const text = textOf(item);
    if (text === undefined) throw new PyError("AttributeError", `'${typeName(item)}' object has no attribute 'lower'`);
    return text.toLowerCase();
  }),
);

const toBytes = filter(
  signature("to_bytes", ["s"], { encoding: null, errors: "strict" }),
  (_, [value = null, encoding = null, errors = null]) => bytesOf(value, encoding === null ? "utf-8" : str(encoding), str(errors)),
);

/** `salt.utils.stringutils.to_bytes`. @throws PyError TypeError for what is neither text nor bytes */
export function bytesOf(value: Value, encoding = "utf-8", errors = "strict"): PyBytes {
  if (value instanceof PyBytes) return value;
  const text = textOf(value);
  if (text === undefined) {
    const module = value instanceof PyObject && value.refuse !== undefined ? "jinja2.runtime." : "";
    throw new PyError("TypeError", `expected str, bytes, or bytearray not <class '${module}${typeName(value)}'>`);
  }
  return new PyBytes(semantics.encodeText(text, encoding, errors));
}

/** `posixpath.normpath`. */
export function normalPath(path: string): string {
  if (path === "") return ".";
  const slashes = path.startsWith("/") ? (path.startsWith("//") && !path.startsWith("///") ? "//" : "/") : "";
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== ".." || (slashes === "" && parts.length === 0) || parts.at(-1) === "..") parts.push(part);
    else if (parts.length > 0) parts.pop();
  }
  return slashes + parts.join("/") || ".";
}

const pathJoin: FilterFunction = (_state, value, args, kwargs) => {
  for (const name of kwargs.keys()) {
    if (name !== "use_posixpath" && !name.startsWith("__")) {
      throw new PyError("SaltInvocationError", `The following keyword arguments are not valid: ${name}=${str(kwargs.get(name) ?? null)}`);
    }
  }
  const [root = ".", ...parts] = [value, ...args].map((part) => {
    const text = part instanceof PyBytes ? semantics.decodeBytes(part.bytes) : textOf(part);
    if (text === undefined) throw new PyError("TypeError", `expected str, bytes, or bytearray not <class '${typeName(part)}'>`);
    return normalPath(text);
  });
  const rest = parts.map((part) => part.replace(/^\/+/, "")).join("/");
  return normalPath(parts.length === 0 ? root : root.endsWith("/") ? root + rest : `${root}/${rest}`);
};

const macToBytes = filter(signature("mac_str_to_bytes", ["mac_str"]), (_, [value = null]) => {
  const size = length(value);
  if (size !== 12 && size !== 17) throw new PyError("ValueError", "Invalid MAC address");
  let text = wantText(value, "expected a text");
  if (size === 17) text = text.replaceAll(text.charAt(2), "");
  const bytes = [0, 2, 4, 6, 8, 10].map((at) => Number(parseInteger(text.slice(at, at + 2), 16)));
  return new PyBytes(Uint8Array.from(bytes));
});

const methodCall: FilterFunction = (_state, object, args, kwargs) => {
  const [name = null, ...rest] = args;
  const method = getAttribute(object, wantText(name, "attribute name must be string"));
  if (method === undefined) return null;
  if (!(method instanceof PyCallable)) throw new PyError("TypeError", `'${typeName(method)}' object is not callable`);
  return method.call(rest, kwargs);
};

const mysqlToDict = filter(signature("mysql_to_dict", ["data", "key"]), (_, [data = null, key = null]) => {
  const out = new PyDict();
  let headers: string[] = [""];
  for (const item of iterate(data)) {
    if (!truthy(item)) continue;
    const line = wantText(item, "expected a text");
    if (line.startsWith("+")) continue;
    const cells = line.split("|").map((cell) => semantics.stripText(cell));
    if (headers.length <= 1) {
      headers = cells;
      continue;
    }
    const row = new PyDict();
    for (let field = 1; field < headers.length - 1; field++) {
      const cell = cells[field];
      if (cell === undefined) throw new PyError("IndexError", "list index out of range");
      row.set(headers[field] ?? "", toNumber(cell));
    }
    const name = row.get(key);
    if (name === undefined) throw new PyError("KeyError", repr(key));
    out.set(name, row);
  }
  return out;
});

/** Salt's filters on texts (salt/utils/stringutils.py, path.py, jinja.py). */
export const textFilters: Readonly<Record<string, FilterFunction>> = {
  check_whitelist_blacklist: checkLists,
  contains_whitespace: containsWhitespace,
  human_to_bytes: humanToBytes,
  is_hex: isHex,
  mac_str_to_bytes: macToBytes,
  method_call: methodCall,
  mysql_to_dict: mysqlToDict,
  path_join: pathJoin,
  quote,
  regex_escape: filter(signature("regex_escape", ["value"]), (_, [value = null]) => escapeRegex(wantText(value, SUBJECT))),
  regex_match: searching("regex_match", "match"),
  regex_replace: regexReplace,
  regex_search: searching("regex_search", "search"),
  skip: filter(signature("skip_filter", ["data"]), () => ""),
  sorted_ignorecase: sortedIgnoreCase,
  str_to_num: toNum,
  substring_in_list: substringInList,
  to_bool: toBool,
  to_bytes: toBytes,
  to_camelcase: toCamelCase,
  to_num: toNum,
  to_snake_case: toSnakeCase,
};

/** `x is match(pattern)`. */
export function isMatch(value: Value, args: readonly Value[], kwargs: ReadonlyMap<string, Value>): boolean {
  const fn = signature("test_match", ["txt", "rgx"], { ignorecase: false, multiline: false });
  const [text = null, pattern = null, ignoreCase = null, multiline = null] = bind(fn, [value, ...args], kwargs);
  return compilePattern(pattern, ignoreCase, multiline).match(wantText(text, SUBJECT)) !== undefined;
}
