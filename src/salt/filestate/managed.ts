import { FindingError } from "../../finding/index.ts";
import { PyBytes, PyDict, PyError, PyOrderedDict, PySet, PyTuple, str, truthy, typeName, type Value } from "../../python/index.ts";
import { traverse } from "../data/index.ts";
import type { FileCall } from "./call.ts";
import { NeedsNode } from "./files.ts";
import { modeOf, normalizeMode } from "./mode.ts";
import type { Origin } from "./origin.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { findSource, pickSource, type Source } from "./source.ts";
import { checkEngine, renderRequest, renderVariables } from "./template.ts";
import { decodeUtf8, encodeAs, encodeUtf8, isBinary, splitLines } from "./text.ts";
import type { TemplateRequest } from "./types.ts";
import { manageFile, setMode } from "./write.ts";

interface Content {
  readonly bytes: Uint8Array;
  readonly origin: Origin;
}
type Found = { readonly content?: Content; readonly mode?: string } | Answer;

/** `file.managed` (salt/states/file.py, 3007.1). */
export function managed(call: FileCall): Answer {
  const { name } = call;
  if (name === "") return failed("Destination file name is required");
  const stated = call.value("mode");
  const keepMode = typeof stated === "string" && stated.toLowerCase() === "keep";
  const mode = keepMode ? null : normalizeMode(stated);
  const source = call.value("source");
  const given = ["contents", "contents_pillar", "contents_grains"].filter((option) => call.value(option) !== null);
  if (truthy(source) && given.length > 0)
    return failed("'source' cannot be used in combination with 'contents', 'contents_pillar', or 'contents_grains'");
  if (keepMode && given.length > 0)
    return failed("Mode preservation cannot be used in combination with 'contents', 'contents_pillar', or 'contents_grains'");
  if (given.length > 1) return failed("Only one of 'contents', 'contents_pillar', and 'contents_grains' is permitted");
  if (truthy(call.value("check_cmd"))) throw new NeedsNode("check_cmd runs a command of the node on the new file");
  for (const option of ["signature", "source_hash_sig"])
    if (truthy(call.value(option))) throw new NeedsNode(`${option} is verified with the node's gpg`);

  const [option] = given;
  // salt/states/file.py asks every entry of a source list for its protocol, and a dict has none to give.
  const dict = Array.isArray(source) ? source.find((entry) => entry instanceof PyDict) : undefined;
  if (dict !== undefined) throw new PyError("AttributeError", `'${className(dict)}' object has no attribute 'lower'`);
  const stating = option === undefined ? undefined : contentsOf(call, option);
  if (stating !== undefined && "result" in stating) return stating;
  if (!call.flag("create", true) && !call.files.isFile(name)) return done(`File ${name} is not present and is not set for creation`, false);
  if (!name.startsWith("/")) return failed(`Specified file ${name} is not an absolute path`);
  if (call.files.isMadeDirectory(name)) return failed(`Specified target ${name} is a directory`);
  const context = call.value("context");
  if (context !== null && !(context instanceof PyDict)) return failed("Context must be formed as a dict");
  if (truthy(call.value("defaults")) && !(call.value("defaults") instanceof PyDict)) return failed("Defaults must be formed as a dict");
  // Without a source nothing could take the place of what is there.
  const replace = call.flag("replace", true) && (truthy(source) || given.length > 0);
  if (!replace && call.files.isFile(name)) {
    const changed = setMode(call, name, mode);
    return done(changed ? "" : `File ${name} exists with proper permissions. No changes made.`, changed);
  }
  try {
    const found: Found = stating === undefined ? sourceOf(call, source, mode, keepMode) : { ...contentOf(call, stating) };
    if ("result" in found) return found;
    return manageFile(call, name, {
      ...(found.content === undefined ? {} : { content: found.content }),
      mode: found.mode ?? mode,
      makeDirectories: call.flag("makedirs", false),
      followSymlinks: call.flag("follow_symlinks", true),
    });
  } catch (error) {
    if (error instanceof PyError) return failed(`Unable to manage file: ${error.message}`);
    throw error;
  }
}

