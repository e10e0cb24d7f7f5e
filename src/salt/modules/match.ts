import { FindingError } from "../../finding/index.ts";
import { PyDict, PyError, str, truthy, typeName, type Value } from "../../python/index.ts";
import { deepCopy, update } from "../data/index.ts";
import { matches, subjectOf, type Engine } from "../match/index.ts";
import { bind, signature } from "./signature.ts";
import type { ModuleContext, ModuleFunction, ModuleTable } from "./types.ts";

/** `match.*` (salt/modules/match.py, 3007.1): the matchers hold the expression against this minion, and answer false for one that is broken. */
export function matchModule(): ModuleTable {
  return {
    ...Object.fromEntries(MATCHERS.map(([name, matcher]) => [name, matcher])),
    filter_by: {
      signature: "lookup tgt_type? minion_id? merge? merge_lists? default?",
      run: (context, [lookup = null, type = "compound", minionId = null, merge = null, mergeLists = false, fallback = "default"]) =>
        filterByTarget(context, { lookup: dictOf(lookup), type, minionId, merge, mergeLists, fallback }),
    },
    search_by: {
      signature: "lookup tgt_type? minion_id?",
      run: (context, [lookup = null, type = "compound", minionId = null]) => {
        const found: Value[] = [];
        for (const [key, targets] of dictOf(lookup).entries())
          for (const target of listOf(targets)) if (answers(context, type, target, minionId)) found.push(key);
        return found.length > 0 ? found : null;
      },
    },
    ifelse: IFELSE,
  };
}

/** The `ifelse` global of templates: pairs of target and value, and a last value for when none matches. */
export const IFELSE: ModuleFunction = {
  signature: "*args tgt_type? minion_id? merge? merge_lists?",
  run: (context, [type = "compound", minionId = null, merge = null, mergeLists = false], { args }) => {
    if (args.length % 2 === 0) throw new PyError("SaltException", "The ifelse function must have an odd number of arguments!");
    const last = args.at(-1) ?? null;
    if (args.length === 1) return last;
    const lookup = new PyDict();
    for (let index = 0; index + 1 < args.length; index += 2) {
      const key = args[index] ?? null;
      lookup.set(key === true ? "*" : key === false ? "SALT_IFELSE_MATCH_NOTHING" : key, args[index + 1] ?? null);
    }
    lookup.set("SALT_IFELSE_FUNCTION_DEFAULT", last);
    return filterByTarget(context, { lookup, type, minionId, merge, mergeLists, fallback: "SALT_IFELSE_FUNCTION_DEFAULT" });
  },
};

function byId(engine: Engine, pythonName?: string): ModuleFunction {
  return {
    signature: "tgt minion_id?",
    ...(pythonName === undefined ? {} : { pythonName }),
    run: (context, [tgt = null, minionId = null]) => answer(context, engine, tgt, ":", minionId === null ? undefined : str(minionId)),
  };
}

function byPath(engine: Engine): ModuleFunction {
  return {
    signature: "tgt delimiter?",
    run: (context, [tgt = null, delimiter = ":"]) => answer(context, engine, tgt, str(delimiter), undefined),
  };
}

function plain(engine: Engine): ModuleFunction {
  return { signature: "tgt", run: (context, [tgt = null]) => answer(context, engine, tgt, ":", undefined) };
}

const MATCHERS: readonly (readonly [string, ModuleFunction])[] = [
  ["compound", byId("compound")],
  ["glob", byId("glob")],
  ["list", byId("list", "list_")],
  ["pcre", byId("pcre")],
  ["grain", byPath("grain")],
  ["grain_pcre", byPath("grain_pcre")],
  ["pillar", byPath("pillar")],
  ["pillar_pcre", byPath("pillar_pcre")],
  ["ipcidr", plain("ipcidr")],
  ["data", plain("data")],
];

function answer(context: ModuleContext, engine: Engine, expression: Value, delimiter: string, minionId: string | undefined): boolean {
  try {
    const { grains, opts } = context.minion;
    const nodegroups = opts.get("nodegroups") ?? null;
    const subject =
      minionId === undefined
        ? subjectOf(context.minion, nodegroups, context.pillar)
        : { id: minionId, grains, pillar: context.pillar, nodegroups };
    return matches(subject, expression, { engine, delimiter });
  } catch (error) {
    // Salt logs what a matcher raises and answers false.
    if ((error instanceof PyError && error.type !== "ImpureError") || error instanceof FindingError) return false;
    throw error;
  }
}

/** One question of filter_by and search_by; `type` is the name of a Python function of the module. */
function answers(context: ModuleContext, type: Value, target: Value, minionId: Value): boolean {
  const matcher = MATCHERS.find(([name, { pythonName = name }]) => pythonName === type)?.[1];
  if (matcher === undefined) throw new PyError("KeyError", typeof type === "string" ? `'${type}'` : str(type));
  const bound = bind(
    signature(matcher.pythonName ?? str(type), matcher.signature),
    truthy(minionId) ? [target, minionId] : [target],
    new Map(),
  );
  return truthy(matcher.run(context, bound.values, bound));
}

interface FilterByTarget {
  readonly lookup: PyDict;
  readonly type: Value;
  readonly minionId: Value;
  readonly merge: Value;
  readonly mergeLists: Value;
  readonly fallback: Value;
}

function filterByTarget(context: ModuleContext, { lookup, type, minionId, merge, mergeLists, fallback }: FilterByTarget): Value {
  for (const [key, value] of lookup.entries()) {
    if (!answers(context, type, key, minionId)) continue;
    if (!truthy(merge)) return value;
    if (!(merge instanceof PyDict)) throw new PyError("SaltException", "filter_by merge argument must be a dictionary.");
    if (value === null) return merge;
    return update(value, deepCopy(merge), { mergeLists: truthy(mergeLists) });
  }
  return lookup.get(fallback) ?? null;
}

function dictOf(value: Value): PyDict {
  if (value instanceof PyDict) return value;
  throw new PyError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
}

function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof PyDict) return [...value.keys()];
  throw new PyError("TypeError", `'${typeName(value)}' object is not iterable`);
}
