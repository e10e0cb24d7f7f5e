import { PyError, PyRegex, str, truthy } from "../../python/index.ts";
import { edit, templateTexts, textOf } from "./append.ts";
import type { FileCall } from "./call.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { fileToEdit, keepBackup } from "./replace.ts";
import { encodeUtf8, isBinary, splitByteLines } from "./text.ts";

/** `file.blockreplace` (salt/states/file.py and modules/file.py, 3007.1): the text between two marker lines. */
export function blockreplace(call: FileCall): Answer {
  if (call.name === "") return failed("Must provide name to file.blockreplace");
  if (truthy(call.value("source")) && truthy(call.value("sources"))) return failed("source and sources are mutually exclusive");
  const file = fileToEdit(call);
  if (typeof file === "string") return failed(file);
  let content = call.text("content", "");
  for (const text of call.context.accumulators.forState(call.name, call.chunk.id))
    content = content === "" ? str(text) : `${content}\n${str(text)}`;
  const texts = templateTexts(call);
  if (texts !== undefined && "result" in texts) return texts;
  content += texts?.texts.join("") ?? "";
  try {
    if (isBinary(file.bytes)) throw new PyError("SaltInvocationError", `Cannot perform string replacements on a binary file: ${call.name}`);
    const old = textOf(file);
    const text = withBlock(call, old, content);
    if (text === old) return done("No changes needed to be made", false);
    if (call.value("backup") !== false) keepBackup(call, file, call.has("backup") ? call.value("backup") : ".bak");
    // Written anew under the same name, so that hard links keep what was.
    const fresh = call.files.replace(call.name, file.bytes, file.mode, file.origin);
    edit(call, fresh, encodeUtf8(text), "content");
    return done("Changes were made", true);
  } catch (error) {
    if (error instanceof PyError) return failed(`Encountered error managing block: ${error.message}. See the log for details.`);
    throw error;
  }
}

const PLACES = ["append_if_not_found", "prepend_if_not_found", "insert_before_match", "insert_after_match"] as const;

function withBlock(call: FileCall, old: string, content: string): string {
  if (PLACES.filter((option) => truthy(call.value(option))).length > 1)
    throw new PyError(
      "SaltInvocationError",
      "Only one of append_if_not_found, prepend_if_not_found, insert_before_match, and insert_after_match is permitted",
    );
  const start = call.text("marker_start", "#-- start managed zone --");
  const end = call.text("marker_end", "#-- end managed zone --");
  const stated = call.value("append_newline");
  const newline = stated === null ? !content.endsWith("\n") : truthy(stated);
  const lines = splitByteLines(old);
  const separator = lines[0]?.endsWith("\r\n") === true ? "\r\n" : "\n";
  const inner = content.split("\r\n").flatMap((part) => part.split("\n"));
  const block = (endLine: string): string[] => {
    const last = `${endLine.replace(/[\r\n]+$/, "")}${separator}`;
    return inner.flatMap((line, index) =>
      index < inner.length - 1 ? [line + separator] : newline ? [line + separator, last] : [line + last],
    );
  };
  const result: string[] = [];
  let [inBlock, isThere] = [false, false];
  for (const line of lines) {
    if (line.includes(start)) {
      inBlock = true;
      result.push(line);
    } else if (!inBlock) result.push(line);
    else {
      const at = line.indexOf(end);
      if (at < 0) continue;
      inBlock = false;
      isThere = true;
      result.push(...block(line.slice(at)));
    }
  }
  if (inBlock) throw new PyError("CommandExecutionError", "Unterminated marked block. End of file reached before marker_end.");
  return isThere ? result.join("") : placed(call, result, [`${start}${separator}`, ...block(end)], separator).join("");
}

/** Puts a block that is not there yet where the state says. */
function placed(call: FileCall, lines: string[], block: readonly string[], separator: string): string[] {
  if (call.flag("prepend_if_not_found", false)) return [...block, ...lines];
  if (call.flag("append_if_not_found", false)) {
    const last = lines.at(-1);
    const ended = last === undefined || last.endsWith(separator) ? lines : [...lines.slice(0, -1), last + separator];
    return [...ended, ...block];
  }
  const before = call.value("insert_before_match");
  const match = truthy(before) ? before : call.value("insert_after_match");
  if (!truthy(match)) throw new PyError("CommandExecutionError", "Cannot edit marked block. Markers were not found in file.");
  if (typeof match !== "string")
    throw new PyError("CommandExecutionError", `RegEx expected in insert_${truthy(before) ? "before" : "after"}_match parameter.`);
  const pattern = new PyRegex(match);
  const at = lines.findIndex((line) => pattern.search(line) !== undefined);
  if (at < 0) throw new PyError("CommandExecutionError", "Cannot edit marked block. Markers were not found in file.");
  return lines.toSpliced(truthy(before) ? at : at + 1, 0, ...block);
}