/** Text that is still to be encoded, bytes as they are, or null where the value is None. */
interface Stated {
  readonly content: string | Uint8Array | null;
  readonly origin: Origin;
}

function contentOf(call: FileCall, { content, origin }: Stated): { readonly content?: Content } {
  if (content === null) return {};
  return { content: { bytes: typeof content === "string" ? encoded(call, content) : content, origin } };
}

/** The text that the state itself, the pillar or the grains hold. */
function contentsOf(call: FileCall, option: string): Stated | Answer {
  const used = option === "contents" ? call.value(option) : lookedUp(call, option);
  if (used instanceof Missing) return failed(used.message);
  if (!call.flag("allow_empty", true) && !truthy(used)) {
    const what = option === "contents" ? "'contents'" : `${option} ${str(call.value(option))}`;
    return failed(`${what} value would result in empty contents. Set allow_empty to True to allow the managed file to be empty.`);
  }
  const origin = call.origin(null, { how: "stated", option });
  if (used === null) return { content: null, origin };
  const template = call.textOrNull("template");
  const parts = strList(used);
  if (parts === undefined) {
    if (template !== null)
      return failed(
        "Contents specified by contents/contents_pillar/contents_grains appears to be binary data, and as will not be able to be treated as a Jinja template.",
      );
    // What is not text is written as it is.
    return { content: used instanceof PyBytes ? used.bytes : new Uint8Array(), origin };
  }
  if (parts.length === 0)
    return failed(
      "Contents specified by contents/contents_pillar/contents_grains is not a string or list of strings, and is not binary data. SLS is likely malformed.",
    );
  let text = parts.flatMap((part) => splitLines(part, false).map((line) => `${line.replace(/\n+$/, "").replace(/\r+$/, "")}\n`)).join("");
  if (!call.flag("contents_newline", true)) text = text.replace(/\n+$/, "").replace(/\r+$/, "");
  if (template === null) return { content: text, origin };
  const unsupported = checkEngine(template);
  if (unsupported !== undefined) return failed(unsupported);
  const request: TemplateRequest = {
    template: { text, display: `${option} of ${call.chunk.id}` },
    saltenv: call.saltenv,
    variables: renderVariables(call, new Map(), undefined),
  };
  const rendered = renderRequest(call.context.deps, request, false).text;
  return { content: rendered, origin: call.origin(null, { how: "rendered", request }) };
}

