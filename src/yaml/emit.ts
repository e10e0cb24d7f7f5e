import { FindingError } from "../finding/index.ts";
import { PyDict, PyFloat, PyTuple, typeName, type Value } from "../python/index.ts";
import { doubleQuoted, floatText, hasLoneSurrogate, isPlainSafe, stringForm } from "./emit-scalar.ts";

/**
 * Documents as the one canonical YAML text that Halite writes: compiled manifests, release.yaml.
 *
 * Keys in the order given; two spaces of indentation; a sequence under a key starts at the key's own column, as `kubectl get -o yaml`
 * prints it; strings without quotes where no reader of YAML 1.1 or 1.2 takes them for something else, in double quotes otherwise; strings
 * of several lines as literal blocks; no line is ever folded; no anchors; `---` between documents. PyYAML, Salt's loader,
 * sigs.k8s.io/yaml and readers of YAML 1.2 read it back equal.
 *
 * @throws FindingError `yaml-emit` for what YAML cannot hold: half a surrogate pair, a container within itself, functions, sets, bytes
 */
export function emit(documents: readonly Value[]): string {
  const writer = new Writer();
  documents.forEach((document, index) => {
    if (index > 0) writer.out += "---\n";
    writer.document(document);
  });
  return writer.out;
}

/** No honest manifest nests so deep: what does contains itself. */
const MAX_DEPTH = 400;
/** Readers take no longer key without `?`. */
const LONGEST_SIMPLE_KEY = 1000;

class Writer {
  out = "";
  #depth = 0;

  document(value: Value): void {
    if (isCollection(value) && !isEmpty(value)) this.#block(value, "");
    else this.out += `${scalar(value, false)}\n`;
  }

  /** A filled collection, its first line starting at the writer's place, which is indented already. */
  #block(value: PyDict | readonly Value[], indent: string): void {
    if (++this.#depth > MAX_DEPTH) throw refuse(`the data nests deeper than ${MAX_DEPTH} levels, or contains itself`);
    let first = true;
    if (value instanceof PyDict) {
      for (const [key, item] of value.entries()) {
        if (!first) this.out += indent;
        first = false;
        this.#entry(key, item, indent);
      }
    } else {
      for (const item of value) {
        if (!first) this.out += indent;
        first = false;
        this.out += "- ";
        this.#inline(item, indent);
      }
    }
    this.#depth--;
  }

  #entry(key: Value, item: Value, indent: string): void {
    const text = scalar(key, true);
    if (text.length > LONGEST_SIMPLE_KEY) {
      this.out += `? ${text}\n${indent}: `;
      this.#inline(item, indent);
      return;
    }
    this.out += `${text}:`;
    const collection = asCollection(item);
    if (collection === undefined || isEmpty(collection)) {
      this.out += " ";
      this.#leaf(item, indent);
    } else if (collection instanceof PyDict) {
      this.out += `\n${indent}  `;
      this.#block(collection, `${indent}  `);
    } else {
      this.out += `\n${indent}`;
      this.#block(collection, indent);
    }
  }

  /** A value that begins on the line of its `- `. */
  #inline(item: Value, indent: string): void {
    const collection = asCollection(item);
    if (collection === undefined || isEmpty(collection)) this.#leaf(item, indent);
    else this.#block(collection, `${indent}  `);
  }

  #leaf(value: Value, indent: string): void {
    if (typeof value !== "string") {
      this.out += `${scalar(value, false)}\n`;
      return;
    }
    if (hasLoneSurrogate(value)) throw refuse("a string has half a surrogate pair, which is no character");
    const form = stringForm(value, true);
    if (form.kind === "plain") this.out += `${value}\n`;
    else if (form.kind === "quoted") this.out += `${form.text}\n`;
    else {
      this.out += `${form.header}\n`;
      for (const line of form.lines) this.out += line === "" ? "\n" : `${indent}  ${line}\n`;
    }
  }
}

function scalar(value: Value, key: boolean): string {
  if (typeof value === "string") {
    if (hasLoneSurrogate(value)) throw refuse("a string has half a surrogate pair, which is no character");
    return isPlainSafe(value) ? value : doubleQuoted(value);
  }
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof PyFloat) return floatText(value.value);
  const collection = key ? undefined : asCollection(value);
  if (collection !== undefined && isEmpty(collection)) return collection instanceof PyDict ? "{}" : "[]";
  throw refuse(`a ${typeName(value)} cannot be written as YAML${key ? ", as a key" : ""}`);
}

function asCollection(value: Value): PyDict | readonly Value[] | undefined {
  if (value instanceof PyTuple) return value.items;
  return Array.isArray(value) || value instanceof PyDict ? value : undefined;
}

function isCollection(value: Value): value is PyDict | Value[] {
  return Array.isArray(value) || value instanceof PyDict;
}

function isEmpty(value: PyDict | readonly Value[]): boolean {
  return value instanceof PyDict ? value.size === 0 : value.length === 0;
}

function refuse(message: string): FindingError {
  return new FindingError({ code: "yaml-emit", severity: "error", message });
}
