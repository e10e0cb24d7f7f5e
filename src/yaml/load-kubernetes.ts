import { FindingError } from "../finding/index.ts";
import { int, PyDict, PyFloat, str, type Value } from "../python/index.ts";
import { YamlError, type Problem } from "./error.ts";
import { goFloatKey, resolveGo, type GoTag } from "./kubernetes-scalar.ts";
import { splitStream } from "./kubernetes-stream.ts";
import type { AliasNode, MappingNode, Node, ScalarNode } from "./nodes.ts";
import { Parser } from "./parser.ts";
import { SourcePositions, type DataPositions } from "./positions.ts";
import { checkReadable } from "./readable.ts";
import { YAML_TAG } from "./salt-scalar.ts";
import { Source, type Offset } from "./source.ts";

/** One document of a manifest, as JSON would hold it: dicts with string keys, lists, strings, numbers, booleans, null. */
export interface KubernetesDocument {
  readonly value: Value;
  readonly positions: DataPositions;
  /** Where its first text stands, from 1. */
  readonly line: number;
}

/**
 * Loads a manifest as kubectl does: the stream split at lines that begin with `---` (k8s.io/apimachinery, pkg/util/yaml), each part read by
 * sigs.k8s.io/yaml v1.6.0's YAMLToJSONStrict (go.yaml.in/yaml v2.4.3). Documents that are empty or null are left out; JSON is YAML here.
 *
 * One deviation: a second document within a part (behind `...`), which the real reader drops without a word, is an error.
 *
 * @throws YamlError (a FindingError): `yaml-syntax`, `yaml-duplicate-key`, `yaml-tag-refused`, `yaml-value`, `yaml-several-documents`,
 * `yaml-alias`, `yaml-limit`; FindingError `yaml-trailing-text`
 */
export function loadKubernetes(text: string, options: { readonly file: string }): KubernetesDocument[] {
  const whole = new Source(text, options.file);
  checkReadable(whole);
  const documents: KubernetesDocument[] = [];
  for (const part of splitStream(whole)) {
    const parser = new Parser(whole, "go", part);
    const parsed = parser.document();
    if (parsed === undefined) continue;
    refuseTrailing(parser, whole);
    const positions = new SourcePositions(whole);
    const value = new KubernetesConstructor(whole, positions).document(parsed.root);
    if (value === null) continue;
    documents.push({ value, positions, line: whole.place(parsed.root.at).line });
  }
  return documents;
}

/** The real reader takes a part's first document and drops what follows without a word, be it YAML or not. */
function refuseTrailing(parser: Parser, source: Source): void {
  let second: { readonly at: Offset } | undefined;
  try {
    second = parser.nextDocument();
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw new FindingError({ ...error.findings[0], code: "yaml-trailing-text" });
  }
  if (second === undefined) return;
  throw new YamlError(source, {
    code: "yaml-several-documents",
    type: "ComposerError",
    problem: "a second document follows without a line of its own that begins with '---': kubectl would drop it",
    problemAt: second.at,
    advice: "begin the second document with a line `---`",
  });
}

interface Duplicate {
  readonly key: Value;
  readonly at: Offset;
  readonly first: Offset | undefined;
}

/** How deep aliases may lie within what aliases name. */
const MAX_ALIAS_DEPTH = 100;

/** Told of each entry that goes into a mapping. */
type Record = (key: string, keyNode: Node, valueNode: Node) => void;

/** Nodes to JSON values; aliases are written out, within the bounds that go-yaml sets them (decode.go, allowedAliasRatio). */
class KubernetesConstructor {
  readonly #source: Source;
  readonly #positions: SourcePositions;
  readonly #open = new Set<AliasNode>();
  #decoded = 0;
  #aliased = 0;
  #duplicate: Duplicate | undefined;

  constructor(source: Source, positions: SourcePositions) {
    this.#source = source;
    this.#positions = positions;
  }

