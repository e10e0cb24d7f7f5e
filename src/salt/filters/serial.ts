import { htmlSafe, jsonIndent, Markup, pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import { PyBytes, PyDict, PyError, PyFloat, PyTuple, str, truthy, typeName, type Kwargs, type Value } from "../../python/index.ts";

const { bind, dumpJson, listOf, pointsOf, pprint, signature, stripText, textOf } = semantics;

const JSON_OPTIONS = ["ensure_ascii", "sort_keys", "separators", "allow_nan", "skipkeys", "check_circular", "cls", "default"];

/** Salt's `tojson`: any option of `json.dumps`; plain text, not marked safe. */
const tojson: FilterFunction = (_state, value, args, kwargs) => {
  const known = new Map([...kwargs].filter(([name]) => name === "indent"));
  const [data = null, indent = null] = bind(signature("tojson", ["val"], { indent: null }), [value, ...args], known);
  for (const name of kwargs.keys()) {
    if (name !== "indent" && !JSON_OPTIONS.includes(name)) {
      throw new PyError("TypeError", `JSONEncoder.__init__() got an unexpected keyword argument '${name}'`);
    }
  }
  const flag = (name: string, fallback: boolean): boolean => truthy(kwargs.get(name) ?? fallback);
  return htmlSafe(
    dumpJson(data, {
      indent: jsonIndent(indent),
      ensureAscii: flag("ensure_ascii", true),
      sortKeys: flag("sort_keys", false),
      allowNan: flag("allow_nan", true),
      skipKeys: flag("skipkeys", false),
      ...separatorsOf(kwargs),
    }),
  );
};

function separatorsOf(kwargs: Kwargs): { readonly separators?: readonly [string, string] } {
  const given = kwargs.get("separators");
  if (given === undefined || given === null) return {};
  const [item = ", ", colon = ": "] = listOf(given);
  return { separators: [str(item), str(colon)] };
}

const python = filter(
  signature("SerializerExtension.format_python", ["value"]),
  (_, [value = null]) => new Markup(stripText(pprint(value))),
);

interface XmlElement {
  readonly tag: string;
  attributes: [string, string][];
  text: string | undefined;
  readonly children: XmlElement[];
}

/** What stands in a level of the data: pairs of a tag and its content. */
function xmlItems(value: Value): Value[] {
  if (Array.isArray(value) || value instanceof PyTuple) {
    const items = listOf(value);
    const [first] = items;
    if (first === undefined) throw new PyError("IndexError", `${typeName(value)} index out of range`);
    return textOf(first) === undefined ? [] : items;
  }
  if (value instanceof PyDict) return Array.from(value.entries(), (entry) => new PyTuple(entry));
  throw new PyError("TemplateRuntimeError", "Value is not a dict or list. Cannot render as XML");
}

function pairOf(item: Value): readonly [Value, Value] {
  const parts = listOf(item);
  const [tag = null, content = null] = parts;
  if (parts.length > 2) throw new PyError("ValueError", "too many values to unpack (expected 2)");
  if (parts.length < 2) throw new PyError("ValueError", `not enough values to unpack (expected 2, got ${parts.length})`);
  return [tag, content];
}

/** `recurse_tree` of SerializerExtension.format_xml; the last element of a level is what comes back. */
function xmlTree(items: readonly Value[], parent: XmlElement | undefined): XmlElement | undefined {
  let element: XmlElement | undefined;
  for (const item of items) {
    const [tag, content] = pairOf(item);
    if (Array.isArray(content)) for (const one of content) xmlTree([new PyTuple([tag, one])], parent);
    else {
      element = { tag: str(tag), attributes: [], text: undefined, children: [] };
      parent?.children.push(element);
    }
    const isScalar =
      textOf(content) !== undefined ||
      typeof content === "number" ||
      typeof content === "bigint" ||
      typeof content === "boolean" ||
      content instanceof PyFloat;
    if (element === undefined) {
      if (isScalar || content instanceof PyDict) throw new PyError("AttributeError", "'NoneType' object has no attribute 'text'");
    } else if (isScalar) {
      element.text = str(content);
      continue;
    } else if (content instanceof PyDict) {
      element.attributes = Array.from(content.entries())
        .filter(([, inner]) => !(inner instanceof PyDict) && !Array.isArray(inner))
        .map(([name, inner]) => [str(name), str(inner)]);
    }
    for (const inner of xmlItems(content)) {
      const [name, value] = content instanceof PyDict ? pairOf(inner) : charactersOf(inner);
      if (value instanceof PyDict || Array.isArray(value)) xmlTree([new PyTuple([name, value])], element);
    }
  }
  return element;
}

/** Of a list of texts Salt looks at each text's second character. */
function charactersOf(item: Value): readonly [Value, Value] {
  const points = pointsOf(textOf(item) ?? "");
  const [first, second] = points;
  if (first === undefined || second === undefined) throw new PyError("IndexError", "string index out of range");
  return [first, second];
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;").replaceAll(">", "&gt;");
}

/** minidom's `toprettyxml` with one blank a level. */
function printXml(element: XmlElement, indent: string): string {
  const attributes = element.attributes.map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join("");
  const open = `${indent}<${element.tag}${attributes}`;
  if (element.text !== undefined && element.text !== "" && element.children.length === 0)
    return `${open}>${escapeXml(element.text)}</${element.tag}>\n`;
  if (element.children.length === 0) return `${open}/>\n`;
  return `${open}>\n${element.children.map((child) => printXml(child, `${indent} `)).join("")}${indent}</${element.tag}>\n`;
}

const xml = filter(signature("SerializerExtension.format_xml", ["value"]), (_, [value = null]) => {
  const root = xmlTree(xmlItems(value), undefined);
  if (root === undefined) throw new PyError("AttributeError", "'NoneType' object has no attribute 'iter'");
  return new Markup(`<?xml version="1.0" ?>\n${printXml(root, "")}`);
});

const SHORT: ReadonlyMap<string, string> = new Map([
  ["\0", "0"],
  ["\x07", "a"],
  ["\b", "b"],
  ["\t", "t"],
  ["\n", "n"],
  ["\v", "v"],
  ["\f", "f"],
  ["\r", "r"],
  ["\x1b", "e"],
  ['"', '"'],
  ["\\", "\\"],
  ["\x85", "N"],
  ["\xa0", "_"],
  ["\u2028", "L"],
  ["\u2029", "P"],
]);

/** PyYAML's double-quoted scalar without folding, ASCII alone. */
function doubleQuoted(text: string): string {
  let out = "";
  for (const point of text) {
    const short = SHORT.get(point);
    const code = point.codePointAt(0) ?? 0;
    if (short !== undefined) out += `\\${short}`;
    else if (code >= 0x20 && code <= 0x7e) out += point;
    else if (code <= 0xff) out += `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`;
    else if (code <= 0xffff) out += `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
    else out += `\\U${code.toString(16).toUpperCase().padStart(8, "0")}`;
  }
  return `"${out}"`;
}

/** PyYAML's single-quoted scalar without folding: a line break inside is doubled. */
function singleQuoted(text: string): string {
  let out = "";
  const runs = text.match(/[\n\x85\u2028\u2029]+|[^\n\x85\u2028\u2029]+/g) ?? [];
  for (const run of runs) {
    if (/^[\n\x85\u2028\u2029]/.test(run)) out += (run.startsWith("\n") ? "\n" : "") + run.replaceAll("\x85", "\n");
    else out += run.replaceAll("'", "''");
  }
  return `'${out}'`;
}

const yamlEncode = filter(signature("yaml_encode", ["data"]), (_, [value = null]) => {
  const text = textOf(value);
  // A safe string is no type that PyYAML's representer knows.
  if (typeof value === "string") return doubleQuoted(value);
  if (text !== undefined) throw new PyError("RepresenterError", `('cannot represent an object', ${str(value)})`);
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof PyFloat) return yamlFloat(value);
  if (value instanceof PyBytes) {
    const body = Buffer.from(value.bytes).toString("base64");
    return `${body.match(/.{1,76}/g)?.join("\n") ?? ""}\n`;
  }
  throw new PyError("TypeError", `yaml_encode() only works with YAML scalar data; failed for <class '${typeName(value)}'>`);
});

function yamlFloat(value: PyFloat): string {
  if (Number.isNaN(value.value)) return ".nan";
  if (!Number.isFinite(value.value)) return value.value > 0 ? ".inf" : "-.inf";
  const text = value.repr();
  return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
}

/** Salt's filters that print data, but for those of the YAML loader (salt/utils/jinja.py, yamlencoding.py). */
export const serialFilters: Readonly<Record<string, FilterFunction>> = {
  python,
  tojson,
  xml,
  yaml_dquote: filter(signature("yaml_dquote", ["text"]), (_, [value = null]) => doubleQuoted(str(value))),
  yaml_encode: yamlEncode,
  yaml_squote: filter(signature("yaml_squote", ["text"]), (_, [value = null]) => singleQuoted(str(value))),
};
