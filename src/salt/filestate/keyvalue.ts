import { PyOrderedDict, str, truthy, type Value } from "../../python/index.ts";
import { edit, textOf } from "./append.ts";
import type { FileCall } from "./call.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { encodeUtf8, readLines } from "./text.ts";

/** `file.keyvalue`. */
export function keyvalue(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.keyvalue");
  const wanted = wantedPairs(call);
  if (typeof wanted === "string") return failed(wanted);
  let append = call.flag("append_if_not_found", false);
  const present = call.files.exists(call.name) && call.files.isFile(call.name);
  if (!present && !call.flag("create_if_missing", false))
    return { result: call.flag("ignore_if_missing", false), changed: false, comment: `unable to open ${call.name}` };
  if (!present) append = true;
  const file = present ? call.files.read(call.name) : undefined;
  const left = new Map(wanted.map(({ key }) => [key, Number(call.has("count") ? call.value("count") : 1)]));
  let changes = 0;
  const lines = readLines(file === undefined ? "" : textOf(file)).map((line) => {
    let now = line;
    for (const pair of wanted) {
      const next = changeLine(call, now, line, pair, left);
      if (next === undefined) continue;
      if (next.counted) changes++;
      now = next.line;
    }
    return now;
  });
  const separator = call.text("separator", "=");
  const missing = wanted.filter(({ key }) => (left.get(key) ?? 0) > 0).map(({ key, value }) => `${key}${separator}${str(value)}\n`);
  if (append) lines.push(...missing);
  else if (call.flag("prepend_if_not_found", false)) lines.unshift(...missing.toReversed());
  if (append || call.flag("prepend_if_not_found", false)) changes += missing.length;
  if (changes === 0) return done("", false);
  const bytes = encodeUtf8(lines.join(""));
  if (file === undefined) call.files.replace(call.name, bytes, null, call.origin(null, { how: "stated", option: "key_values" }));
  else edit(call, file, bytes, "key_values");
  return done(`Changed ${changes} lines`, call.flag("show_changes", true));
}

interface Pair {
  readonly key: string;
  readonly value: Value;
}

function wantedPairs(call: FileCall): readonly Pair[] | string {
  const [key, value, pairs] = [call.value("key"), call.value("value"), call.dict("key_values")];
  // Salt asks for a dict proper here; what an SLS holds is an OrderedDict, which is dropped without a word.
  if (key !== null && value !== null)
    return pairs === undefined || pairs instanceof PyOrderedDict
      ? [{ key: str(key), value }]
      : "file.keyvalue can not combine key_values with key and value";
  if (pairs === undefined || pairs.size === 0)
    return `file.keyvalue key and value not supplied and key_values ${truthy(call.value("key_values")) ? "is not a dictionary" : "is empty"}`;
  return [...pairs.entries()].map(([name, item]) => ({ key: str(name), value: item }));
}

/** What a line becomes for one key; undefined where it is not that key's. `line` is the line as read, `now` what earlier keys made of it. */
function changeLine(
  call: FileCall,
  now: string,
  _line: string,
  { key, value }: Pair,
  left: Map<string, number>,
): { readonly line: string; readonly counted: boolean } | undefined {
  const ignoreCase = call.flag("key_ignore_case", false);
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const bare = stripLeft(_line, call.value("uncomment"));
  const uncommented = bare.length < _line.length;
  if (!fold(bare).startsWith(fold(key))) return undefined;
  const working = uncommented ? stripLeft(now, call.value("uncomment")) : now;
  const separator = call.text("separator", "=");
  const cut = working.indexOf(separator);
  if (cut < 0 || fold(working.slice(0, cut)) !== fold(key)) return undefined;
  const lowered = (text: string): string => (call.flag("value_ignore_case", false) ? text.toLowerCase() : text);
  let same = lowered(working.slice(cut + separator.length).trim()) === lowered(str(value).trim());
  const count = left.get(key) ?? 0;
  let needed = false;
  if (uncommented) {
    if (count > 0) needed = true;
    else if (!same) same = true;
  } else if (count === 0) needed = true;
  if (count > 0) left.set(key, count - 1);
  if (same && !needed) return { line: now, counted: false };
  return { line: count === 0 ? "" : `${working.slice(0, cut)}${separator}${str(value)}\n`, counted: true };
}

/** `str.lstrip(chars)`; None strips blanks. */
function stripLeft(text: string, chars: Value): string {
  if (chars === null) return text.trimStart();
  const set = new Set(str(chars));
  let at = 0;
  while (set.has(text[at] ?? "")) at++;
  return text.slice(at);
}
