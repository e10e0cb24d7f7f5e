import type { Finding, Position } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";
import { At, isObject, toPlain, type Json, type JsonPath } from "../../schema/index.ts";
import { loadKubernetes } from "../../yaml/index.ts";

/** One document of a file below policies/. */
export interface PolicyDocument {
  readonly file: string;
  readonly value: PyDict;
  readonly json: At;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** The place of a field, or of the nearest one above that is there. */
  at(path: JsonPath): Position;
  /** The place of a character of a text field: `offset` counts within the text. */
  within(path: JsonPath, offset: number): Position;
  refuse(code: string, path: JsonPath, message: string, advice?: string): Finding;
}

/** The documents of a file. @throws FindingError where it is no YAML */
export function readDocuments(
  file: string,
  text: string,
): { readonly documents: readonly PolicyDocument[]; readonly findings: readonly Finding[] } {
  const documents: PolicyDocument[] = [];
  const findings: Finding[] = [];
  const lines = text.split("\n");
  for (const { value, positions, line } of loadKubernetes(text, { file })) {
    if (value === null) continue;
    const at = (path: JsonPath): Position => {
      let best: Position = { file, line, column: 1 };
      let here: Value | undefined = value;
      for (const step of path) {
        if (!(here instanceof PyDict) && !Array.isArray(here)) break;
        const place = positions.at(here, step);
        if (place !== undefined) best = { file, line: place.line, column: place.column };
        here = here instanceof PyDict ? here.get(step) : here[Number(step)];
      }
      return best;
    };
    const refuse = (code: string, path: JsonPath, message: string, advice?: string): Finding => ({
      code,
      severity: "error",
      message,
      at: at(path),
      ...(advice !== undefined && { advice }),
    });
    const json = new At(value instanceof PyDict ? plain(value) : undefined);
    const [apiVersion, kind, name] = [json.at("apiVersion").text, json.at("kind").text, json.at("metadata", "name").text];
    if (!(value instanceof PyDict) || apiVersion === undefined || kind === undefined || name === undefined) {
      findings.push(refuse("policy-file", [], "a document below policies/ must be an object with apiVersion, kind and metadata.name"));
      continue;
    }
    const within = (path: JsonPath, offset: number): Position =>
      placeIn(lines, at(path), json.at(...path.map(String)).text ?? textAt(json, path), offset);
    documents.push({ file, value, json, apiVersion, kind, name, at, within, refuse });
  }
  return { documents, findings };
}

function plain(value: PyDict): Json {
  const { json } = toPlain(value);
  return isObject(json) ? json : {};
}

function textAt(root: At, path: JsonPath): string {
  let value: Json | undefined = root.value;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = isObject(value) ? value[String(step)] : undefined;
  }
  return typeof value === "string" ? value : "";
}

/** Where a character of a scalar stands in the file: of a block scalar below its key, of any other on its line where it is found again. */
function placeIn(lines: readonly string[], key: Position, text: string, offset: number): Position {
  const { file, line = 1, column = 1 } = key;
  const rest = (lines[line - 1] ?? "").slice(column - 1);
  const before = text.slice(0, offset).split("\n");
  if (/:\s*[|>][-+\d]*\s*(?:#.*)?$/.test(rest)) {
    const folded = />[-+\d]*\s*(?:#.*)?$/.test(rest);
    const first = lines.findIndex((each, index) => index >= line && each.trim() !== "");
    const indent = /^ */.exec(lines[first] ?? "")?.[0].length ?? 0;
    // Folding makes blanks of line ends: the place is counted through the lines.
    if (folded) return countThrough(lines, { file, first, indent }, offset);
    return { file, line: first + before.length, column: indent + (before.at(-1) ?? "").length + 1 };
  }
  const start = rest.indexOf(text.split("\n")[0] ?? "");
  return start < 0 || text === "" ? key : { file, line, column: column + start + offset };
}

function countThrough(
  lines: readonly string[],
  { file, first, indent }: { readonly file: string; readonly first: number; readonly indent: number },
  offset: number,
): Position {
  let left = offset;
  for (let index = first; index < lines.length; index++) {
    const length = (lines[index] ?? "").slice(indent).length;
    if (left <= length) return { file, line: index + 1, column: indent + left + 1 };
    left -= length + 1;
  }
  return { file, line: first + 1, column: indent + 1 };
}
