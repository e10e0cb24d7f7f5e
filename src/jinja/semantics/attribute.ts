import { PyBytes, PyDict, PyFloat, PyObject, PySet, PyTuple, typeName, type Kwargs, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { boundMethod, type MethodTable } from "./args.ts";
import { typeError } from "./errors.ts";
import { strFormat } from "./format/strformat.ts";
import { lazily } from "./lazily.ts";
import { dictMethods } from "./methods/dict.ts";
import { listMethods } from "./methods/list.ts";
import { markupMethod, runOnMarkup } from "./methods/markup.ts";
import { floatMethods, intMethods, numberAttribute } from "./methods/number.ts";
import { bytesMethods, rangeMethods, setMethods, tupleMethods } from "./methods/other.ts";
import { stringMethods } from "./methods/str.ts";
import { getItem } from "./sequence.ts";
import { BoundMethod, PyDictView, PyRange } from "./values.ts";

const strings = lazily(stringMethods);
const lists = lazily(listMethods);
const dicts = lazily(dictMethods);
const ints = lazily(intMethods);
const floats = lazily(floatMethods);
const tuples = lazily(tupleMethods);
const ranges = lazily(rangeMethods);
const sets = lazily(setMethods);
const bytes = lazily(bytesMethods);

/**
 * `value.name` for the types of Python's language; `undefined` where there is no such attribute.
 * Names that begin with an underscore are never here: Jinja's sandbox refuses them all.
 */
export function getAttribute(value: Value, name: string): Value | undefined {
  if (name.startsWith("_") && !(value instanceof PyObject && value.attribute !== undefined)) return undefined;
  switch (typeof value) {
    case "string":
      return stringAttribute(value, name);
    case "number":
    case "bigint":
      return numberAttribute(value, name) ?? boundMethod(ints(), name, value);
    case "boolean":
      return numberAttribute(value ? 1 : 0, name) ?? boundMethod(ints(), name, value ? 1 : 0);
    default:
      break;
  }
  if (value === null) return undefined;
  if (Array.isArray(value)) return boundMethod(lists(), name, value);
  if (value.attribute !== undefined) {
    const own = value.attribute(name);
    if (own !== undefined) return own;
  }
  if (value instanceof PyDict) return boundMethod(dicts(), name, value);
  if (value instanceof PyTuple) return boundMethod(tuples(), name, value);
  if (value instanceof PySet) return boundMethod(sets(), name, value);
  if (value instanceof PyFloat) return numberAttribute(value, name) ?? boundMethod(floats(), name, value);
  if (value instanceof Markup) return markupAttribute(value, name);
  if (value instanceof PyBytes) return boundMethod(bytes(), name, value);
  if (value instanceof PyRange) {
    return name === "start" || name === "stop" || name === "step" ? value[name] : boundMethod(ranges(), name, value);
  }
  if (value instanceof PyDictView && name === "isdisjoint" && value.kind !== "values") {
    return boundMethod(sets(), name, new PySet(value.iterate()));
  }
  return undefined;
}

/** The names of a type's methods, for the walk over everything a template can reach. */
export function methodNames(table: "str" | "list" | "dict" | "int" | "float" | "tuple" | "set" | "bytes"): readonly string[] {
  const tables: Record<typeof table, () => ReadonlyMap<string, unknown>> = {
    str: strings,
    list: lists,
    dict: dicts,
    int: ints,
    float: floats,
    tuple: tuples,
    set: sets,
    bytes,
  };
  const names = [...tables[table]().keys()];
  return table === "str" ? [...names, "format", "format_map"] : names;
}

function stringAttribute(value: string, name: string): Value | undefined {
  return formatMethod(value, name) ?? boundMethod(strings(), name, value);
}

function markupAttribute(value: Markup, name: string): Value | undefined {
  const formatting = formatMethod(value, name);
  if (formatting !== undefined) return formatting;
  const own = markupMethod(name, value);
  if (own !== undefined) return new BoundMethod(name, value, own);
  const table: MethodTable<string> = strings();
  const method = table.get(name);
  return method === undefined ? undefined : new BoundMethod(name, value, (args, kwargs) => runOnMarkup(name, value, method, args, kwargs));
}

/** `str.format` and `str.format_map`, which the sandbox replaces by its own (jinja2/sandbox.py, wrap_str_format). */
function formatMethod(value: string | Markup, name: string): BoundMethod | undefined {
  if (name === "format") {
    return new BoundMethod(name, value, (args, kwargs) => strFormat(value, args, kwargs, FIELDS));
  }
  if (name !== "format_map") return undefined;
  return new BoundMethod(name, value, (args: readonly Value[], kwargs: Kwargs) => {
    if (kwargs.size > 0) throw typeError("format_map() takes no keyword arguments");
    const [mapping] = args;
    if (mapping === undefined || args.length !== 1) {
      throw typeError(`format_map() takes exactly one argument (${args.length} given)`);
    }
    if (!(mapping instanceof PyDict)) throw typeError(`'${typeName(mapping)}' object is not a mapping`);
    return strFormat(value, [], mapping, FIELDS);
  });
}

const FIELDS = { attribute: getAttribute, item: getItem };
