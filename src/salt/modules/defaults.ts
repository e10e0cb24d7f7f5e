import { FindingError } from "../../finding/index.ts";
import { PyDict, PyError, truthy, typeName, type Value } from "../../python/index.ts";
import { loadSalt } from "../../yaml/index.ts";
import { deepCopy, loadJson, traverse, update } from "../data/index.ts";
import type { ModuleContext, ModuleTable } from "./types.ts";

/** `defaults.*` (salt/modules/defaults.py, 3007.1). */
export function defaultsModule(): ModuleTable {
  return {
    get: {
      signature: "key default?",
      run: (context, [key = null, fallback = ""]) => {
        if (typeof key !== "string") throw new PyError("TypeError", `argument of type '${typeName(key)}' is not iterable`);
        const cut = key.indexOf(":");
        const defaults = load(context, cut < 0 ? key : key.slice(0, cut));
        const path = cut < 0 ? "" : key.slice(cut + 1);
        return path === "" ? defaults : traverse(defaults, path, fallback);
      },
    },
    merge: {
      signature: "dest src merge_lists? in_place? convert_none?",
      run: (_context, [dest = null, src = null, mergeLists = false, inPlace = true, convertNone = true]) =>
        merge(dest, src, truthy(mergeLists), truthy(inPlace), truthy(convertNone)),
    },
    deepcopy: { signature: "source", run: (_context, [source = null]) => deepCopy(source) },
    update: {
      signature: "dest defaults merge_lists? in_place? convert_none?",
      run: (_context, [dest = null, defaults = null, mergeLists = true, inPlace = true, convertNone = true]) => {
        if (truthy(inPlace) && dest === null) throw new PyError("TypeError", "Can't perform in-place update into NoneType");
        const given = dest === null && truthy(convertNone) ? new PyDict() : dest;
        const nodes = truthy(inPlace) ? given : deepCopy(given);
        const under = defaults === null && truthy(convertNone) ? new PyDict() : defaults;
        if (!(nodes instanceof PyDict)) throw new PyError("AttributeError", `'${typeName(nodes)}' object has no attribute 'items'`);
        for (const [name, values] of nodes.entries())
          nodes.set(name, merge(deepCopy(under), values, truthy(mergeLists), true, truthy(convertNone)));
        return nodes;
      },
    },
  };
}

function merge(dest: Value, src: Value, mergeLists: boolean, inPlace: boolean, convertNone: boolean): PyDict {
  if (dest === null && convertNone && inPlace) throw new PyError("TypeError", "Can't perform in-place merge into NoneType");
  const given = dest === null && convertNone ? new PyDict() : dest;
  return update(inPlace ? given : deepCopy(given), src === null && convertNone ? new PyDict() : src, { mergeLists });
}

/** The formula's `defaults.yaml`, else its `defaults.json`; None where it has neither. */
function load({ minion }: ModuleContext, formula: string): Value {
  // Salt's file client is asked without an environment here, which is `base` whatever renders.
  const yaml = minion.fileRoots.find("base", `${formula}/defaults.yaml`);
  if (yaml !== undefined) return orEmpty(loadSalt(yaml.text, { file: yaml.display }).value);
  const json = minion.fileRoots.find("base", `${formula}/defaults.json`);
  if (json === undefined) return null;
  try {
    return orEmpty(loadJson(json.text));
  } catch (error) {
    if (!(error instanceof PyError)) throw error;
    throw new FindingError({ code: "json-syntax", severity: "error", message: error.message, at: { file: json.display } });
  }
}

function orEmpty(value: Value): Value {
  return truthy(value) ? value : new PyDict();
}
