import { PyDict } from "./dict.ts";
import { PyFloat } from "./float.ts";
import { PyBytes, PySet, PyTuple } from "./sequence.ts";
import { PyObject, type Value } from "./value.ts";

/** Python's `copy.deepcopy` of data: containers anew, shared and circular ones shared again; functions and the like as they are. */
export function deepCopy(value: Value): Value {
  return copy(value, new Map());
}

function copy(value: Value, done: Map<object, Value>): Value {
  if (value === null || typeof value !== "object") return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: Value[] = [];
    done.set(value, list);
    for (const item of value) list.push(copy(item, done));
    return list;
  }
  if (value instanceof PyDict) {
    const dict = value.emptyLike();
    done.set(value, dict);
    value.copyTo(dict, (item) => copy(item, done));
    return dict;
  }
  return copyImmutable(value, done);
}

/** Whether a value is no container and can't be changed. */
export function isScalar(value: Value): value is null | boolean | number | bigint | string | PyFloat | PyBytes {
  return value === null || typeof value !== "object" || value instanceof PyFloat || value instanceof PyBytes;
}

function copyImmutable(value: PyObject, done: Map<object, Value>): Value {
  if (value instanceof PyTuple) return new PyTuple(value.items.map((item) => copy(item, done)));
  if (value instanceof PySet) return new PySet(value.values());
  return value;
}
