import { dumpJson, Markup, TemplateModule, type CallState, type FilterFunction } from "../../jinja/index.ts";
import { isInt, PyBytes, PyDict, PyError, PyTuple, str, truthy, typeName, type Value } from "../../python/index.ts";
import { dumpPyYaml, loadSalt, YamlError } from "../../yaml/index.ts";
import { deepCopy, loadJson } from "../data/index.ts";
import { bind, signature } from "../modules/index.ts";

/** So much text at most is kept parsed. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/**
 * The filters behind `load_*` and `import_*` (salt/utils/jinja.py SerializerExtension, 3007.1). YAML of equal text is parsed once in the
 * life of the object: `defaults.yaml` is imported by every template of a formula, for every cluster.
 */
export class SerializerFilters {
  readonly #yaml = new Map<string, Value>();
  #characters = 0;

  filters(): ReadonlyMap<string, FilterFunction> {
    return new Map<string, FilterFunction>([
      ["load_yaml", (state, value) => this.#loadYaml(counted(state, textOfModule(value)))],
      ["load_json", (state, value) => loadJsonText(counted(state, textOfModule(value)))],
      ["load_text", (_state, value) => textOfModule(value)],
      ["json", (state, value, args, kwargs) => counted(state, json(bind(JSON_SIGNATURE, [value, ...args], kwargs).values))],
      ["yaml", (state, value, args, kwargs) => counted(state, yaml(bind(YAML_SIGNATURE, [value, ...args], kwargs).values, true))],
      [
        "dict_to_sls_yaml_params",
        (_state, value, args, kwargs) => slsParameters(bind(PARAMETERS_SIGNATURE, [value, ...args], kwargs).values),
      ],
    ]);
  }

  #loadYaml(value: Value): Value {
    const text = yamlText(value);
    let loaded = this.#yaml.get(text);
    if (loaded === undefined) {
      loaded = decoded(parse(text));
      this.#characters += text.length;
      if (this.#characters > MOST_CHARACTERS) {
        this.#yaml.clear();
        this.#characters = text.length;
      }
      this.#yaml.set(text, loaded);
    }
    return deepCopy(loaded);
  }
}

/** Reading and writing a text costs its length. */
function counted(state: CallState, value: Value): Value {
  const text = value instanceof Markup ? value.text : value;
  if (typeof text === "string") state.spend(text.length >> 1, text.length);
  return value;
}

const JSON_SIGNATURE = signature("SerializerExtension.format_json", "value sort_keys? indent?");
const YAML_SIGNATURE = signature("SerializerExtension.format_yaml", "value flow_style?");
const PARAMETERS_SIGNATURE = signature("SerializerExtension.dict_to_sls_yaml_params", "value flow_style?");

function json([value = null, sortKeys = true, indent = null]: readonly (Value | undefined)[]): Value {
  const by = indent === null ? null : isInt(indent) ? " ".repeat(Number(indent)) : str(indent);
  return new Markup(dumpJson(value, { sortKeys: truthy(sortKeys), indent: by, ensureAscii: false }).trim());
}

function yaml([value = null, flowStyle]: readonly (Value | undefined)[], flowByDefault: boolean): Value {
  const flow = flowStyle === undefined ? flowByDefault : flowStyle;
  const text = dumpPyYaml(value, { defaultFlowStyle: flow === null ? null : truthy(flow) }).trim();
  return new Markup(text.endsWith("\n...") ? text.slice(0, -4) : text);
}

/** A dict as the list of one-entry dicts that a state's parameters are. */
function slsParameters([value = null, flowStyle]: readonly (Value | undefined)[]): Value {
  if (!(value instanceof PyDict)) throw new PyError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
  return yaml([[...value.entries()].map((entry) => PyDict.of([entry])), flowStyle], false);
}

function textOfModule(value: Value): Value {
  return value instanceof TemplateModule ? value.str() : value;
}

/** What libyaml takes. @throws PyError */
function yamlText(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof PyBytes) return new TextDecoder("utf-8").decode(value.bytes);
  throw new PyError("TypeError", "a string or stream input is required");
}

function parse(text: string): Value {
  try {
    return loadSalt(text, { file: "yaml" }).value;
  } catch (error) {
    if (error instanceof YamlError)
      throw new PyError("TemplateRuntimeError", `Encountered error loading yaml: ${error.problem}\n${error.findings[0].excerpt ?? ""}`);
    throw error;
  }
}

function loadJsonText(value: Value): Value {
  const text = value instanceof Markup ? value.text : value instanceof PyBytes ? new TextDecoder("utf-8").decode(value.bytes) : value;
  try {
    if (typeof text !== "string") throw new PyError("TypeError", `the JSON object must be str, bytes or bytearray, not ${typeName(value)}`);
    return loadJson(text);
  } catch (error) {
    if (error instanceof PyError) throw new PyError("TemplateRuntimeError", `Unable to load json from ${str(value)}`);
    throw error;
  }
}

/** `salt.utils.data.decode`: tuples become lists, bytes that are UTF-8 text. */
function decoded(value: Value): Value {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = decoded(item);
    return value;
  }
  if (value instanceof PyTuple) return value.items.map(decoded);
  if (value instanceof PyBytes) return new TextDecoder("utf-8", { fatal: true }).decode(value.bytes);
  if (!(value instanceof PyDict)) return value;
  const dict = new PyDict();
  for (const [key, item] of value.entries()) dict.set(decoded(key), decoded(item));
  return dict;
}
