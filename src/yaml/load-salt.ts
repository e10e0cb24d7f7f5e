import { equals, hashKey, PyDict, PyError, PyOrderedDict, PySet, PyTuple, repr, str, type Value } from "../python/index.ts";
import { YamlError, type Problem } from "./error.ts";
import type { Node, ScalarNode } from "./nodes.ts";
import { Parser } from "./parser.ts";
import { NO_POSITIONS, SourcePositions, type DataPositions } from "./positions.ts";
import { checkReadable } from "./readable.ts";
import {
  constructBinary,
  constructBool,
  constructFloat,
  constructInt,
  implicitTag,
  saltIntText,
  ScalarError,
  YAML_TAG,
} from "./salt-scalar.ts";
import { flattenMapping, type FlattenBudget } from "./salt-merge.ts";
import { Source, type Offset } from "./source.ts";

export interface LoadSaltOptions {
  /** What messages call the text: the path as the user would write it. */
  readonly file: string;
  /** Keep where each entry stands. Default false: `positions` then knows nothing, and the load is faster. */
  readonly positions?: boolean;
  /**
   * What mappings become. Salt's yaml renderer gives `OrderedDict` (salt/renderers/yaml.py), `import_yaml`, `load_yaml` and the rest
   * `dict`. Default `dict`.
   */
  readonly mappings?: "dict" | "OrderedDict";
}

export interface LoadedSalt {
  /** None (`null`) for a text without a document. */
  readonly value: Value;
  readonly positions: DataPositions;
}

/**
 * Loads YAML as Salt 3007.1's loader does: SaltYamlSafeLoader (salt/utils/yamlloader.py) on PyYAML 6.0.3's CSafeLoader.
 *
 * Aliased containers are the same object, also where they contain themselves.
 *
 * @throws YamlError (a FindingError): `yaml-syntax`, `yaml-duplicate-key`, `yaml-tag-refused`, `yaml-value`, `yaml-several-documents`,
 * `yaml-alias`, `yaml-limit`
 */
export function loadSalt(text: string, options: LoadSaltOptions): LoadedSalt {
  const source = new Source(text, options.file);
  checkReadable(source);
  const parser = new Parser(source, "libyaml");
  const document = parser.document();
  const positions = options.positions === true ? new SourcePositions(source) : undefined;
  if (document === undefined) return { value: null, positions: positions ?? NO_POSITIONS };
  const second = parser.nextDocument();
  if (second !== undefined) {
    throw new YamlError(source, {
      code: "yaml-several-documents",
      type: "ComposerError",
      context: "expected a single document in the stream",
      contextAt: document.root.at,
      problem: "but found another document",
      problemAt: second.at,
      message: "expected a single document in the stream, but found another document",
      places: [],
      advice: "Salt reads one document a file: take the second `---` out",
    });
  }
  const constructor = new SaltConstructor(source, positions, options.mappings === "OrderedDict");
  const value = constructor.document(document.root);
  if (parser.aliasesCollections) constructor.checkExpansion(document.root);
  return { value, positions: positions ?? NO_POSITIONS };
}

/** How deep collections may nest once aliases are written out. */
const MAX_ALIAS_DEPTH = 900;
/** How many nodes a document may have once its aliases are written out. */
const MAX_EXPANDED_NODES = 1_000_000;

/**
 * Nodes to values. As in PyYAML a container is made empty and filled later, in the order of a queue: that order decides which of several
 * errors is met.
 */
class SaltConstructor {
  readonly #source: Source;
  readonly #positions: SourcePositions | undefined;
  readonly #ordered: boolean;
  /** Containers to be filled. */
  readonly #queue: (() => void)[] = [];
  readonly #budget: FlattenBudget = { pairs: 0, depth: 0 };

  constructor(source: Source, positions: SourcePositions | undefined, ordered: boolean) {
    this.#source = source;
    this.#positions = positions;
    this.#ordered = ordered;
  }

