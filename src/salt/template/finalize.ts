import { NamedTuple } from "../../jinja/index.ts";
import { PyDict, PyError, PyObject, PyOrderedDict, PyTuple, repr, str, type Value } from "../../python/index.ts";

/**
 * What `{{ }}` prints of a value in Salt: mappings of any kind as `{'k': 'v'}` (SerializerExtension.finalizer and PrintableDict of
 * salt/utils/jinja.py, 3007.1).
 */
export function printable(value: Value): Value {
  if (value instanceof PyDict) return printDict(value);
  if (Array.isArray(value) || value instanceof PyTuple) return holdsOrdered(value, new Set()) ? plain(value) : value;
  return value;
}

/** PrintableDict.__str__: texts quoted, other values as `str` prints them. */
function printDict(dict: PyDict): string {
  const parts: string[] = [];
  for (const [key, value] of dict.entries()) {
    const inner = plain(value);
    parts.push(`${repr(key)}: ${isText(inner) ? repr(inner) : inner instanceof PyDict ? printDict(inner) : str(inner)}`);
  }
  return `{${parts.join(", ")}}`;
}

function isText(value: Value): boolean {
  return typeof value === "string" || (value instanceof PyObject && value.typeName === "Markup");
}

/** The value with plain dicts for ordered ones, which print as dicts do. */
function plain(value: Value): Value {
  if (!holdsOrdered(value, new Set())) return value;
  if (value instanceof PyDict) return PyDict.of([...value.entries()].map(([key, item]): [Value, Value] => [key, plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof PyTuple ? new PyTuple(value.items.map(plain)) : value;
}

/** Whether an OrderedDict is somewhere inside; `seen` ends walks through data that contains itself. */
function holdsOrdered(value: Value, seen: Set<object>): boolean {
  if (value === null || typeof value !== "object" || seen.has(value)) return false;
  if (value instanceof PyOrderedDict) return true;
  if (value instanceof NamedTuple) {
    // Salt makes the tuple anew from a list, which a named tuple does not take.
    throw new PyError("TypeError", "_GroupTuple.__new__() missing 1 required positional argument: 'list'");
  }
  const items = Array.isArray(value)
    ? value
    : value instanceof PyDict
      ? value.values()
      : value instanceof PyTuple
        ? value.items
        : undefined;
  if (items === undefined) return false;
  seen.add(value);
  for (const item of items) if (holdsOrdered(item, seen)) return true;
  seen.delete(value);
  return false;
}