class Missing {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

function lookedUp(call: FileCall, option: string): Value | Missing {
  const { minion, pillar } = call.context.deps;
  const fromPillar = option === "contents_pillar";
  const data = fromPillar ? pillar : minion.grains;
  const delimiter = call.has("contents_delimiter") ? call.value("contents_delimiter") : ":";
  const paths = call.value(option);
  const one = (path: Value): Value | Missing =>
    traverse(data, path, new Missing(`${fromPillar ? "Pillar" : "Grain"} ${str(path)} does not exist`), delimiter);
  if (!Array.isArray(paths)) return one(paths);
  const texts: string[] = [];
  for (const [index, path] of paths.entries()) {
    const found = one(path);
    if (found instanceof Missing) return fromPillar ? found : new Missing("Grain <object object> does not exist");
    if (typeof found !== "string")
      throw new PyError("TypeError", `sequence item ${index}: expected str instance, ${typeName(found)} found`);
    texts.push(found);
  }
  return texts.join("\n");
}

function className(value: Value): string {
  return value instanceof PyOrderedDict ? "collections.OrderedDict" : typeName(value);
}

/** `_validate_str_list`: each part as text; undefined for bytes that are none. */
export function strList(value: Value): string[] | undefined {
  if (value instanceof PyBytes) {
    const text = decodeUtf8(value.bytes);
    return text === undefined ? undefined : [text];
  }
  if (Array.isArray(value)) return value.map(str);
  if (value instanceof PyTuple) return value.items.map(str);
  if (value instanceof PySet) return [...value.values()].map(str);
  return [str(value)];
}

function encoded(call: FileCall, text: string): Uint8Array {
  const encoding = call.textOrNull("encoding");
  return encoding === null ? encodeUtf8(text) : encodeText(text, encoding, call.text("encoding_errors", "strict"));
}

/** `text.encode(encoding, errors)`. @throws PyError */
export function encodeText(text: string, encoding: string, errors: string): Uint8Array {
  const bytes = encodeAs(text, encoding);
  if (bytes === undefined) throw new PyError("LookupError", `unknown encoding: ${encoding}`);
  if (bytes instanceof Uint8Array) return bytes;
  if (errors === "ignore" || errors === "replace" || errors === "xmlcharrefreplace") {
    const kept = Array.from(text, (character) => {
      const one = encodeAs(character, encoding);
      if (one instanceof Uint8Array) return character;
      return errors === "ignore" ? "" : errors === "replace" ? "?" : `&#${character.codePointAt(0) ?? 0};`;
    });
    return encodeText(kept.join(""), encoding, "strict");
  }
  const characters = Array.from(text);
  const at = characters.indexOf(bytes.bad);
  let end = at + 1;
  while (end < characters.length && !(encodeAs(characters[end] ?? "", encoding) instanceof Uint8Array)) end++;
  const code = bytes.bad.codePointAt(0) ?? 0;
  const name =
    code > 0xffff
      ? `\\U${code.toString(16).padStart(8, "0")}`
      : code > 0xff
        ? `\\u${code.toString(16).padStart(4, "0")}`
        : `\\x${code.toString(16).padStart(2, "0")}`;
  const codec = encoding.toLowerCase().includes("ascii") ? "ascii" : "latin-1";
  const what = end - at > 1 ? `characters in position ${at}-${end - 1}` : `character '${name}' in position ${at}`;
  throw new PyError("UnicodeEncodeError", `'${codec}' codec can't encode ${what}: ordinal not in range(${codec === "ascii" ? 128 : 256})`);
}

/** What a source gives: copied, or rendered as a template. */
function sourceOf(call: FileCall, source: Value, mode: string | null, keepMode: boolean): Found {
  const url = pickSource(call, source);
  if (url === null) return {};
  const found = findSource(call, url);
  if (found.from === "nowhere") return failed(found.comment);
  const kept = keepMode ? { mode: found.from === "tree" ? modeOf(found.file.mode) : (found.file.mode ?? "0644") } : {};
  const template = call.textOrNull("template");
  if (template === null) return { content: copied(call, found), ...kept };
  const unsupported = checkEngine(template);
  if (unsupported !== undefined) return failed(unsupported);
  if (found.from === "node") throw new NeedsNode(`the template ${url} is no file of the tree`);
  const { file } = found;
  // A template that is no text is delivered as it is (salt.utils.templates.wrap_tmpl_func).
  if (decodeUtf8(file.bytes) === undefined && isBinary(file.bytes)) return { content: copied(call, found), ...kept };
  const request: TemplateRequest = { template: file, saltenv: call.saltenv, variables: variablesOf(call, url, mode) };
  try {
    const { text } = renderRequest(call.context.deps, request, false);
    return { content: { bytes: encodeUtf8(text), origin: call.origin(url, { how: "rendered", request }) }, ...kept };
  } catch (error) {
    if (error instanceof FindingError) return failed(`Unable to manage file: ${error.message}`, error.findings);
    throw error;
  }
}

function copied(call: FileCall, source: Exclude<Source, { readonly from: "nowhere" }>): Content {
  if (source.from === "tree") return { bytes: source.file.bytes, origin: call.origin(source.url, { how: "copied", file: source.file }) };
  return { bytes: source.file.bytes, origin: { ...call.origin(source.url, source.file.origin.made) } };
}

function variablesOf(call: FileCall, url: string, mode: string | null): ReadonlyMap<string, Value> {
  const own = new Map<string, Value>([
    ["name", call.name],
    ["source", url],
    ["user", call.value("user") ?? call.extra().get("owner") ?? null],
    ["group", call.value("group")],
    ["mode", mode],
    ["attrs", call.value("attrs")],
  ]);
  for (const [key, value] of call.extra().entries()) if (typeof key === "string") own.set(key, value);
  return renderVariables(call, own, call.context.accumulators.of(call.name));
}
