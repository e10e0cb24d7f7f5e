/** The serializers of `file.serialize` (salt/serializers/*.py, 3007.1), as far as they are text and need no library of the node. */
import { FindingError } from "../../../finding/index.ts";
import { PyDict, PyError, PySet, PyTuple, str, truthy, typeName, type Value } from "../../../python/index.ts";
import { loadSalt, serializePyYaml, type DumpPyYamlOptions } from "../../../yaml/index.ts";
import { loadJson } from "../../data/index.ts";
import { dumpIni, loadIni } from "./ini.ts";
import { dumpJson } from "./json.ts";
import { dumpToml } from "./toml.ts";

export interface Serializer {
  /** @throws PyError, FindingError */
  dump(value: Value, options: PyDict, encoding: string | null): string;
  /** @throws PyError, FindingError */
  load(text: string, options: PyDict): Value;
}

/** Serializers of Salt that are not offered, and why. */
export const REFUSED_SERIALIZERS: Readonly<Record<string, string>> = {
  msgpack: "it writes binary data",
  plist: "it writes property lists of macOS",
  python: "it writes Python source",
  yamlex: "it is Salt's own dialect; use yaml",
};

const YAML_OPTIONS: Readonly<Record<string, keyof DumpPyYamlOptions>> = {
  default_flow_style: "defaultFlowStyle",
  default_style: "defaultStyle",
  indent: "indent",
  width: "width",
  allow_unicode: "allowUnicode",
  sort_keys: "sortKeys",
  explicit_start: "explicitStart",
  explicit_end: "explicitEnd",
};

const yaml: Serializer = {
  dump(value, options, encoding) {
    const named: Record<string, unknown> = { defaultFlowStyle: false, ...(encoding === null ? {} : { allowUnicode: true }) };
    for (const [key, item] of options.entries()) {
      const option = Object.hasOwn(YAML_OPTIONS, str(key)) ? YAML_OPTIONS[str(key)] : undefined;
      if (option === undefined) throw new PyError("SerializationError", `dump_all() got an unexpected keyword argument '${str(key)}'`);
      named[option] = option === "sortKeys" || option.startsWith("explicit") || option === "allowUnicode" ? truthy(item) : item;
    }
    // The names and kinds were just matched with the options' own; a value of the wrong type is the dumper's to refuse.
    return serializePyYaml(value, named);
  },
  load: (text) => loadSalt(text, { file: "the file that is there" }).value,
};

const json: Serializer = {
  dump(value, options, encoding) {
    let [indent, item, key, sortKeys, ensureAscii]: [number | string | null, string, string, boolean, boolean] = [
      2,
      ",",
      ": ",
      true,
      false,
    ];
    if (encoding !== null) ensureAscii = false;
    for (const [name, given] of options.entries()) {
      if (name === "indent") indent = given === null || typeof given === "string" ? given : Number(given);
      else if (name === "sort_keys") sortKeys = truthy(given);
      else if (name === "ensure_ascii") ensureAscii = truthy(given);
      else if (name === "separators") {
        const pair = given instanceof PyTuple ? given.items : Array.isArray(given) ? given : undefined;
        if (given === null) [item, key] = indent === null ? [", ", ": "] : [",", ": "];
        else if (pair?.length === 2) [item, key] = [str(pair[0] ?? ""), str(pair[1] ?? "")];
        else throw new PyError("SerializationError", "separators must be a pair");
      } else if (!/^(skipkeys|check_circular|allow_nan|cls|default)$/.test(str(name)))
        throw new PyError("SerializationError", `JSONEncoder.__init__() got an unexpected keyword argument '${str(name)}'`);
    }
    return dumpJson(value, { indent, separators: [item, key], sortKeys, ensureAscii });
  },
  load: (text) => loadJson(text),
};

const keyvalue: Serializer = {
  dump(value, options) {
    const separator = options.has("separator") ? str(options.get("separator") ?? null) : "=";
    const end = truthy(options.get("line_ending") ?? null) ? str(options.get("line_ending") ?? null) : "\n";
    const quoted = (text: Value): string => (truthy(options.get("quoting") ?? null) ? shellQuote(text) : str(text));
    const pairs =
      value instanceof PyDict
        ? [...value.entries()]
        : Array.isArray(value) || value instanceof PyTuple || value instanceof PySet
          ? [...(Array.isArray(value) ? value : value instanceof PyTuple ? value.items : value.values())].map(pairOf)
          : undefined;
    if (pairs === undefined) throw new PyError("SerializationError", "Input validation failed. Iterable required.");
    return pairs.map(([key, item]) => `${str(key)}${separator}${quoted(item)}`).join(end);
  },
  load(text, options) {
    const separator = options.has("separator") ? str(options.get("separator") ?? null) : "=";
    const result = new PyDict();
    for (const line of text.replace(/\n$/, "").split("\n")) {
      const at = line.indexOf(separator);
      if (at < 0) throw new PyError("ValueError", "not enough values to unpack (expected 2, got 1)");
      result.set(line.slice(0, at), line.slice(at + separator.length));
    }
    return result;
  },
};

function pairOf(item: Value): readonly [Value, Value] {
  const parts = Array.isArray(item) ? item : item instanceof PyTuple ? item.items : typeof item === "string" ? Array.from(item) : [];
  const [key, value] = parts;
  if (key === undefined || value === undefined)
    throw new PyError("SerializationError", `not enough values to unpack (expected 2, got ${parts.length})`);
  if (parts.length > 2) throw new PyError("SerializationError", "too many values to unpack (expected 2)");
  return [key, value];
}

/** Python's `shlex.quote`. */
function shellQuote(text: Value): string {
  if (typeof text !== "string" && truthy(text))
    throw new PyError("SerializationError", `expected string or bytes-like object, got '${typeName(text)}'`);
  if (typeof text !== "string") return "''";
  if (text === "") return "''";
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}

const configparser: Serializer = { dump: (value) => dumpIni(value), load: (text) => loadIni(text) };

const toml: Serializer = {
  dump(value, options) {
    const [option] = [...options.keys()].filter((key) => key !== "encoder");
    if (option !== undefined) throw new PyError("SerializationError", `dumps() got an unexpected keyword argument '${str(option)}'`);
    return dumpToml(value);
  },
  load() {
    throw new PyError("DeserializationError", "merge_if_exists is not supported for toml here");
  },
};

/** The serializer of a name, or undefined. */
export function serializerOf(name: string): Serializer | undefined {
  switch (name) {
    case "yaml":
      return yaml;
    case "json":
      return json;
    case "configparser":
      return configparser;
    case "keyvalue":
      return keyvalue;
    case "toml":
      return toml;
    default:
      return undefined;
  }
}

/** What went wrong in a serializer, as text. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof PyError || error instanceof FindingError ? error.message : undefined;
}
