import { PyDict, PyError, str, type Value } from "../../python/index.ts";
import { filterBy, traverse } from "../data/index.ts";
import { compareCodePoints } from "../fileroots/index.ts";
import { isTrue } from "./truth.ts";
import type { ModuleFunction, ModuleTable } from "./types.ts";

const MISSING = Symbol("missing");

/** What `sanitize=True` puts in place of grains that name the machine. */
const SANITIZERS: Readonly<Record<string, (value: Value) => Value>> = {
  serialnumber: (value) => {
    const text = Array.from(str(value));
    const kept = Math.floor(text.length * 0.75);
    return text.slice(0, kept).join("") + "X".repeat(text.length - kept);
  },
  domain: () => "DOMAINNAME",
  fqdn: () => "MINION.DOMAINNAME",
  id: () => "MINION.DOMAINNAME",
  host: () => "MINION",
  localhost: () => "MINION",
  nodename: () => "MINION",
};

/** `grains.*` as far as it reads (salt/modules/grains.py, 3007.1). */
export function grainsModule(): ModuleTable {
  const get: ModuleFunction = {
    signature: "key default? delimiter? ordered?",
    run: ({ minion }, [key = null, fallback = "", delimiter = ":", ordered = true]) => {
      // What Salt 3007.1 itself does: the grains it holds cannot be written as JSON.
      if (ordered !== true) throw new PyError("TypeError", "Object of type NamedLoaderContext is not JSON serializable");
      return traverse(minion.grains, key, fallback, delimiter);
    },
  };
  return {
    get,
    fetch: { ...get, pythonName: "get" },
    has_value: {
      signature: "key",
      run: ({ minion }, [key = null]) => traverse(minion.grains, key, MISSING) !== MISSING,
    },
    items: {
      signature: "sanitize?",
      run: ({ minion }, [sanitize = false]) => (isTrue(sanitize) ? sanitized(minion.grains.copy()) : minion.grains.copy()),
    },
    item: {
      signature: "*args **kwargs",
      run: ({ minion }, _values, { args, kwargs }) => {
        const found = new PyDict();
        for (const key of args) found.set(key, traverse(minion.grains, key, kwargs.get("default") ?? "", kwargs.get("delimiter") ?? ":"));
        return isTrue(kwargs.get("sanitize") ?? null) ? sanitized(found) : found;
      },
    },
    ls: {
      signature: "",
      run: ({ minion }) => [...minion.grains.keys()].sort((a, b) => compareCodePoints(str(a), str(b))),
    },
    equals: {
      signature: "key value",
      run: ({ minion }, [key = null, value = null]) => str(value) === str(traverse(minion.grains, key, "")),
    },
    filter_by: {
      signature: "lookup_dict grain? merge? default? base?",
      run: ({ minion }, [lookup = null, path = "os_family", merge = null, fallback = "default", base = null]) =>
        filterBy({ lookup, path, data: minion.grains, merge, fallback, base }),
    },
    ...Object.fromEntries(["append", "delkey", "delval", "remove", "set", "setval", "setvals"].map((name) => [name, refusedWrite(name)])),
  };
}

function refusedWrite(name: string): ModuleFunction {
  return {
    signature: "*args **kwargs",
    run: () => {
      throw new PyError("ImpureError", `grains.${name} would change the minion's grains; a render changes nothing`);
    },
  };
}

function sanitized(grains: PyDict): PyDict {
  for (const [key, hide] of Object.entries(SANITIZERS)) {
    const value = grains.get(key);
    if (value !== undefined) grains.set(key, hide(value));
  }
  return grains;
}
