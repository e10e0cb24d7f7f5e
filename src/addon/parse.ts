import { FindingError, type Finding, type Position } from "../finding/index.ts";
import { PyDict, repr, typeName, type Value } from "../python/index.ts";
import { loadKubernetes, type DataPositions } from "../yaml/index.ts";
import type { JsonPath, WrittenFile } from "./types.ts";

/** One object as its file has it, with the place of each of its fields. */
export interface ParsedObject {
  readonly value: PyDict;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
  readonly file: WrittenFile;
  /** The place of a field, or of the nearest one above it that the file has. */
  at(pointer: JsonPath): Position;
}

const decoder = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/**
 * The objects of a manifest, in the file's order; a `List` gives its items.
 * Comment-only and empty files give none, as for the addon manager.
 */
export function parseManifest(file: WrittenFile): Parsed {
  const findings: Finding[] = [];
  const objects: ParsedObject[] = [];
  let text: string;
  try {
    text = decoder(file.content);
  } catch {
    return {
      objects,
      findings: [{ code: "manifest-not-utf8", severity: "error", message: `${file.path} is not UTF-8 text`, at: { file: file.path } }],
    };
  }
  try {
    for (const document of loadKubernetes(text, { file: file.path })) {
      const parsed = documentObjects(document.value, file, document.positions, { file: file.path, line: document.line, column: 1 });
      objects.push(...parsed.objects);
      findings.push(...parsed.findings);
    }
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    findings.push(...error.findings);
  }
  return { objects, findings };
}

interface Parsed {
  readonly objects: readonly ParsedObject[];
  readonly findings: readonly Finding[];
}

function refuse(code: string, message: string, at: Position, advice?: string): Parsed {
  return { objects: [], findings: [{ code, severity: "error", message, at, ...(advice === undefined ? {} : { advice }) }] };
}

function documentObjects(value: Value, file: WrittenFile, positions: DataPositions, start: Position): Parsed {
  if (value === null) return { objects: [], findings: [] };
  if (!(value instanceof PyDict))
    return refuse("manifest-no-object", "a manifest's document must be a mapping with apiVersion, kind and metadata", start);
  const at = (pointer: JsonPath): Position => locate(value, pointer, positions, start);
  const apiVersion = value.get("apiVersion");
  const kind = value.get("kind");
  const missing = [apiVersion === undefined ? "apiVersion" : "", kind === undefined ? "kind" : ""].filter((name) => name !== "");
  if (missing.length > 0) return refuse("manifest-no-kind", `the object has no ${missing.join(" and no ")}`, start);
  if (typeof apiVersion !== "string") return refuse("manifest-no-kind", "apiVersion must be a string", at(["apiVersion"]));
  if (typeof kind !== "string") return refuse("manifest-no-kind", "kind must be a string", at(["kind"]));
  const items = value.get("items");
  if (kind.endsWith("List") && Array.isArray(items)) {
    const lists = items.map((item, index) => documentObjects(item, file, positions, at(["items", index])));
    return { objects: lists.flatMap((list) => list.objects), findings: lists.flatMap((list) => list.findings) };
  }
  const metadata = value.get("metadata");
  if (!(metadata instanceof PyDict)) return refuse("manifest-no-name", `the ${kind} has no metadata`, start);
  const name = metadata.get("name");
  if (name !== undefined && name !== null && typeof name !== "string") {
    return refuse(
      "manifest-name-type",
      `metadata.name of the ${kind} must be a string, and this is read as ${typeName(name)} ${repr(name)}`,
      at(["metadata", "name"]),
      "Kubernetes reads YAML 1.1, in which y, n, on, off and bare numbers are no strings: write the name in quotes",
    );
  }
  if (typeof name !== "string" || name === "") {
    return metadata.has("generateName")
      ? refuse(
          "manifest-generate-name",
          `the ${kind} has generateName: an addon's objects need a fixed metadata.name`,
          at(["metadata", "generateName"]),
        )
      : refuse("manifest-no-name", `the ${kind} has no metadata.name`, at(["metadata"]));
  }
  const namespace = metadata.get("namespace");
  if (namespace !== undefined && namespace !== null && typeof namespace !== "string") {
    return refuse("manifest-namespace-type", `metadata.namespace of ${kind} ${name} must be a string`, at(["metadata", "namespace"]));
  }
  const object: ParsedObject = {
    value,
    apiVersion,
    kind,
    name,
    namespace: namespace === undefined || namespace === "" ? null : namespace,
    file,
    at,
  };
  return { objects: [object], findings: [] };
}

function locate(root: Value, pointer: JsonPath, positions: DataPositions, start: Position): Position {
  let best = start;
  let value: Value | undefined = root;
  for (const step of pointer) {
    let next: Value | undefined;
    let at: { readonly line: number; readonly column: number } | undefined;
    if (value instanceof PyDict) {
      at = positions.at(value, step);
      next = value.get(step);
    } else if (Array.isArray(value) && typeof step === "number") {
      at = positions.at(value, step);
      next = value[step];
    }
    if (at !== undefined) best = { file: start.file, line: at.line, column: at.column };
    if (next === undefined) break;
    value = next;
  }
  return best;
}
