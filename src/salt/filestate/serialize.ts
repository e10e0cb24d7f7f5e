import { equals, PyDict, PyError, PyFloat, isInt, str, truthy, type Value } from "../../python/index.ts";
import { loadSalt } from "../../yaml/index.ts";
import { mergeRecurse, traverse } from "../data/index.ts";
import { textOf } from "./append.ts";
import type { FileCall } from "./call.ts";
import { NeedsNode } from "./files.ts";
import { normalizeMode } from "./mode.ts";
import { encodeText } from "./managed.ts";
import { done, failed, type Answer } from "./outcome.ts";
import { reasonOf, REFUSED_SERIALIZERS, serializerOf, type Serializer } from "./serializers/index.ts";
import { encodeUtf8 } from "./text.ts";
import { manageFile } from "./write.ts";

/** `file.serialize` (salt/states/file.py, 3007.1). */
export function serialize(call: FileCall): Answer {
  const { name } = call;
  if (name === "") return failed("Must provide name to file.serialize");
  if (!call.flag("create", true) && !call.files.isFile(name)) return done(`File ${name} is not present and is not set for creation`, false);
  const [serializerName, formatter] = [call.value("serializer"), call.extra().get("formatter") ?? null];
  if (truthy(serializerName) && truthy(formatter)) return failed("Only one of serializer and formatter are allowed");
  const wanted = str([serializerName, formatter].find(truthy) ?? "yaml").toLowerCase();
  const [stated, path] = [call.value("dataset"), call.value("dataset_pillar")];
  if (truthy(stated) && truthy(path)) return failed("Only one of 'dataset' and 'dataset_pillar' is permitted");
  const dataset = truthy(path) ? traverse(call.context.deps.pillar, path, "") : stated;
  if (dataset === null) return failed("Neither 'dataset' nor 'dataset_pillar' was defined");
  const serializer = serializerOf(wanted);
  if (serializer === undefined) {
    const refused = Object.hasOwn(REFUSED_SERIALIZERS, wanted) ? REFUSED_SERIALIZERS[wanted] : undefined;
    return failed(
      refused === undefined
        ? `The ${wanted} serializer could not be found. It either does not exist or its prerequisites are not installed.`
        : `The ${wanted} serializer is not supported: ${refused}`,
    );
  }
  if (truthy(call.value("check_cmd"))) throw new NeedsNode("check_cmd runs a command of the node on the new file");
  const merged = merge(call, serializer, dataset);
  if (!("value" in merged)) return merged;
  const encoding = call.textOrNull("encoding");
  const text = `${dumped(call, serializer, merged.value, encoding)}\n`;
  return manageFile(call, name, {
    content: {
      bytes: encoding === null ? encodeUtf8(text) : encodeText(text, encoding, call.text("encoding_errors", "strict")),
      origin: call.origin(null, { how: "stated", option: truthy(path) ? "dataset_pillar" : "dataset" }),
    },
    mode: normalizeMode(call.value("mode")),
    makeDirectories: call.flag("makedirs", false),
  });
}

/** Whatever a serializer refuses is a SerializationError (salt/serializers). */
function dumped(call: FileCall, serializer: Serializer, value: Value, encoding: string | null): string {
  try {
    return serializer.dump(value, repacked(call.value("serializer_opts")), encoding);
  } catch (error) {
    const reason = reasonOf(error);
    throw reason === undefined ? error : new PyError("SerializationError", reason);
  }
}

function merge(call: FileCall, serializer: Serializer, dataset: Value): Answer | { readonly value: Value } {
  if (!call.flag("merge_if_exists", false) || !call.files.isFile(call.name)) return { value: dataset };
  const file = call.files.read(call.name);
  if (file === undefined) return { value: dataset };
  let existing: Value;
  try {
    existing = serializer.load(textOf(file), repacked(call.value("deserializer_opts")));
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return failed(`Failed to deserialize existing data: ${reason}`);
  }
  if (existing === null) return { value: dataset };
  const value = mergeRecurse(existing, dataset);
  return equals(existing, value) ? done(`The file ${call.name} is in the correct state`, false) : { value };
}

/**
 * `salt.utils.data.repack_dictlist`: a list of one-entry dicts as one dict; plain items become keys with None. Anything else, a plain
 * dict too, is dropped with a log line.
 */
function repacked(options: Value): PyDict {
  const result = new PyDict();
  const list = typeof options === "string" ? loadSalt(options, { file: "serializer_opts" }).value : options;
  for (const item of Array.isArray(list) ? list : []) {
    if (typeof item === "string" || isInt(item) || typeof item === "boolean" || item instanceof PyFloat) result.set(item, null);
    else if (item instanceof PyDict && item.size === 1) for (const [key, value] of item.entries()) result.set(key, value);
    else return new PyDict();
  }
  return result;
}
