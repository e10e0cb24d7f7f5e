import { escapeRegex, isInt, PyError, PyRegex, str, truthy, type RegexFlags, type Value } from "../../python/index.ts";
import { edit, hasPattern, mustBeText, textOf } from "./append.ts";
import type { FileCall } from "./call.ts";
import type { RegularFile } from "./files.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { encodeUtf8, fromLatin1, toLatin1 } from "./text.ts";

/** The largest file in which a pattern replaces text: no Kubernetes object may be that large. */
const MOST_BYTES = 512 * 1024;

/** `_check_file`, and the file itself. */
export function fileToEdit(call: FileCall): RegularFile | string {
  if (!call.name.startsWith("/")) return `Specified file ${call.name} is not an absolute path`;
  if (!call.files.exists(call.name)) return `${call.name}: file not found`;
  const file = call.files.read(call.name);
  if (file === undefined) throw new PyError("SaltInvocationError", `Cannot perform string replacements on a binary file: ${call.name}`);
  if (file.bytes.length > MOST_BYTES)
    return `${call.name} has ${file.bytes.length} bytes; no more than ${MOST_BYTES} can be edited by pattern`;
  return file;
}

/** Keeps what a file was under its name and an ending. */
export function keepBackup(call: FileCall, file: RegularFile, ending: Value): void {
  if (!truthy(ending)) return;
  call.files.replace(call.name + str(ending), file.bytes, file.mode, file.origin);
}

/** `file.replace` (salt/modules/file.py, 3007.1): on bytes. */
export function replace(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.replace");
  const file = fileToEdit(call);
  if (typeof file === "string")
    return call.flag("ignore_if_missing", false) && file.includes("file not found")
      ? done("No changes needed to be made", false)
      : failed(file);
  mustBeText(file, call.name);
  const append = call.flag("append_if_not_found", false);
  const prepend = call.flag("prepend_if_not_found", false);
  if (append && prepend) throw new PyError("SaltInvocationError", "Only one of append and prepend_if_not_found is permitted");
  const flags = { ...regexFlags(call.has("flags") ? call.value("flags") : 8), ascii: true };
  const pattern = new PyRegex(latin1(str(call.value("pattern"))), flags);
  const stated = latin1(str(call.value("repl")));
  const old = toLatin1(file.bytes);
  const template = call.flag("backslash_literal", false) ? stated.replaceAll("\\", "\\\\") : stated;
  const text = pattern.sub(template, old, Number(call.has("count") ? call.value("count") : 0));
  const content = truthy(call.value("not_found_content")) ? latin1(str(call.value("not_found_content"))) : stated;
  let found = pattern.search(old) !== undefined;
  if ((append || prepend) && new PyRegex(`^${escapeRegex(content)}($|(?=\\r\\n))`, flags).search(old) !== undefined) found = true;
  // A file opened as text is written with \n for what the pattern's match left of other line ends; bytes are written as they are.
  let changed = text;
  if (!found && prepend) changed = `${content}\n${text}`;
  else if (!found && append) changed = `${text === "" || text.endsWith("\n") ? text : `${text}\n`}${content}\n`;
  if (changed === old) return done("No changes needed to be made", false);
  keepBackup(call, file, call.has("backup") ? call.value("backup") : ".bak");
  edit(call, file, fromLatin1(changed), "repl");
  return done("Changes were made", true);
}

function latin1(text: string): string {
  return toLatin1(encodeUtf8(text));
}

const FLAGS: Readonly<Record<string, keyof RegexFlags>> = {
  I: "ignoreCase",
  IGNORECASE: "ignoreCase",
  M: "multiline",
  MULTILINE: "multiline",
  S: "dotAll",
  DOTALL: "dotAll",
  X: "verbose",
  VERBOSE: "verbose",
  A: "ascii",
  ASCII: "ascii",
};

/** `_get_flags`: a number, a name or a list of names. */
function regexFlags(flags: Value): RegexFlags {
  if (isInt(flags)) {
    const bits = Number(flags);
    return { ignoreCase: (bits & 2) !== 0, multiline: (bits & 8) !== 0, dotAll: (bits & 16) !== 0, verbose: (bits & 64) !== 0 };
  }
  const result: { -readonly [flag in keyof RegexFlags]: boolean } = {};
  for (const name of Array.isArray(flags) ? flags : [flags]) {
    const flag = FLAGS[str(name).toUpperCase()];
    if (flag === undefined) throw new PyError("CommandExecutionError", `Invalid re flag given: ${str(name)}`);
    result[flag] = true;
  }
  return result;
}

/** `file.comment`. */
export function comment(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.comment");
  const file = fileToEdit(call);
  if (typeof file === "string") return failed(file);
  const regex = str(call.value("regex"));
  const char = call.text("char", "#");
  const inner = regex.replace(/^\^+/, "");
  if (!hasPattern(file, call.name, `^(?!\\s*${char})\\s*${inner}`)) {
    if (hasPattern(file, call.name, char + inner)) return done("Pattern already commented", false);
    if (call.flag("ignore_missing", false)) return done("Pattern not found and ignore_missing set to True", false);
    return failed(`${inner}: Pattern not found`);
  }
  const bare = inner.replace(/\$+$/, "");
  const pattern = `${regex.startsWith("^") ? "^" : ""}(${bare})${regex.endsWith("$") ? "$" : ""}`;
  const changed = editLines(call, file, pattern, (line) => char + line);
  return hasPattern(file, call.name, char + inner)
    ? done("Commented lines successfully", changed)
    : { result: false, changed, comment: "Expected commented lines not found" };
}

/** `file.uncomment`. */
export function uncomment(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.uncomment");
  const file = fileToEdit(call);
  if (typeof file === "string") return failed(file);
  const regex = str(call.value("regex"));
  const char = call.text("char", "#");
  const inner = regex.replace(/^\^+/, "");
  if (!hasPattern(file, call.name, `${char}[ \t]*${inner}`))
    return hasPattern(file, call.name, `^[ \t]*${inner}`)
      ? done("Pattern already uncommented", false)
      : failed(`${regex}: Pattern not found`);
  const pattern = `^${char}\\s*(${inner.replace(/\$+$/, "")})${regex.endsWith("$") ? "$" : ""}`;
  const marks = new Set(char);
  const changed = editLines(call, file, pattern, (line) => {
    let at = 0;
    while (marks.has(line[at] ?? "")) at++;
    return line.slice(at);
  });
  return hasPattern(file, call.name, `^[ \t]*${inner}`)
    ? done("Uncommented lines successfully", changed)
    : { result: false, changed, comment: "Expected uncommented lines not found" };
}

/** `file.comment_line`: changes the lines that a pattern matches from their start. */
function editLines(call: FileCall, file: RegularFile, pattern: string, change: (line: string) => string): boolean {
  const text = textOf(file);
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const compiled = new PyRegex(pattern);
  const matches = (line: string): boolean => compiled.match(line) !== undefined;
  if (!lines.some(matches)) return false;
  const changed = lines.map((line) => (matches(line) ? change(line) : line)).join("");
  keepBackup(call, file, call.has("backup") ? call.value("backup") : ".bak");
  // Salt moves the file away for its backup and writes a new one.
  call.files.replace(call.name, file.bytes, file.mode, file.origin);
  const fresh = call.files.read(call.name);
  if (fresh !== undefined) edit(call, fresh, encodeUtf8(changed), "regex");
  file.bytes = encodeUtf8(changed);
  return changed !== text;
}
