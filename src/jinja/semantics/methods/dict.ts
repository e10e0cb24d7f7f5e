import { PyDict, PyError, PyTuple, repr, type Kwargs, type Value } from "../../../python/index.ts";
import { MethodMaker, type MethodTable } from "../args.ts";
import { typeError, valueError } from "../errors.ts";
import { isIterable, iterate, listOf } from "../sequence.ts";
import { PyDictView } from "../values.ts";

/** Python's `dict` methods. Salt's environment lets templates change dicts. */
export function dictMethods(): MethodTable<PyDict> {
  const make = new MethodMaker<PyDict>("dict");
  make.positional("get", 1, 2, (dict, [key = null, fallback = null]) => {
    const value = dict.get(key);
    return value === undefined ? fallback : value;
  });
  make.none("keys", (dict) => new PyDictView(dict, "keys"));
  make.none("values", (dict) => new PyDictView(dict, "values"));
  make.none("items", (dict) => new PyDictView(dict, "items"));
  make.raw("update", (dict, args, kwargs) => {
    if (args.length > 1) throw typeError(`update expected at most 1 argument, got ${args.length}`);
    updateDict(dict, args[0], kwargs);
    return null;
  });
  make.positional("pop", 1, 2, (dict, [key = null, fallback]) => {
    const value = dict.get(key);
    if (value === undefined) {
      if (fallback === undefined) throw new PyError("KeyError", repr(key));
      return fallback;
    }
    dict.delete(key);
    return value;
  });
  make.none("popitem", (dict) => {
    let last: [Value, Value] | undefined;
    for (const entry of dict.entries()) last = entry;
    if (last === undefined) throw new PyError("KeyError", repr("popitem(): dictionary is empty"));
    dict.delete(last[0]);
    return new PyTuple(last);
  });
  make.positional("setdefault", 1, 2, (dict, [key = null, fallback = null]) => {
    const value = dict.get(key);
    if (value !== undefined) return value;
    dict.set(key, fallback);
    return fallback;
  });
  make.none("copy", (dict) => dict.copy());
  make.none("clear", (dict) => {
    dict.clear();
    return null;
  });
  make.positional("fromkeys", 1, 2, (_dict, [keys = null, value = null]) => {
    const fresh = new PyDict();
    for (const key of iterate(keys)) fresh.set(key, value);
    return fresh;
  });
  return make.table;
}

/** `dict.update(source, **kwargs)`; also what `dict(…)` does. @throws PyError TypeError, ValueError */
export function updateDict(dict: PyDict, source: Value | undefined, kwargs: Kwargs): void {
  if (source instanceof PyDict) {
    for (const key of source.keys()) dict.take(source, key);
  } else if (source !== undefined) {
    let index = 0;
    for (const item of iterate(source)) {
      if (!isIterable(item)) throw typeError(`cannot convert dictionary update sequence element #${index} to a sequence`);
      const pair = listOf(item);
      const [key = null, value = null] = pair;
      if (pair.length !== 2) throw valueError(`dictionary update sequence element #${index} has length ${pair.length}; 2 is required`);
      dict.set(key, value);
      index++;
    }
  }
  for (const [key, value] of kwargs) dict.set(key, value);
}
