import { editDistance, FindingError } from "../finding/index.ts";
import { isInt, PyDict, type Value } from "../python/index.ts";
import { loadKubernetes } from "../yaml/index.ts";

/** A SOPS file as text: nothing in it is opened. */
export interface SopsDocument {
  /** Without the `sops` metadata. */
  readonly data: PyDict;
}

/** Why something has no sealed text. */
export interface Unresolved {
  readonly message: string;
  readonly advice: string;
}

/**
 * Reads a SOPS file as data, by the ending of its name as sops does: YAML, JSON, and JSON again for what it calls binary, whose one leaf is
 * `data`. Its MAC can't be checked without a key; that is for the one who opens it.
 */
export function readSopsDocument(text: string, display: string): SopsDocument | Unresolved {
  if (/\.(?:env|ini)$/.test(display))
    return {
      message: `${display} is a dotenv or ini file`,
      advice: "keep the values in a YAML or JSON file; sops reads and writes those too",
    };
  let data: Value;
  try {
    const documents = /\.ya?ml$/.test(display) ? loadKubernetes(text, { file: display }).map(({ value }) => value) : [fromJson(text)];
    if (documents.length !== 1)
      return { message: `${display} holds ${documents.length} documents`, advice: "keep one document in a SOPS file that is referred to" };
    data = documents[0] ?? null;
  } catch (error) {
    if (error instanceof FindingError) {
      const [{ at, message }] = error.findings;
      return {
        message: `${display}${at?.line === undefined ? "" : `:${at.line}`} can't be read: ${message}`,
        advice: "edit it with halite secret edit or sops",
      };
    }
    if (error instanceof SyntaxError) return { message: `${display} is no JSON`, advice: "edit it with halite secret edit or sops" };
    throw error;
  }
  if (!(data instanceof PyDict) || !(data.get("sops") instanceof PyDict))
    return { message: `${display} has not been sealed: it has no sops metadata`, advice: `seal it: sops encrypt --in-place ${display}` };
  return { data: PyDict.of([...data.entries()].filter(([key]) => key !== "sops")) };
}

/** The `ENC[…]` text of a leaf, or why there is none. */
export function sealedLeaf({ data }: SopsDocument, path: readonly string[], display: string): string | Unresolved {
  let value: Value = data;
  for (const [index, key] of path.entries()) {
    const above = path.slice(0, index).join("/");
    const where = above === "" ? display : `${display} at ${above}`;
    const next = stepInto(value, key);
    if (next === undefined) return missing(where, key, keysOf(value));
    value = next;
  }
  const at = `${display} at ${path.join("/")}`;
  if (value instanceof PyDict || Array.isArray(value)) {
    const keys = keysOf(value).slice(0, 5);
    const first = keys[0];
    return {
      message: `${at} is a ${value instanceof PyDict ? "mapping" : "list"}, and only a single value can be referred to`,
      advice:
        first === undefined ? "it is empty" : `go on to one of its values: ${keys.map((key) => `${path.join("/")}/${key}`).join(", ")}`,
    };
  }
  if (typeof value !== "string" || !/^ENC\[AES256_GCM,data:[^\]]*\]$/.test(value))
    return {
      message: value === "" ? `${at} is empty, which SOPS leaves as it is` : `${at} stands there unsealed`,
      advice:
        "a reference is to a sealed value; what is no secret belongs into pillar (or see encrypted_regex and unencrypted_suffix of the file)",
    };
  return value;
}

function missing(where: string, key: string, keys: readonly string[]): Unresolved {
  const near = nearest(key, keys);
  const known = keys.length === 0 ? "there is nothing below" : `it has ${keys.slice(0, 8).join(", ")}${keys.length > 8 ? ", …" : ""}`;
  return { message: `${where} has no ${key}`, advice: near === undefined ? known : `meant ${near}? ${known}` };
}

/** The name that was most likely meant. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const each of names) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    if (distance < least) [best, least] = [each, distance];
  }
  return best;
}

function stepInto(value: Value, key: string): Value | undefined {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
  if (!(value instanceof PyDict)) return undefined;
  const found = value.get(key);
  if (found !== undefined) return found;
  for (const [each, item] of value.entries()) if (typeof each !== "string" && keyText(each) === key) return item;
  return undefined;
}

function keysOf(value: Value): readonly string[] {
  if (Array.isArray(value)) return value.map((_, index) => String(index));
  return value instanceof PyDict ? [...value.keys()].map(keyText) : [];
}

/** Keys that YAML reads as numbers and the like, as they were most likely written. */
function keyText(key: Value): string {
  if (typeof key === "string") return key;
  return key === null ? "null" : isInt(key) || typeof key === "boolean" ? String(key) : "";
}

function fromJson(text: string): Value {
  const convert = (value: unknown): Value => {
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value === "object" && value !== null) return PyDict.of(Object.entries(value).map(([key, item]) => [key, convert(item)]));
    return typeof value === "string" || typeof value === "boolean" ? value : value === null ? null : 0;
  };
  return convert(JSON.parse(text));
}
