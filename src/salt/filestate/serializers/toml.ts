import { PyDict, PyError, PyFloat, PySet, PyTuple, repr, str, typeName, type Value } from "../../../python/index.ts";

/** Tables still to be written, by their dotted names. */
type Tables = Map<string, PyDict>;

/**
 * What the Python library `toml` (0.10.2, encoder.py), which Salt's serializer calls, makes of data: tables after plain keys, level by
 * level, lists with a comma at the end, None dropped.
 *
 * @throws PyError as Python would
 */
export function dumpToml(value: Value): string {
  const first = section(value, "");
  let text = first.text;
  let tables = first.tables;
  while (tables.size > 0) {
    const next: Tables = new Map();
    for (const [name, table] of tables) {
      const inner = section(table, name);
      if (inner.text !== "" || inner.tables.size === 0) {
        if (text !== "" && !text.endsWith("\n\n")) text += "\n";
        text += `[${name}]\n${inner.text}`;
      }
      for (const [key, below] of inner.tables) next.set(`${name}.${key}`, below);
    }
    tables = next;
  }
  return text;
}

function section(value: Value, above: string): { readonly text: string; readonly tables: Tables } {
  const prefix = above !== "" && !above.endsWith(".") ? `${above}.` : above;
  const tables: Tables = new Map();
  let [text, arrays] = ["", ""];
  for (const [key, item] of entriesOf(value)) {
    const name = /^[A-Za-z0-9_-]+$/.test(key) ? key : quoted(key);
    if (item instanceof PyDict) tables.set(name, item);
    else if (Array.isArray(item) && item.some((entry) => entry instanceof PyDict))
      arrays += item.map((entry) => arrayTable(entry, prefix + name)).join("");
    else if (item !== null) text += `${name} = ${valueText(item)}\n`;
  }
  return { text: text + arrays, tables };
}

/** One `[[name]]`, with the tables in it. */
function arrayTable(entry: Value, name: string): string {
  let [head, tail] = [`[[${name}]]\n`, "\n"];
  const own = section(entry, name);
  if (own.text.startsWith("[")) tail += own.text;
  else head += own.text;
  let tables = own.tables;
  while (tables.size > 0) {
    const next: Tables = new Map();
    for (const [key, table] of tables) {
      const inner = section(table, `${name}.${key}`);
      if (inner.text !== "") tail += `[${name}.${key}]\n${inner.text}`;
      for (const [deeper, below] of inner.tables) next.set(`${key}.${deeper}`, below);
    }
    tables = next;
  }
  return head + tail;
}

function entriesOf(value: Value): readonly (readonly [string, Value])[] {
  if (value instanceof PyDict)
    return [...value.entries()].map(([key, item]) => {
      // Keys are looked up by their printed form, which only text has in common with itself.
      if (typeof key !== "string") throw new PyError("KeyError", repr(str(key)));
      return [key, item] as const;
    });
  if (typeof value === "string" && value === "") return [];
  if (typeof value === "string") throw new PyError("TypeError", "string indices must be integers, not 'str'");
  if (Array.isArray(value) && value.length === 0) return [];
  if (Array.isArray(value)) throw new PyError("TypeError", "list indices must be integers or slices, not str");
  throw new PyError("TypeError", `'${typeName(value)}' object is not iterable`);
}

function valueText(value: Value): string {
  if (typeof value === "string" || value === null) return quoted(value);
  if (typeof value === "boolean") return value ? "true" : "false";
  if (value instanceof PyFloat) return value.repr().replaceAll("e+0", "e+").replaceAll("e-0", "e-");
  if (value instanceof PyDict) return list([...value.keys()]);
  if (Array.isArray(value)) return list(value);
  if (value instanceof PyTuple) return list(value.items);
  if (value instanceof PySet) return list([...value.values()]);
  return str(value);
}

function list(items: readonly Value[]): string {
  return `[${items.map((item) => ` ${valueText(item)},`).join("")}]`;
}

/**
 * Python's repr turned into a TOML string, step by step as encoder.py's `_dump_str` does it: what it makes of a backslash before an
 * unprintable character is no TOML, and is what Salt writes.
 */
function quoted(value: Value): string {
  const shown = repr(value);
  const single = shown.startsWith("'");
  let body = single || shown.startsWith('"') ? shown.slice(1, -1) : shown;
  if (single) body = body.replaceAll("\\'", "'").replaceAll('"', '\\"');
  let [head = "", ...rest] = body.split("\\x");
  while (rest.length > 0) {
    if (head === "") [head = "", ...rest] = rest;
    const [next, ...after] = rest;
    head = head.replaceAll("\\\\", "\\");
    if (head === "" || next === undefined) throw new PyError("IndexError", `${head === "" ? "string" : "list"} index out of range`);
    let at = head.length - 1;
    let plain = head[at] !== "\\";
    for (; at > 0 && head[at] === "\\"; at--) plain = !plain;
    head += (plain ? "x" : "u00") + next;
    rest = after;
  }
  return `"${head}"`;
}
