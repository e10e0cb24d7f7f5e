import { PyError, PyRegex, str, truthy } from "../../python/index.ts";
import { edit, textOf } from "./append.ts";
import type { FileCall } from "./call.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { fileToEdit } from "./replace.ts";
import { managed } from "./managed.ts";
import { encodeUtf8, readLines } from "./text.ts";

/** `file.line` (salt/modules/file.py, 3007.1): one line put in, replaced or deleted. */
export function line(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.line");
  managed(call.with("managed", { name: call.name, create: call.flag("create", false), mode: call.value("file_mode"), replace: false }));
  const file = fileToEdit(call);
  if (typeof file === "string") return failed(file);
  const mode = call.value("mode");
  if (mode === null) return failed("Mode was not defined. How to process the file?");
  const content = call.value("content");
  if (str(mode).toLowerCase() !== "delete" && content === null) return failed("Content can only be empty if mode is ['delete']");
  const old = textOf(file).replace(/\r\n?/g, "\n");
  const lines = readLines(old);
  if (endOfLine(lines.at(-1) ?? "") !== "") lines.push("");
  const changed = setLine(call, lines, content === null ? "" : str(content), str(mode).toLowerCase());
  for (let at = 0; at + 1 < changed.length; at++) {
    const here = changed[at] ?? "";
    // Python's `idx and idx - 1 or 1`: the first two lines look at their neighbour below.
    const model = at - 1 > 0 ? at - 1 : 1;
    if (endOfLine(here) === "") changed[at] = here.trimEnd() + (endOfLine(changed[model] ?? "") || "\n");
  }
  if (changed.at(-1) === "") changed.pop();
  const text = changed.join("");
  if (text === old) return done("No changes needed to be made", false);
  if (truthy(call.value("backup")))
    throw new PyError("CommandExecutionError", "backup names a file after the time of the run; leave it out");
  const fresh = call.files.replace(call.name, file.bytes, file.mode, file.origin);
  edit(call, fresh, encodeUtf8(text), "content");
  return done("Changes were made", true);
}

function endOfLine(text: string): string {
  return /(\r\n|\n|\r)$/.exec(text)?.[1] ?? "";
}

/** Lines that a pattern, or else the plain text, is found in. */
function linesWith(lines: readonly string[], pattern: string | null): string[] | undefined {
  if (lines.length === 0 || pattern === null || pattern === "") return undefined;
  const compiled = new PyRegex(pattern, { dotAll: true });
  return lines.filter((text) => compiled.search(text) !== undefined || text.includes(pattern));
}

function once(found: readonly string[], what: string): string {
  const [first] = found;
  if (found.length > 1) throw new PyError("CommandExecutionError", `Found more than expected occurrences in "${what}" expression`);
  if (first === undefined) throw new PyError("CommandExecutionError", `Found less than expected occurrences in "${what}" expression`);
  return first;
}

function setLine(call: FileCall, lines: string[], content: string, mode: string): string[] {
  if (!["insert", "ensure", "delete", "replace"].includes(mode)) throw new PyError("CommandExecutionError", `Unknown mode: "${mode}"`);
  const [beforeText, afterText] = [call.value("before"), call.value("after")];
  const matchText = call.textOrNull("match") ?? (beforeText === null && afterText === null ? content : null);
  const before = linesWith(lines, beforeText === null ? null : str(beforeText));
  const after = linesWith(lines, afterText === null ? null : str(afterText));
  const match = linesWith(lines, matchText);
  const indented = (model: string): string => {
    if (!call.flag("indent", true)) return content;
    return (/^[\t ]*/.exec(model)?.[0] ?? "") + content.trimStart();
  };
  if (lines.length === 0 && (mode === "delete" || mode === "replace")) return [];
  if (mode === "delete") {
    const gone = match?.[0];
    return gone === undefined ? lines : lines.filter((text) => text !== gone);
  }
  if (mode === "replace") {
    const old = match?.[0];
    return old === undefined ? lines : lines.with(lines.indexOf(old), indented(old));
  }
  return mode === "insert"
    ? insertLine(call, lines, content, before, after, indented)
    : ensureLine(lines, content, before, after, indented);
}

type Indented = (model: string) => string;

function same(a: string | undefined, b: string): boolean {
  return a !== undefined && a.replace(/[\r\n]+$/, "") === b.replace(/[\r\n]+$/, "");
}

function insertLine(
  call: FileCall,
  lines: string[],
  content: string,
  before: string[] | undefined,
  after: string[] | undefined,
  indented: Indented,
): string[] {
  const location = call.textOrNull("location");
  if (before === undefined && after === undefined && location === null)
    throw new PyError("CommandExecutionError", 'On insert either "location" or "before/after" conditions are required.');
  if (location === "end") return [...lines, lines.length > 0 ? indented(lines.at(-1) ?? "") : content];
  if (location === "start") {
    const [first] = lines;
    return first === undefined ? [`${content}\n`] : [content.trimEnd() + (endOfLine(first) || "\n"), ...lines];
  }
  if (location !== null) return lines;
  const [hasBefore, hasAfter] = [(before?.length ?? 0) > 0, (after?.length ?? 0) > 0];
  if (hasBefore && hasAfter) {
    const last = lines.indexOf(once(before ?? [], "before"));
    once(after ?? [], "after");
    return lines.toSpliced(last, 0, indented(lines[last] ?? ""));
  }
  if (hasAfter) {
    const at = lines.indexOf(once(after ?? [], "after"));
    return same(lines[at + 1], content) ? lines : lines.toSpliced(at + 1, 0, indented(lines[at] ?? ""));
  }
  if (hasBefore) {
    const at = lines.indexOf(once(before ?? [], "before"));
    return same(lines.at(at - 1), content) ? lines : lines.toSpliced(at, 0, indented(lines[at] ?? ""));
  }
  throw new PyError("CommandExecutionError", "Neither before or after was found in file");
}

function ensureLine(
  lines: string[],
  content: string,
  before: string[] | undefined,
  after: string[] | undefined,
  indented: Indented,
): string[] {
  const [hasBefore, hasAfter] = [(before?.length ?? 0) > 0, (after?.length ?? 0) > 0];
  if (hasBefore && hasAfter) {
    const first = lines.indexOf(once(after ?? [], "after"));
    const last = lines.indexOf(once(before ?? [], "before"));
    if (lines.some((text) => text.trimStart() === content)) return lines;
    if (first + 1 === last) return lines.toSpliced(first + 1, 0, indented(lines[first] ?? ""));
    if (first + 2 === last) return lines.with(first + 1, indented(lines[first] ?? ""));
    throw new PyError("CommandExecutionError", 'Found more than one line between boundaries "before" and "after".');
  }
  if (hasBefore) {
    const at = lines.indexOf(once(before ?? [], "before"));
    return at > 0 && same(lines[at - 1], content) ? lines : lines.toSpliced(at, 0, indented(lines.at(at - 1) ?? ""));
  }
  if (hasAfter) {
    const at = lines.indexOf(once(after ?? [], "after"));
    return same(lines[at + 1], content) ? lines : lines.toSpliced(at + 1, 0, indented(lines[at] ?? ""));
  }
  throw new PyError(
    "CommandExecutionError",
    "Wrong conditions? Unable to ensure line without knowing where to put it before and/or after.",
  );
}
