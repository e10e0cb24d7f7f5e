import { bundleNames, mountBundles, type MountOptions } from "../bundle/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { emit, loadKubernetes } from "../yaml/index.ts";
import type { BundleSettings } from "./bundles.ts";
import { outlineOf } from "./manifest.ts";
import { decideMode, MODE_LABEL, type DecidedMode } from "./mode.ts";
import { normaliseObject } from "./normalise.ts";
import { parseManifest, type ParsedObject } from "./parse.ts";
import type { JsonPath, Mode, WrittenFile } from "./types.ts";

/** An object as it is published, beside what the states wrote. */
export interface PublishedObject {
  readonly value: PyDict;
  /** Equal for what the API server takes for one object. */
  readonly identity: string;
  readonly kind: string;
  readonly mode: DecidedMode;
  readonly parsed: ParsedObject;
}

/** One line of a published file. */
export interface PublishedLine {
  readonly text: string;
  /** Number of the object in the file; a `---` is the next one's. */
  readonly object: number;
  /** The field that the line shows: of a line that begins an item, the item's first field. Empty for `---`. */
  readonly pointer: JsonPath;
  /** Which line of the field's text it is: 0 for the one with the key. */
  readonly offset: number;
  /** What the second stage wrote of its own: the mode label, the protocol of a port, or what runs a bundle. */
  readonly added?: "mode" | "protocol" | "bundle";
  /** Its line in the file that the states wrote, or that of what stands round it. */
  readonly written: number | undefined;
}

/** A file's objects as they are published; `undefined` where it is no manifest that can be read. Without `bundles` none is mounted. */
export function publishedObjects(
  file: WrittenFile,
  declared: Mode | undefined,
  bundles?: BundleSettings & Pick<MountOptions, "addon">,
): readonly PublishedObject[] | undefined {
  const { objects, findings } = parseManifest(file);
  if (findings.some((finding) => finding.severity === "error")) return undefined;
  let failed = false;
  const published = objects.map((parsed): PublishedObject => {
    const mode = decideMode(parsed.value, declared);
    const value = normaliseObject(parsed.value, mode.mode);
    const named = bundles === undefined ? [] : bundleNames(value).flatMap((name) => bundles.source.bundle(name) ?? []);
    if (bundles !== undefined && named.length > 0 && mountBundles(value, named, bundles).length > 0) failed = true;
    return { value, identity: outlineOf(parsed).identity, kind: parsed.kind, mode, parsed };
  });
  return failed ? undefined : published;
}

/** The text of the file that the objects are published as. */
export function publishedText(objects: readonly PublishedObject[]): string {
  return objects.map(({ value }) => emit([value])).join("---\n");
}

/** The lines of the file that the objects are published as. */
export function publishedLines(file: WrittenFile, objects: readonly PublishedObject[]): readonly PublishedLine[] {
  const written = new TextDecoder().decode(file.content).split("\n");
  return objects.flatMap((object, number) => {
    const texts = emit([object.value]).replace(/\n$/, "").split("\n");
    const fields = fieldsByLine(texts.join("\n"));
    const separator: PublishedLine = { text: "---", object: number, pointer: [], offset: -1, written: object.parsed.at([]).line };
    const lines = texts.map((text, index): PublishedLine => {
      const { pointer, line } = fields[index] ?? { pointer: [], line: 1 };
      const offset = index + 1 - line;
      return { text, object: number, pointer, offset, ...origin(object, pointer, offset, text, written) };
    });
    return number === 0 ? lines : [separator, ...lines];
  });
}

interface Field {
  readonly pointer: JsonPath;
  readonly line: number;
}

/** For each line of a canonical text the field that begins on it, or that it goes on. */
function fieldsByLine(text: string): readonly Field[] {
  const starts = new Map<number, Field>();
  for (const { value: root, positions } of loadKubernetes(text, { file: "" })) {
    const walk = (value: Value, above: JsonPath): void => {
      const entries: Iterable<readonly [Value, Value]> =
        value instanceof PyDict ? value.entries() : Array.isArray(value) ? value.entries() : [];
      for (const [key, item] of entries) {
        if ((typeof key !== "string" && typeof key !== "number") || !(value instanceof PyDict || Array.isArray(value))) continue;
        const pointer = [...above, key];
        const line = positions.at(value, key)?.line;
        if (line !== undefined) starts.set(line, { pointer, line });
        walk(item, pointer);
      }
    };
    walk(root, []);
  }
  const fields: Field[] = [];
  let field: Field = { pointer: [], line: 1 };
  for (let line = 1; line <= text.split("\n").length; line++) fields.push((field = starts.get(line) ?? field));
  return fields;
}

/** Where the states wrote a field. */
function origin(
  { parsed, kind }: PublishedObject,
  pointer: JsonPath,
  offset: number,
  text: string,
  written: readonly string[],
): Pick<PublishedLine, "added" | "written"> {
  const own = kind === "Secret" && !has(parsed.value, pointer) && pointer[0] === "data" ? ["stringData", ...pointer.slice(1)] : pointer;
  const { line } = parsed.at(own);
  if (!has(parsed.value, own)) return { written: line, ...added(pointer) };
  // A text of several lines stands in the manifest as it does here, or else on the line of its key.
  const same = line !== undefined && offset > 0 && written[line - 1 + offset]?.trim() === text.trim();
  return { written: same ? line + offset : line };
}

function added(pointer: JsonPath): Pick<PublishedLine, "added"> {
  const last = pointer.at(-1);
  if (last === MODE_LABEL || last === "labels") return { added: "mode" };
  if (last === "protocol") return { added: "protocol" };
  return pointer.some((step) => step === "command" || step === "volumes" || step === "volumeMounts") ? { added: "bundle" } : {};
}

function has(root: Value, pointer: JsonPath): boolean {
  let value: Value | undefined = root;
  for (const step of pointer) {
    if (value instanceof PyDict) value = value.get(step);
    else value = Array.isArray(value) && typeof step === "number" ? value[step] : undefined;
    if (value === undefined) return false;
  }
  return true;
}
