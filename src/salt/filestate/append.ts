import { PyError, PyRegex, str, truthy, type Value } from "../../python/index.ts";
import type { FileCall } from "./call.ts";
import { NeedsNode, type RegularFile } from "./files.ts";
import { strList } from "./managed.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { findSource } from "./source.ts";
import { checkEngine, renderRequest, renderVariables } from "./template.ts";
import { decodeUtf8, encodeUtf8, fromLatin1, isText, splitLines, toLatin1 } from "./text.ts";
import { touch } from "./simple.ts";
import { parentOf } from "./write.ts";

/** `file.append` (salt/states/file.py, 3007.1): adds lines that are not there yet. A chunk of text is sought as a whole, as a pattern. */
export function append(call: FileCall): Answer {
  const opened = openForEdit(call, "append");
  if ("result" in opened) return opened;
  const { file, chunks } = opened;
  const lines: string[] = [];
  for (const chunk of chunks) {
    const found = call.flag("ignore_whitespace", true) ? hasIgnoringBlanks(file, call.name, chunk) : hasPattern(file, call.name, chunk);
    if (!found) lines.push(...splitLines(chunk, false));
  }
  if (lines.length === 0) return done(`File ${call.name} is in correct state`, false);
  const old = toLatin1(file.bytes);
  const begin = old === "" || old.endsWith("\n") ? old : `${old}\n`;
  edit(call, file, Buffer.concat([fromLatin1(begin), encodeUtf8(lines.map((line) => `${line}\n`).join(""))]), "text");
  return done(`Appended ${lines.length} lines`, true);
}

/** `file.prepend`. With `header: True` the first lines of the file are compared as they stand. */
export function prepend(call: FileCall): Answer {
  const opened = openForEdit(call, "prepend");
  if ("result" in opened) return opened;
  const { file, chunks } = opened;
  const header = call.flag("header", false);
  const lines: string[] = [];
  for (const chunk of chunks) if (header || !hasIgnoringBlanks(file, call.name, chunk)) lines.push(...splitLines(chunk, false));
  const text = textOf(file);
  const head = splitLines(text, false).slice(0, lines.length);
  const same = header && head.length === lines.length && head.every((line, index) => line === lines[index]);
  // Text mode reads every line end as \n, so that the file is written with those also where nothing is added.
  if (!same) edit(call, file, encodeUtf8(lines.map((line) => `${line}\n`).join("") + text.replace(/\r\n?/g, "\n")), "text");
  const count = same ? 0 : lines.length;
  return count > 0 ? done(`Prepended ${count} lines`, true) : done(`File ${call.name} is in correct state`, textOf(file) !== text);
}

function openForEdit(call: FileCall, fun: string): Answer | { readonly file: RegularFile; readonly chunks: readonly string[] } {
  const { name, files } = call;
  if (name === "") return failed(`Must provide name to file.${fun}`);
  if (truthy(call.value("source")) && truthy(call.value("sources"))) return failed("source and sources are mutually exclusive");
  if (call.value("makedirs") === true && !files.isDirectory(parentOf(name))) files.makeDirectories(parentOf(name));
  const check = name.startsWith("/") ? undefined : `Specified file ${name} is not an absolute path`;
  if (check !== undefined) return failed(check);
  if (!files.exists(name)) {
    const touched = touch(call.with("touch", { name, makedirs: call.value("makedirs") }));
    if (!touched.result) return failed(`${name}: file not found`);
  }
  const file = files.read(name);
  if (file === undefined) throw new PyError("IsADirectoryError", `[Errno 21] Is a directory: '${name}'`);
  const texts = templateTexts(call);
  if (texts !== undefined && "result" in texts) return texts;
  const text = call.value("text");
  const chunks = texts?.texts ?? strList(text) ?? [];
  return { file, chunks };
}

/** `_get_template_texts`: what `source` or `sources` render to; undefined where neither is given. */
export function templateTexts(call: FileCall): Answer | { readonly texts: string[] } | undefined {
  const sources = truthy(call.value("source")) ? [call.value("source")] : call.value("sources");
  const list: readonly Value[] = Array.isArray(sources) ? sources : [];
  if (list.length === 0) return undefined;
  const template = call.text("template", "jinja");
  const unsupported = checkEngine(template);
  const texts: string[] = [];
  for (const source of list) {
    const url = str(source);
    const found = findSource(call, url);
    if (found.from !== "tree") return failed(`Failed to load template file ${url}`);
    if (unsupported !== undefined) throw new NeedsNode(unsupported);
    const variables = renderVariables(call, new Map(), undefined);
    const { text } = renderRequest(call.context.deps, { template: found.file, saltenv: call.saltenv, variables }, false);
    if (text === "") return failed(`Failed to read rendered template file ${url} (${url})`);
    texts.push(text);
  }
  return { texts };
}

/** Writes a file in place: hard links see it too. */
export function edit(call: FileCall, file: RegularFile, bytes: Uint8Array, option: string): void {
  file.bytes = bytes;
  file.origin = { ...file.origin, made: { how: "edited", option }, chunk: file.origin.source === null ? call.chunk : file.origin.chunk };
}

/** @throws PyError where the file is no UTF-8 */
export function textOf(file: RegularFile): string {
  const text = decodeUtf8(file.bytes);
  if (text === undefined) throw new PyError("UnicodeDecodeError", "'utf-8' codec can't decode the file: it is no text");
  return text;
}

/** `file.search(path, pattern, multiline=True)`. */
export function hasPattern(file: RegularFile, name: string, pattern: string): boolean {
  mustBeText(file, name);
  return new PyRegex(toLatin1(encodeUtf8(pattern)), { multiline: true, ascii: true }).search(toLatin1(file.bytes)) !== undefined;
}

export function mustBeText(file: RegularFile, name: string): void {
  if (!isText(file.bytes)) throw new PyError("SaltInvocationError", `Cannot perform string replacements on a binary file: ${name}`);
}

/** Whether the text is there with any other blanks and line ends between its words (`build_whitespace_split_regex`). */
function hasIgnoringBlanks(file: RegularFile, name: string, chunk: string): boolean {
  mustBeText(file, name);
  const blanks = "[ \\t\\n\\r\\f\\v]*";
  const source = splitLines(chunk, false)
    .map((line) => `${blanks}${words(line).map(escaped).join(blanks)}${blanks}`)
    .join("");
  return new RegExp(`(?<![^\\n])${source}(?![^\\n])`).test(toLatin1(file.bytes));
}

function escaped(word: string): string {
  return toLatin1(encodeUtf8(word)).replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

/**
 * Python's `shlex` without POSIX rules, splitting at blanks: a word that begins with a quotation mark goes on to the next one. The marks
 * are taken as such only where the line has both kinds.
 */
function words(line: string): string[] {
  const quotes = line.includes("'\\\"") ? "" : line.includes("'") ? '"' : line.includes('"') ? "'" : "'\"";
  const found: string[] = [];
  let at = 0;
  while (at < line.length) {
    const character = line[at] ?? "";
    if (/[ \t\r\n]/.test(character)) at++;
    else if (quotes.includes(character)) {
      const end = line.indexOf(character, at + 1);
      if (end < 0) throw new PyError("ValueError", "No closing quotation");
      found.push(line.slice(at, end + 1));
      at = end + 1;
    } else {
      const word = /^[^ \t\r\n]+/.exec(line.slice(at))?.[0] ?? character;
      found.push(word);
      at += word.length;
    }
  }
  return found;
}
