import { YamlError } from "./error.ts";
import type { MappingNode, Node } from "./nodes.ts";
import { YAML_TAG } from "./salt-scalar.ts";
import type { Source } from "./source.ts";

/** What a document's merges have put together so far. */
export interface FlattenBudget {
  pairs: number;
  /** Merges within merges that are being followed. */
  depth: number;
}

/** How many entries `<<` may copy in one document. */
const MAX_MERGED_PAIRS = 200_000;

/** How deep merges may lie within merges. */
const MAX_MERGE_DEPTH = 900;

/**
 * Puts what `<<` names into a mapping's own entries, in Salt's way (SaltYamlSafeLoader.flatten_mapping): merged entries come first, the
 * mapping's own keys win, a list's later mappings come before its earlier ones, and a key that two merged mappings share stays twice,
 * which is then refused as a duplicate. A node is changed in place, so that a second visit finds it flat.
 */
export function flattenMapping(node: MappingNode, source: Source, budget: FlattenBudget): void {
  if (!node.entries.some((key, index) => index % 2 === 0 && (isMerge(key) || isPlain(key, "=")))) return;
  if (++budget.depth > MAX_MERGE_DEPTH) {
    throw new YamlError(source, {
      code: "yaml-limit",
      type: "ConstructorError",
      problem: `merge keys nest deeper than ${MAX_MERGE_DEPTH} levels`,
      problemAt: node.at,
    });
  }
  const merged: Node[] = [];
  const own: Node[] = [];
  const entries = node.entries;
  // Emptied entry by entry in Python: a mapping that merges itself finds what is left of it.
  for (let index = 0; index + 1 < entries.length;) {
    const key = entries[index];
    const value = entries[index + 1];
    if (key === undefined || value === undefined) break;
    if (isMerge(key)) {
      entries.splice(index, 2);
      for (const mapping of mergedMappings(node, value, source, budget)) {
        budget.pairs += mapping.length / 2;
        if (budget.pairs > MAX_MERGED_PAIRS) {
          throw new YamlError(source, {
            code: "yaml-limit",
            type: "ConstructorError",
            problem: `merge keys copy more than ${MAX_MERGED_PAIRS} entries`,
            problemAt: key.at,
          });
        }
        for (const child of mapping) merged.push(child);
      }
    } else {
      if (key.kind === "scalar" && isPlain(key, "=")) key.tag = `${YAML_TAG}str`;
      index += 2;
    }
  }
  budget.depth--;
  if (merged.length === 0) return;
  const existing = new Set<unknown>();
  for (let index = 0; index < entries.length; index += 2) existing.add(identity(entries[index]));
  for (let index = 0; index + 1 < merged.length; index += 2) {
    const key = merged[index];
    const value = merged[index + 1];
    if (key !== undefined && value !== undefined && !existing.has(identity(key))) own.push(key, value);
  }
  node.entries = [...own, ...entries];
}

/** The entries of the mappings that a merge names, in the order in which they are merged. */
function mergedMappings(node: MappingNode, value: Node, source: Source, budget: FlattenBudget): readonly (readonly Node[])[] {
  const refuse = (expected: string, found: Node): YamlError =>
    new YamlError(source, {
      code: "yaml-value",
      type: "ConstructorError",
      context: "while constructing a mapping",
      contextAt: node.at,
      problem: `expected ${expected} for merging, but found ${found.kind}`,
      problemAt: found.at,
    });
  if (value.kind === "mapping") {
    flattenMapping(value, source, budget);
    return [value.entries];
  }
  if (value.kind !== "sequence") throw refuse("a mapping or list of mappings", value);
  const lists: (readonly Node[])[] = [];
  for (const item of value.items) {
    if (item.kind !== "mapping") throw refuse("a mapping", item);
    flattenMapping(item, source, budget);
    lists.push(item.entries);
  }
  return lists.reverse();
}

/** What PyYAML compares keys by here: the text as written, whatever its type. */
function identity(node: Node | undefined): unknown {
  return node?.kind === "scalar" ? node.value : node;
}

function isMerge(node: Node): boolean {
  return node.kind === "scalar" && (node.tag === `${YAML_TAG}merge` || isPlain(node, "<<"));
}

function isPlain(node: Node, text: string): boolean {
  if (node.kind !== "scalar" || node.value !== text) return false;
  return (node.tag === undefined && node.plain) || (text === "=" && node.tag === `${YAML_TAG}value`);
}