  document(root: Node): Value {
    const value = this.#construct(root);
    for (let index = 0; index < this.#queue.length; index++) this.#queue[index]?.();
    return value;
  }

  /** Refuses documents that aliases make exponentially large: whoever prints or copies them would never end. */
  checkExpansion(root: Node): void {
    const sizes = new Map<Node, number>();
    let depth = 0;
    const size = (node: Node): number => {
      if (node.kind === "scalar" || node.kind === "alias") return 1;
      const known = sizes.get(node);
      if (known !== undefined) return known;
      // A container within itself counts once: it prints as `{...}`.
      sizes.set(node, 1);
      let total = 1;
      if (++depth > MAX_ALIAS_DEPTH) {
        throw this.#error({
          code: "yaml-limit",
          problem: `aliases nest collections deeper than ${MAX_ALIAS_DEPTH} levels`,
          problemAt: node.at,
        });
      }
      for (const child of node.kind === "sequence" ? node.items : node.entries) total += size(child);
      depth--;
      sizes.set(node, total);
      if (total > MAX_EXPANDED_NODES) {
        throw this.#error({
          code: "yaml-limit",
          problem: `aliases make this document larger than ${MAX_EXPANDED_NODES} nodes`,
          problemAt: node.at,
        });
      }
      return total;
    };
    size(root);
  }

  #error(problem: Omit<Problem, "code" | "type"> & { code?: Problem["code"]; type?: Problem["type"] }): YamlError {
    return new YamlError(this.#source, { code: "yaml-value", type: "ConstructorError", ...problem });
  }

  #construct(node: Node): Value {
    if (node.kind === "alias") throw new Error("Salt's composer leaves no alias");
    if (node.made !== undefined) return node.made;
    let value: Value;
    if (node.tag === undefined) {
      if (node.kind === "scalar") value = node.plain ? this.#plain(node) : node.value;
      else if (node.kind === "mapping") value = this.#mapping(node);
      else value = this.#sequence(node);
    } else value = this.#tagged(node, node.tag);
    node.made = value;
    return value;
  }

  #plain(node: ScalarNode): Value {
    const tag = implicitTag(node.value);
    switch (tag) {
      case "str":
      case "timestamp":
        return node.value;
      case "null":
        return null;
      case "bool":
        return constructBool(node.value);
      case "int":
        return this.#int(node);
      case "float":
        return this.#scalar(node, () => constructFloat(node.value));
      default:
        throw this.#refused(node, YAML_TAG + tag);
    }
  }

  #refused(node: Node, tag: string): YamlError {
    return this.#error({
      code: "yaml-tag-refused",
      problem: `could not determine a constructor for the tag ${repr(tag)}`,
      problemAt: node.at,
      ...(tag === `${YAML_TAG}value` || tag === `${YAML_TAG}merge` ? { advice: "quote it: as a value it is a tag of YAML 1.1" } : {}),
    });
  }

  #int(node: ScalarNode): Value {
    node.value = saltIntText(node.value);
    return this.#scalar(node, () => constructInt(node.value));
  }

  #scalar(node: Node, make: () => Value): Value {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof ScalarError)) throw error;
      throw this.#error({
        type: error.type,
        problem: error.message,
        problemAt: node.at,
        ...(error.type === "ConstructorError" ? {} : { text: error.message }),
      });
    }
  }

  #tagged(node: Exclude<Node, { kind: "alias" }>, tag: string): Value {
    switch (tag.startsWith(YAML_TAG) ? tag.slice(YAML_TAG.length) : "") {
      case "map":
      case "omap":
        return this.#mapping(node);
      case "seq":
        return this.#sequence(node);
      case "str":
      case "timestamp":
      case "python/unicode":
        return this.#scalarText(node);
      case "null":
        this.#scalarText(node);
        return null;
      case "bool": {
        const text = this.#scalarText(node);
        return this.#scalar(node, () => constructBool(text));
      }
      case "int": {
        if (node.kind === "scalar") return this.#int(node);
        // Salt asks the node's list of children for its text.
        const problem = "'list' object has no attribute 'startswith'";
        throw this.#error({ type: "AttributeError", problem, problemAt: node.at, text: problem });
      }
      case "float": {
        const text = this.#scalarText(node);
        return this.#scalar(node, () => constructFloat(text));
      }
      case "binary": {
        const text = this.#scalarText(node);
        return this.#scalar(node, () => constructBinary(text));
      }
      case "set":
        return this.#set(node);
      case "pairs":
        return this.#pairs(node);
      default:
        throw this.#refused(node, tag);
    }
  }

  /** construct_scalar: a scalar's text, or that of a mapping's `=` key. */
  #scalarText(node: Node): string {
    let current = node;
    for (;;) {
      if (current.kind === "scalar") return current.value;
      const entries: readonly Node[] = current.kind === "mapping" ? current.entries : [];
      const index = entries.findIndex((key, at) => at % 2 === 0 && isValueKey(key));
      const next = entries[index + 1];
      if (index < 0 || next === undefined) {
        throw this.#error({ problem: `expected a scalar node, but found ${current.kind}`, problemAt: current.at });
      }
      current = next;
    }
  }

  #sequence(node: Exclude<Node, { kind: "alias" }>): Value {
    const list: Value[] = [];
    this.#queue.push(() => {
      if (node.kind !== "sequence") {
        throw this.#error({ problem: `expected a sequence node, but found ${node.kind}`, problemAt: node.at });
      }
      for (const item of node.items) list.push(this.#construct(item));
    });
    if (node.kind === "sequence") this.#positions?.add(list, node);
    return list;
  }

  #mapping(node: Exclude<Node, { kind: "alias" }>): Value {
    const dict = this.#ordered ? new PyOrderedDict() : new PyDict();
    this.#queue.push(() => this.#fill(dict, node));
    if (node.kind === "mapping") this.#positions?.add(dict, node);
    return dict;
  }

  #fill(dict: PyDict, node: Exclude<Node, { kind: "alias" }>): void {
    if (node.kind !== "mapping") throw this.#error({ problem: `expected a mapping node, but found ${node.kind}`, problemAt: node.at });
    flattenMapping(node, this.#source, this.#budget);
    const { entries } = node;
    const CONTEXT = { context: "while constructing a mapping", contextAt: node.at };
    for (let index = 0; index + 1 < entries.length; index += 2) {
      const keyNode = entries[index];
      const valueNode = entries[index + 1];
      if (keyNode === undefined || valueNode === undefined) break;
      const key = this.#construct(keyNode);
      if (typeof key === "object" && key !== null && !this.#isHashable(key)) {
        throw this.#error({
          ...CONTEXT,
          problem: `found unacceptable key ${nodeValue(keyNode)}`,
          problemAt: keyNode.at,
          advice: "a mapping or list cannot be a key; `{{ x }}` of a template needs quotes round it",
        });
      }
      const value = this.#construct(valueNode);
      if (dict.has(key)) {
        throw this.#error({
          ...CONTEXT,
          code: "yaml-duplicate-key",
          problem: `found conflicting ID '${str(key)}'`,
          problemAt: keyNode.at,
          places: this.#firstUse(entries, index, key),
        });
      }
      dict.set(key, value);
    }
  }

  /** Where an equal key stood before, in a mapping's own entries or those that it merges. */
  #firstUse(entries: readonly Node[], before: number, key: Value): { how: string; at: Offset }[] {
    for (let index = 0; index < before; index += 2) {
      const node = entries[index];
      if (node !== undefined && node.kind !== "alias" && node.made !== undefined && equals(node.made, key)) {
        return [{ how: "first at", at: node.at }];
      }
    }
    return [];
  }

  #isHashable(value: Value): boolean {
    try {
      hashKey(value);
      return true;
    } catch (error) {
      if (error instanceof PyError) return false;
      throw error;
    }
  }

  #set(node: Exclude<Node, { kind: "alias" }>): Value {
    const set = new PySet();
    this.#queue.push(() => {
      const keys = new PyDict();
      this.#fill(keys, node);
      for (const key of keys.keys()) set.add(key);
    });
    return set;
  }

  #pairs(node: Exclude<Node, { kind: "alias" }>): Value {
    const pairs: Value[] = [];
    const CONTEXT = { context: "while constructing pairs", contextAt: node.at };
    this.#queue.push(() => {
      if (node.kind !== "sequence")
        throw this.#error({ ...CONTEXT, problem: `expected a sequence, but found ${node.kind}`, problemAt: node.at });
      for (const item of node.items) {
        if (item.kind !== "mapping") {
          throw this.#error({ ...CONTEXT, problem: `expected a mapping of length 1, but found ${item.kind}`, problemAt: item.at });
        }
        const [key, value] = item.entries;
        if (item.entries.length !== 2 || key === undefined || value === undefined) {
          throw this.#error({
            ...CONTEXT,
            problem: `expected a single mapping item, but found ${item.entries.length / 2} items`,
            problemAt: item.at,
          });
        }
        pairs.push(new PyTuple([this.#construct(key), this.#construct(value)]));
      }
    });
    return pairs;
  }
}

