import type { Value } from "../python/index.ts";
import { PyYamlEmitter } from "./pyyaml-emitter.ts";
import { represent, type DumpMapping, type DumpNode, type DumpSequence, type DumpStyle } from "./pyyaml-represent.ts";

/** The options of `yaml.dump` that act on the text, under camel-case names. */
export interface DumpPyYamlOptions {
  /** `true`: `{a: 1}`; `false`: one line an entry; `null`: flow where a collection holds scalars only. Default `null`, as Salt sets it. */
  readonly defaultFlowStyle?: boolean | null;
  /** A quoting style for every scalar. Default none. */
  readonly defaultStyle?: DumpStyle | null;
  /** Spaces of indentation, 2 to 9, else 2. Default 2. */
  readonly indent?: number | null;
  /** Columns after which lines are folded; negative never, less than twice the indentation means 80. Default 80. */
  readonly width?: number | null;
  /** Write characters beyond ASCII as they are. Default `true` in dumpPyYaml, `false` in serializePyYaml. */
  readonly allowUnicode?: boolean | null;
  /** Sort the keys of dicts. Default `true`; an OrderedDict keeps its order in dumpPyYaml, not in serializePyYaml. */
  readonly sortKeys?: boolean;
  /** Begin with `---`. Default `false`. */
  readonly explicitStart?: boolean | null;
  /** End with `...`. Default `false`. */
  readonly explicitEnd?: boolean | null;
}

/**
 * What `salt.utils.yaml.safe_dump(value, …)` of Salt 3007.1 returns: SafeOrderedDumper on PyYAML 6.0.3's CSafeDumper. What is no data
 * (functions, Undefined) prints as `NULL`. The filter `|yaml` is this with `defaultFlowStyle: true`, stripped.
 *
 * @throws FindingError `yaml-limit` for data nested too deep
 */
export function dumpPyYaml(value: Value, options: DumpPyYamlOptions = {}): string {
  return dump(value, { allowUnicode: true, ...options }, false);
}

/**
 * What `salt.serializers.yaml.serialize(value, …)` returns, for `file.serialize` and `slsutil.serialize`: every dict sorted, ASCII unless
 * told otherwise, without the last line break.
 *
 * @throws FindingError `yaml-represent` for what is no data, `yaml-limit` for data nested too deep
 */
export function serializePyYaml(value: Value, options: DumpPyYamlOptions = {}): string {
  const text = dump(value, options, true);
  if (text.endsWith("\n...\n")) return text.slice(0, -5);
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

function dump(value: Value, options: DumpPyYamlOptions, serializer: boolean): string {
  const root = represent(value, {
    defaultFlowStyle: options.defaultFlowStyle ?? null,
    defaultStyle: options.defaultStyle ?? undefined,
    sortKeys: options.sortKeys ?? true,
    sortOrderedDicts: serializer,
    undefinedAsNull: !serializer,
  });
  nameAnchors(root);
  const given = options.indent ?? 2;
  const indent = given > 1 && given < 10 ? given : 2;
  const width = options.width ?? 80;
  const emitter = new PyYamlEmitter({
    indent,
    width: width < 0 ? Infinity : width <= indent * 2 ? 80 : width,
    allowUnicode: options.allowUnicode ?? false,
    explicitStart: options.explicitStart ?? false,
    explicitEnd: options.explicitEnd ?? false,
  });
  emitter.document(root);
  return emitter.out;
}

/** Gives each collection that is met twice a name, `id001` and so on, in the order of the second meetings. */
function nameAnchors(root: DumpNode): void {
  const seen = new Set<DumpSequence | DumpMapping>();
  let count = 0;
  const visit = (node: DumpNode): void => {
    if (node.kind === "scalar") return;
    if (seen.has(node)) {
      node.anchor ??= `id${String(++count).padStart(3, "0")}`;
      return;
    }
    seen.add(node);
    if (node.kind === "sequence") node.items.forEach(visit);
    else
      for (const [key, value] of node.entries) {
        visit(key);
        visit(value);
      }
  };
  visit(root);
}
