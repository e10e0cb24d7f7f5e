import type { AnySchemaObject } from "ajv";
import { FORMATS } from "./formats.ts";
import { goPattern } from "./go-pattern.ts";
import { listKey } from "./list-key.ts";
import type { Json, JsonObject } from "./problem.ts";

/** Gives the schema of a definition. */
export type Resolve = (name: string) => AnySchemaObject | undefined;

/** Keywords that constrain nothing, or that another keyword stands for. */
const IGNORED = new Set([
  "$comment",
  "$defs",
  "$id",
  "$schema",
  "definitions",
  "default",
  "description",
  "example",
  "examples",
  "title",
  "x-halite-addons",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-patch-merge-key",
  "x-kubernetes-patch-strategy",
]);

/**
 * Whether a value surely fits a schema. `false` says only that this plain walk cannot tell: a keyword that it does not know,
 * such as `oneOf`, makes it give up.
 */
export function surelyFits(schema: AnySchemaObject, value: Json, resolve: Resolve): boolean {
  for (const keyword of Object.keys(schema)) {
    if (!IGNORED.has(keyword) && !keywordFits(keyword, schema, value, resolve)) return false;
  }
  return true;
}

function keywordFits(keyword: string, schema: AnySchemaObject, value: Json, resolve: Resolve): boolean {
  const argument: unknown = schema[keyword];
  switch (keyword) {
    case "definition": {
      const definition = resolve(String(argument));
      return definition === undefined || surelyFits(definition, value, resolve);
    }
    case "$ref": {
      const named = resolve(String(argument));
      return named !== undefined && surelyFits(named, value, resolve);
    }
    case "type":
      return Array.isArray(argument) ? argument.some((type) => hasType(value, type)) : hasType(value, argument);
    case "properties":
      return !isObject(value) || propertiesFit(schema, value, resolve);
    case "additionalProperties":
      // With properties it is looked at there.
      return (
        schema["properties"] !== undefined || !isObject(value) || Object.values(value).every((item) => memberFits(argument, item, resolve))
      );
    case "required":
      return !isObject(value) || (Array.isArray(argument) && argument.every((name) => Object.hasOwn(value, String(name))));
    case "items":
      return !Array.isArray(value) || value.every((item) => memberFits(argument, item, resolve));
    case "enum":
      return Array.isArray(argument) && argument.includes(value);
    case "format":
      return formatFits(String(argument), value);
    case "listKeys":
      return !Array.isArray(value) || !Array.isArray(argument) || keysDiffer(value, argument);
    case "minLength":
      // Lengths count code points, of which a text that is not empty has at least one.
      return typeof value !== "string" || (argument === 1 && value !== "");
    case "maxLength":
      return typeof value !== "string" || value.length <= Number(argument);
    case "minItems":
      return !Array.isArray(value) || value.length >= Number(argument);
    case "maxItems":
      return !Array.isArray(value) || value.length <= Number(argument);
    case "minimum":
      return typeof value !== "number" || value >= Number(argument);
    case "maximum":
      return typeof value !== "number" || value <= Number(argument);
    case "goPattern":
      return typeof value !== "string" || goPattern(String(argument))?.test(value) !== false;
    case "propertyNames":
      return !isObject(value) || Object.keys(value).every((name) => memberFits(argument, name, resolve));
    case "const":
      return value === argument;
    case "uniqueItems":
      return argument !== true || !Array.isArray(value) || keysDiffer(value, []);
    case "minProperties":
      return !isObject(value) || Object.keys(value).length >= Number(argument);
    case "pattern":
      return typeof value !== "string" || new RegExp(String(argument)).test(value);
    case "anyOf":
      return Array.isArray(argument) && argument.some((branch) => memberFits(branch, value, resolve));
    case "allOf":
      return Array.isArray(argument) && argument.every((branch) => memberFits(branch, value, resolve));
    default:
      return false;
  }
}

function propertiesFit(schema: AnySchemaObject, value: JsonObject, resolve: Resolve): boolean {
  const properties: unknown = schema["properties"];
  if (typeof properties !== "object" || properties === null) return false;
  for (const name of Object.keys(value)) {
    const member: unknown = Object.hasOwn(properties, name) ? Reflect.get(properties, name) : (schema["additionalProperties"] ?? true);
    if (!memberFits(member, value[name], resolve)) return false;
  }
  return true;
}

function memberFits(schema: unknown, value: Json | undefined, resolve: Resolve): boolean {
  if (typeof schema === "boolean") return schema;
  return typeof schema === "object" && schema !== null && value !== undefined && surelyFits(schema, value, resolve);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasType(value: Json, type: unknown): boolean {
  switch (type) {
    case "string":
    case "boolean":
      return typeof value === type;
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return isObject(value);
    case "null":
      return value === null;
    default:
      return false;
  }
}

function formatFits(name: string, value: Json): boolean {
  const format = FORMATS[name];
  if (format === undefined) return true;
  if (format.type === "string") return typeof value !== "string" || format.takes(value);
  return typeof value !== "number" || format.takes(value);
}

function keysDiffer(items: readonly Json[], keys: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const item of items) {
    const key = listKey(item, keys);
    if (key !== undefined && seen.has(key)) return false;
    if (key !== undefined) seen.add(key);
  }
  return true;
}
