import type { CelInput } from "@bufbuild/cel";
import type { ObjectSchema } from "../../addon/index.ts";
import { PyDict, PyFloat, str, type Value } from "../../python/index.ts";
import type { JsonPath } from "../../schema/index.ts";

/**
 * An object as expressions see it: ints are int, floats double, a field that is null is absent. A quantity that is written as a number is a
 * string, as the API server has it.
 */
export function celValue(
  object: PyDict,
  schema?: { readonly of: ObjectSchema; readonly apiVersion: string; readonly kind: string },
): CelInput {
  const isQuantity = (path: JsonPath): boolean =>
    schema !== undefined && schema.of.field?.(schema.apiVersion, schema.kind, path)?.format === "quantity";
  const convert = (value: Value, path: JsonPath): CelInput => {
    if (typeof value === "number" || typeof value === "bigint" || value instanceof PyFloat) {
      if (path.length > 1 && isQuantity(path)) return str(value);
      return value instanceof PyFloat ? value.value : BigInt(value);
    }
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    if (Array.isArray(value)) return value.map((item, index) => convert(item, [...path, index]));
    if (!(value instanceof PyDict)) return str(value);
    const map = new Map<string, CelInput>();
    for (const [key, item] of value.entries()) {
      const name = typeof key === "string" ? key : str(key);
      if (item !== null) map.set(name, convert(item, [...path, name]));
    }
    return map;
  };
  return convert(object, []);
}