function isValueKey(node: Node): boolean {
  return node.kind === "scalar" && (node.tag === `${YAML_TAG}value` || (node.tag === undefined && node.plain && node.value === "="));
}

/** Aliases could make the print of a key endless. */
const MAX_PRINTED_NODES = 500;

/** `str(node.value)` in PyYAML: the text of a scalar, else the list of the nodes within. */
function nodeValue(node: Node, open: ReadonlySet<Node> = new Set(), budget = { nodes: MAX_PRINTED_NODES }): string {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "alias") return nodeValue(node.target, open, budget);
  if (open.has(node)) return "[...]";
  const within = new Set([...open, node]);
  const inner = (child: Node | undefined): string => {
    if (child === undefined || child.kind === "alias" || --budget.nodes < 0) return "";
    const name = child.kind === "scalar" ? "ScalarNode" : child.kind === "sequence" ? "SequenceNode" : "MappingNode";
    const value = child.kind === "scalar" ? repr(child.value) : nodeValue(child, within, budget);
    return `${name}(tag=${repr(tagOf(child))}, value=${value})`;
  };
  if (node.kind === "sequence") return `[${node.items.map(inner).join(", ")}]`;
  const pairs: string[] = [];
  for (let index = 0; index < node.entries.length; index += 2)
    pairs.push(`(${inner(node.entries[index])}, ${inner(node.entries[index + 1])})`);
  return `[${pairs.join(", ")}]`;
}

function tagOf(node: Exclude<Node, { kind: "alias" }>): string {
  if (node.tag !== undefined) return node.tag;
  if (node.kind === "scalar") return YAML_TAG + (node.plain ? implicitTag(node.value) : "str");
  return YAML_TAG + (node.kind === "sequence" ? "seq" : "map");
}
