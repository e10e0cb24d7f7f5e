import { dumpJson, type JsonOptions } from "../../jinja/index.ts";
import { FindingError } from "../../finding/index.ts";
import { isInt, PyBytes, PyDict, PyError, PyTuple, str, truthy, typeName, type Kwargs, type Value } from "../../python/index.ts";
import { serializePyYaml, type DumpPyYamlOptions } from "../../yaml/index.ts";
import { loadJson } from "../data/index.ts";
import { REFUSED_SERIALIZERS, serializerOf } from "../filestate/serializers/index.ts";

/** `slsutil.serialize` (salt/serializers/, 3007.1), with the serializers' own defaults, which are not those of `file.serialize`. */
export function serialize(serializer: string, value: Value, options: Kwargs): Value {
  const given = new Map([...options].filter(([name]) => !name.startsWith("__")));
  try {
    if (serializer === "json") return dumpJson(value, jsonOptions(given));
    if (serializer === "yaml") return serializePyYaml(value, yamlOptions(given));
    return found(serializer).dump(value, PyDict.of(given), null);
  } catch (error) {
    throw wrapped(error, "SerializationError");
  }
}

/** `slsutil.deserialize`. */
export function deserialize(serializer: string, text: Value, options: Kwargs): Value {
  const known = found(serializer);
  try {
    if (serializer === "json") return loadJson(textOf(text));
    return known.load(textOf(text), PyDict.of(options));
  } catch (error) {
    throw wrapped(error, "DeserializationError");
  }
}

function found(serializer: string): NonNullable<ReturnType<typeof serializerOf>> {
  const known = serializerOf(serializer);
  if (known !== undefined) return known;
  const refused = Object.hasOwn(REFUSED_SERIALIZERS, serializer) ? REFUSED_SERIALIZERS[serializer] : undefined;
  throw new PyError(
    "CommandExecutionError",
    refused === undefined ? `Serializer '${serializer}' not found.` : `The serializer '${serializer}' is not supported: ${refused}`,
  );
}

/** Salt's serializers turn whatever goes wrong into one class of error. */
function wrapped(error: unknown, type: string): unknown {
  if (error instanceof PyError) return error.type === "CommandExecutionError" ? error : new PyError(type, error.message);
  if (error instanceof FindingError) return new PyError(type, error.message);
  return error;
}

function textOf(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof PyBytes) return new TextDecoder("utf-8", { fatal: true }).decode(value.bytes);
  throw new PyError("AttributeError", `'${typeName(value)}' object has no attribute 'read'`);
}

function jsonOptions(given: Kwargs): JsonOptions {
  const options: { -readonly [Name in keyof JsonOptions]: JsonOptions[Name] } = { ensureAscii: false };
  for (const [name, value] of given) {
    if (name === "indent") options.indent = value === null ? null : isInt(value) ? " ".repeat(Number(value)) : str(value);
    else if (name === "sort_keys") options.sortKeys = truthy(value);
    else if (name === "ensure_ascii") options.ensureAscii = truthy(value);
    else if (name === "allow_nan") options.allowNan = truthy(value);
    else if (name === "skipkeys") options.skipKeys = truthy(value);
    else if (name === "separators") {
      const [item, key] = Array.isArray(value) ? value : value instanceof PyTuple ? value.items : [];
      if (item !== undefined && key !== undefined) options.separators = [str(item), str(key)];
    } else throw new PyError("TypeError", `JSONEncoder.__init__() got an unexpected keyword argument '${name}'`);
  }
  return options;
}

function yamlOptions(given: Kwargs): DumpPyYamlOptions {
  const options: { -readonly [Name in keyof DumpPyYamlOptions]: DumpPyYamlOptions[Name] } = {};
  for (const [name, value] of given) {
    if (name === "default_flow_style") options.defaultFlowStyle = value === null ? null : truthy(value);
    else if (name === "indent" || name === "width") options[name] = isInt(value) ? Number(value) : null;
    else if (name === "allow_unicode") options.allowUnicode = truthy(value);
    else if (name === "sort_keys") options.sortKeys = truthy(value);
    else if (name === "explicit_start") options.explicitStart = truthy(value);
    else if (name === "explicit_end") options.explicitEnd = truthy(value);
    else throw new PyError("TypeError", `dump_all() got an unexpected keyword argument '${name}'`);
  }
  return options;
}