  document(root: Node): Value {
    const value = this.#value(root);
    if (this.#duplicate !== undefined) {
      const { key, at, first } = this.#duplicate;
      throw this.#error({
        code: "yaml-duplicate-key",
        problem: `key ${goQuote(key)} already set in map`,
        problemAt: at,
        advice: "take one of the two out",
        places: first === undefined ? [] : [{ how: "first at", at: first }],
      });
    }
    return value;
  }

  #error(problem: Omit<Problem, "code" | "type"> & { code?: Problem["code"] }): YamlError {
    return new YamlError(this.#source, { code: "yaml-value", type: "ConstructorError", ...problem });
  }

  #count(node: Node): void {
    this.#decoded++;
    if (this.#open.size > 0) this.#aliased++;
    if (this.#aliased > 100 && this.#decoded > 1000 && this.#aliased / this.#decoded > allowedAliasRatio(this.#decoded)) {
      throw this.#error({ code: "yaml-limit", problem: "document contains excessive aliasing", problemAt: node.at });
    }
  }

  /** A node as JSON holds it: a float without a fraction is an integer there, one that is no number is nothing. */
  #value(node: Node): Value {
    const value = this.#construct(node);
    if (!(value instanceof PyFloat)) return value;
    const float = value.value;
    if (!Number.isFinite(float)) {
      const name = Number.isNaN(float) ? "NaN" : float > 0 ? "+Inf" : "-Inf";
      throw this.#error({
        problem: `json: unsupported value: ${name}`,
        problemAt: node.at,
        advice: "JSON has no such number: quote it if it is text",
      });
    }
    return Number.isInteger(float) && Math.abs(float) < 2 ** 63 ? int(BigInt(float)) : value;
  }

  /** A node as Go's decoder makes it, which is what keys are made of. */
  #construct(node: Node): Value {
    this.#count(node);
    switch (node.kind) {
      case "alias":
        return this.#through(node, () => this.#construct(node.target));
      case "scalar":
        return this.#scalar(node);
      case "sequence": {
        const list: Value[] = [];
        for (const item of node.items) list.push(this.#value(item));
        this.#positions.add(list, node);
        return list;
      }
      default:
        return this.#mapping(node);
    }
  }

  #through<Result>(alias: AliasNode, run: () => Result): Result {
    if (this.#open.has(alias)) {
      throw this.#error({ code: "yaml-alias", problem: `anchor '${alias.name}' value contains itself`, problemAt: alias.at });
    }
    if (this.#open.size >= MAX_ALIAS_DEPTH) {
      throw this.#error({ code: "yaml-limit", problem: `aliases nest deeper than ${MAX_ALIAS_DEPTH} levels`, problemAt: alias.at });
    }
    this.#open.add(alias);
    const result = run();
    this.#open.delete(alias);
    return result;
  }

  #scalar(node: ScalarNode): Value {
    if (node.tag === undefined && !node.plain) return node.value;
    const tag = node.tag === undefined ? "" : node.tag.startsWith(YAML_TAG) ? `!!${node.tag.slice(YAML_TAG.length)}` : node.tag;
    switch (tag) {
      case "!!str":
        return node.value;
      case "!!binary":
        return this.#binary(node);
      case "":
      case "!!bool":
      case "!!int":
      case "!!float":
      case "!!null":
      case "!!timestamp":
        return this.#resolved(node, tag);
      default:
        // Go hands the text of an unknown tag on as a string.
        return node.value;
    }
  }

  #resolved(node: ScalarNode, tag: "" | GoTag): Value {
    const resolved = resolveGo(node.value);
    if (tag === "" || tag === resolved.tag) return resolved.value;
    if (tag === "!!float" && resolved.tag === "!!int" && (typeof resolved.value === "number" || typeof resolved.value === "bigint")) {
      return new PyFloat(Number(resolved.value));
    }
    throw this.#error({ problem: `cannot decode ${resolved.tag} \`${node.value}\` as a ${tag}`, problemAt: node.at });
  }

  #binary(node: ScalarNode): Value {
    const text = node.value.replace(/[\r\n]/g, "");
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
      throw this.#error({ problem: "!!binary value contains invalid base64 data", problemAt: node.at });
    }
    // encoding/json puts U+FFFD where bytes are no UTF-8.
    return Buffer.from(text, "base64").toString("utf8");
  }

  #mapping(node: MappingNode): Value {
    const dict = new PyDict();
    const { entries } = node;
    if (entries.some((key, index) => index % 2 === 0 && isMerge(key))) {
      const keys: Value[] = [];
      const at: Offset[] = [];
      const valueAt: Offset[] = [];
      this.#fill(dict, node, (key, keyNode, valueNode) => {
        keys.push(key);
        at.push(keyNode.at);
        valueAt.push(valueNode.at);
      });
      this.#positions.addMerged(dict, { keys, at, valueAt });
    } else {
      this.#fill(dict, node, undefined);
      this.#positions.add(dict, node);
    }
    return dict;
  }

  #fill(dict: PyDict, node: MappingNode, record: Record | undefined): void {
    const { entries } = node;
    for (let index = 0; index + 1 < entries.length; index += 2) {
      const keyNode = entries[index];
      const valueNode = entries[index + 1];
      if (keyNode === undefined || valueNode === undefined) break;
      if (isMerge(keyNode)) {
        this.#merge(dict, valueNode, record);
        continue;
      }
      const key = this.#construct(keyNode);
      const text = typeof key === "string" ? key : this.#keyText(key, keyNode);
      const target = keyNode.kind === "alias" ? keyNode.target : keyNode;
      target.made = text;
      const value = this.#value(valueNode);
      if (dict.has(text)) {
        this.#duplicate ??= { key, at: keyNode.at, first: firstUse(entries, index, text) };
        continue;
      }
      dict.set(text, value);
      record?.(text, keyNode, valueNode);
    }
  }

  /** go-yaml puts merged entries into the map as it meets them, where one that is there already counts as a duplicate. */
  #merge(dict: PyDict, value: Node, record: Record | undefined): void {
    const WANT = "map merge requires map or sequence of maps as the value";
    const merge = (node: Node): void => {
      this.#count(node);
      if (node.kind === "mapping") this.#fill(dict, node, record);
      else if (node.kind === "alias" && node.target.kind === "mapping") {
        const { target } = node;
        this.#through(node, () => {
          this.#count(target);
          this.#fill(dict, target, record);
        });
      } else throw this.#error({ problem: WANT, problemAt: node.at });
    };
    if (value.kind === "sequence") for (const item of value.items.toReversed()) merge(item);
    else merge(value);
  }

  /** sigs.k8s.io/yaml turns keys into strings: numbers and booleans as Go prints them; null, maps and lists it refuses. */
  #keyText(key: Value, node: Node): string {
    if (typeof key === "string") return key;
    if (typeof key === "number" || typeof key === "boolean") return String(key);
    if (typeof key === "bigint" && key < 2n ** 63n) return String(key);
    if (key instanceof PyFloat) return goFloatKey(key.value);
    const type = key === null ? "null" : typeof key === "bigint" ? "uint64" : Array.isArray(key) ? "list" : "map";
    throw this.#error({
      problem: `unsupported map key of type: ${type}`,
      problemAt: node.at,
      advice: type === "map" ? "a mapping cannot be a key; `{{ x }}` of a template needs quotes round it" : "quote the key",
    });
  }
}

/** Where a key of the same text stood before in the same mapping; a merged one stands elsewhere. */
function firstUse(entries: readonly Node[], before: number, text: string): Offset | undefined {
  return entries.find((node, index) => index < before && index % 2 === 0 && node.kind === "scalar" && node.made === text)?.at;
}

function allowedAliasRatio(decoded: number): number {
  const low = 400_000;
  const high = 4_000_000;
  if (decoded <= low) return 0.99;
  if (decoded >= high) return 0.1;
  return 0.99 - (0.89 * (decoded - low)) / (high - low);
}

/** go-yaml's isMerge: a lone `!` before the key changes nothing, in quotes either. */
function isMerge(node: Node): boolean {
  if (node.kind !== "scalar" || node.value !== "<<") return false;
  return node.tag === undefined ? node.plain : node.tag === "!" || node.tag === `${YAML_TAG}merge`;
}

/** Go's `%#v` of a key. */
function goQuote(key: Value): string {
  return typeof key === "string" ? JSON.stringify(key) : key instanceof PyFloat ? goFloatKey(key.value) : str(key);
}
