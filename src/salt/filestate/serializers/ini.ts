import { PyDict, PyError, str, type Value } from "../../../python/index.ts";

/**
 * Salt's `configparser` serializer (salt/serializers/configparser.py, 3007.1): sections of lower-cased keys. Of the parser's options
 * only the default ones act here.
 *
 * @throws PyError as Python's configparser
 */
export function dumpIni(value: Value): string {
  if (!(value instanceof PyDict))
    throw new PyError("TypeError", `configparser can only serialize dictionaries, not <class '${className(value)}'>`);
  const defaults = new Map<string, string>();
  const sections = new Map<string, Map<string, string>>();
  for (const [name, keys] of value.entries()) {
    const section = str(name);
    if (section !== "DEFAULT") {
      if (sections.has(section)) throw new PyError("DuplicateSectionError", `Section '${section}' already exists`);
      sections.set(section, new Map());
    }
    if (!(keys instanceof PyDict)) throw new PyError("AttributeError", `'${className(keys)}' object has no attribute 'items'`);
    for (const [key, item] of keys.entries()) {
      const option = str(key).toLowerCase();
      if (item === null) throw new PyError("TypeError", "option values must be strings");
      const text = str(item);
      checkInterpolation(text);
      (section === "DEFAULT" ? defaults : sections.get(section))?.set(option, text);
    }
  }
  const blocks = defaults.size > 0 ? [["DEFAULT", defaults] as const, ...sections] : [...sections];
  return blocks
    .map(([name, keys]) => `[${name}]\n${[...keys].map(([key, item]) => `${key} = ${item.replaceAll("\n", "\n\t")}\n`).join("")}\n`)
    .join("");
}

/** `%` must be doubled or begin `%(name)s` (configparser.BasicInterpolation.before_set). */
function checkInterpolation(text: string): void {
  const bare = text.replaceAll("%%", "").replace(/%\(([^)]+)\)s/g, "");
  if (bare.includes("%")) throw new PyError("ValueError", `invalid interpolation syntax in '${text}' at position ${text.indexOf("%")}`);
}

function className(value: Value): string {
  return value === null
    ? "NoneType"
    : typeof value === "string"
      ? "str"
      : Array.isArray(value)
        ? "list"
        : typeof value === "boolean"
          ? "bool"
          : typeof value === "number"
            ? "int"
            : "object";
}

/**
 * Reads such a file back, as `configparser.ConfigParser().read_string` with its default options and no interpolation.
 *
 * @throws PyError `MissingSectionHeaderError`, `ParsingError`
 */
export function loadIni(text: string): PyDict {
  const defaults = new Map<string, string[]>();
  const sections = new Map<string, Map<string, string[]>>();
  let keys: Map<string, string[]> | undefined;
  let lines: string[] | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    if (/^\s*[#;]/.test(raw)) continue;
    const line = raw.trim();
    if (lines !== undefined && /^\s/.test(raw) && line !== "") {
      lines.push(line);
      continue;
    }
    if (line === "") {
      lines?.push("");
      continue;
    }
    const header = /^\[(.+)\]/.exec(line);
    lines = undefined;
    if (header !== null) {
      const name = header[1] ?? "";
      if (sections.has(name))
        throw new PyError("DuplicateSectionError", `While reading from '<string>' [line ${index + 1}]: section '${name}' already exists`);
      keys = name === "DEFAULT" ? defaults : new Map<string, string[]>();
      if (name !== "DEFAULT") sections.set(name, keys);
      continue;
    }
    if (keys === undefined)
      throw new PyError(
        "MissingSectionHeaderError",
        `File contains no section headers.\nfile: '<string>', line: ${index + 1}\n'${raw}\\n'`,
      );
    const option = /^(.*?)\s*(?:[=:])\s*(.*)$/.exec(line);
    if (option === null)
      throw new PyError(
        "ParsingError",
        `Source contains parsing errors: '<string>'\n\t[line ${String(index + 1).padStart(2)}]: '${raw}\\n'`,
      );
    lines = [option[2] ?? ""];
    keys.set((option[1] ?? "").trimEnd().toLowerCase(), lines);
  }
  const result = new PyDict();
  for (const [name, own] of sections) {
    const section = new PyDict();
    // A section's items begin with the defaults (ConfigParser.items).
    for (const [key, value] of [...defaults, ...own]) section.set(key, value.join("\n").trimEnd());
    result.set(name, section);
  }
  return result;
}
