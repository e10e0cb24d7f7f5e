import { equals, PyDict, PyError, PyOrderedDict, PySet, PyTuple, str, truthy, typeName, type Value } from "../../python/index.ts";
import { deepCopy, filterBy, traverse, update } from "../data/index.ts";
import { isTrue } from "./truth.ts";
import type { Bound } from "./signature.ts";
import type { ModuleContext, ModuleFunction, ModuleTable } from "./types.ts";

const MISSING = Symbol("missing");

/** `pillar.*` (salt/modules/pillar.py, 3007.1). */
export function pillarModule(): ModuleTable {
  const get: ModuleFunction = {
    signature: "key default? merge? merge_nested_lists? delimiter? pillarenv? saltenv?",
    run: (context, [key = null, fallback, merge = false, mergeNested = null, delimiter = ":", pillarenv = null, saltenv = null]) => {
      const pillar = inMemory(context, pillarenv, saltenv);
      const mergeLists = truthy(mergeNested ?? context.minion.opts.get("pillar_merge_lists") ?? false);
      const whenMissing = isTrue(context.minion.opts.get("pillar_raise_on_missing") ?? false) ? MISSING : "";
      const other = fallback === undefined ? whenMissing : fallback;
      const merged = truthy(merge) ? mergedWith(pillar, key, other, delimiter, mergeLists) : undefined;
      if (merged !== undefined) return merged;
      const found = traverse(pillar, key, other, delimiter);
      if (found === MISSING) throw keyError(key);
      // `traverse` gives either the fallback, which is a value here, or a value.
      return typeof found === "symbol" ? null : found;
    },
  };
  const items = pillarOf((pillar) => pillar);
  return {
    get,
    fetch: { ...get, pythonName: "get" },
    items,
    data: { ...items, pythonName: "data" },
    item: {
      signature: "*args default? delimiter? pillarenv? saltenv?",
      run: (context, [fallback = null, delimiter = null, pillarenv = null, saltenv = null], { args }) =>
        itemsOf(inMemory(context, pillarenv, saltenv), args, fallback ?? "", delimiter ?? ":"),
    },
    raw: {
      signature: "key?",
      run: (context, [key = null]) => (truthy(key) ? (context.pillar.get(key) ?? new PyDict()) : context.pillar.copy()),
    },
    obfuscate: pillarOf(obfuscated),
    ls: pillarOf((pillar) => (pillar instanceof PyDict ? [...pillar.keys()] : [])),
    keys: {
      signature: "key delimiter?",
      run: (context, [key = null, delimiter = ":"]) => {
        const found = traverse(context.pillar, key, MISSING, delimiter);
        if (typeof found === "symbol") throw keyError(key);
        if (!(found instanceof PyDict)) throw new PyError("ValueError", `Pillar value in key ${str(key)} is not a dict`);
        return [...found.keys()];
      },
    },
    file_exists: {
      signature: "path saltenv?",
      run: ({ minion: { pillarRoots } }, [path = null, saltenv = null]) => {
        const environments = truthy(saltenv) ? [str(saltenv)] : pillarRoots.environments();
        return environments.some((name) => pillarRoots.find(name, str(path)) !== undefined);
      },
    },
    filter_by: {
      signature: "lookup_dict pillar merge? default? base?",
      run: (context, [lookup = null, path = null, merge = null, fallback = "default", base = null]) =>
        filterBy({ lookup, path, data: context.pillar, merge, fallback, base }),
    },
  };
}

/** The pillar in memory, or one compiled anew where an environment is named, as Salt does. */
function inMemory(context: ModuleContext, pillarenv: Value, saltenv: Value): PyDict {
  if (pillarenv === null && saltenv === null) return context.pillar;
  return fresh(context, pillarenv, saltenv, null);
}

function fresh(context: ModuleContext, pillarenv: Value, saltenv: Value, override: Value): PyDict {
  const { opts } = context.minion;
  let environment = pillarenv;
  if (environment === null)
    environment = isTrue(opts.get("pillarenv_from_saltenv") ?? false)
      ? truthy(saltenv)
        ? saltenv
        : (opts.get("saltenv") ?? null)
      : (opts.get("pillarenv") ?? null);
  return context.freshPillar({
    pillarenv: environment === null ? null : str(environment),
    override: override instanceof PyDict ? override : null,
  });
}

/** `pillar.items` and what is made of it; with arguments it is `pillar.item`. */
function pillarOf(make: (pillar: Value) => Value): ModuleFunction {
  return {
    signature: "*args pillar? pillar_enc? pillarenv? saltenv?",
    run: (context, [override = null, encrypted = null, pillarenv = null, saltenv = null], { args }: Bound) => {
      if (args.length > 0) return make(itemsOf(inMemory(context, pillarenv, saltenv), args, "", ":"));
      if (truthy(override) && truthy(encrypted))
        throw new PyError("CommandExecutionError", "Failed to decrypt pillar override: a render has no private key");
      return make(fresh(context, pillarenv, saltenv, override));
    },
  };
}

function itemsOf(pillar: PyDict, keys: readonly Value[], fallback: Value, delimiter: Value): PyDict {
  const found = new PyDict();
  for (const key of keys) found.set(key, traverse(pillar, key, fallback, delimiter));
  return found;
}

/** The fallback with what pillar has put over it, where both are dicts or both lists. */
function mergedWith(pillar: PyDict, key: Value, fallback: Value | symbol, delimiter: Value, mergeLists: boolean): Value | undefined {
  if (fallback instanceof PyDict) {
    const found = traverse(pillar, key, new PyDict(), delimiter);
    return found instanceof PyDict ? update(deepCopy(fallback), found, { mergeLists }) : undefined;
  }
  if (!Array.isArray(fallback)) return undefined;
  const found = traverse(pillar, key, [], delimiter);
  if (!Array.isArray(found)) return undefined;
  const merged = fallback.map((item) => deepCopy(item));
  return [...merged, ...found.filter((item) => !merged.some((other) => equals(other, item)))];
}

function keyError(key: Value): PyError {
  return new PyError("KeyError", `'Pillar key not found: ${str(key)}'`);
}

/** Each leaf replaced by the name of its type. */
function obfuscated(value: Value): Value {
  if (value instanceof PyDict) {
    const dict = value instanceof PyOrderedDict ? new PyOrderedDict() : new PyDict();
    for (const [key, item] of value.entries()) dict.set(key, obfuscated(item));
    return dict;
  }
  if (Array.isArray(value)) return value.map(obfuscated);
  if (value instanceof PyTuple) return new PyTuple(value.items.map(obfuscated));
  if (value instanceof PySet) return new PySet([...value.values()].map(obfuscated));
  return `<${typeName(value)}>`;
}
