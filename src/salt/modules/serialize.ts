import { PyBytes, PyDict, PyError, truthy, type Kwargs, type Value } from "../../python/index.ts";
import { loadJson } from "../data/index.ts";

/** `slsutil.serialize` (salt/serializers/, 3007.1). */
export function serialize(serializer: string, _value: Value, _options: Kwargs): Value {
  throw new PyError("CommandExecutionError", `Serializer '${serializer}' not found.`);
}

/** `slsutil.deserialize`. */
export function deserialize(serializer: string, text: Value, _options: Kwargs): Value {
  if (serializer === "json") return loadJson(textOf(text));
  throw new PyError("CommandExecutionError", `Serializer '${serializer}' not found.`);
}

function textOf(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof PyBytes) return new TextDecoder("utf-8", { fatal: true }).decode(value.bytes);
  throw new PyError("DeserializationError", truthy(value) && value instanceof PyDict ? "a dict is no text" : "not a text");
}
