import { parse, TomlDate, TomlError, type TomlTable } from "smol-toml";
import { int, PyDict, PyFloat, type Value } from "../../python/index.ts";
import { SlsRenderError } from "./error.ts";

type TomlItem = TomlTable[string];

/**
 * The `toml` renderer. Integers are exact, floats stay floats. Refused, since they could not be kept as Python's `toml` keeps them: dates and
 * times (which have no counterpart in SLS data), and a table of several keys of which one is a whole number (whose order would be lost).
 *
 * @throws SlsRenderError `toml-syntax`, `toml-unsupported`
 */
export function loadToml(text: string, file: string): Value {
  let table: TomlTable;
  try {
    table = parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(file);
    if (!(error instanceof TomlError)) throw error;
    const [message = ""] = error.message.split("\n");
    throw new SlsRenderError("DeserializationError", {
      code: "toml-syntax",
      severity: "error",
      message,
      at: { file, line: error.line, column: error.column },
    });
  }
  return valueOf(table, file, 0);
}

/** As deep as JSON and YAML may nest. */
const DEEPEST = 900;

function tooDeep(file: string): SlsRenderError {
  return new SlsRenderError("DeserializationError", {
    code: "toml-syntax",
    severity: "error",
    message: "TOML: tables or arrays nest too deep",
    at: { file },
  });
}

function valueOf(item: TomlItem, file: string, depth: number): Value {
  if (depth > DEEPEST) throw tooDeep(file);
  if (typeof item === "bigint") return int(item);
  if (typeof item === "number") return new PyFloat(item);
  if (typeof item !== "object") return item;
  if (Array.isArray(item)) return item.map((entry) => valueOf(entry, file, depth + 1));
  if (item instanceof TomlDate) throw unsupported(file, `the date or time ${item.toISOString()}: write it in quotes`);
  const entries = Object.entries(item);
  const number = entries.length > 1 ? entries.find(([key]) => /^(?:0|[1-9]\d*)$/.test(key)) : undefined;
  if (number !== undefined)
    throw unsupported(file, `the key ${number[0]}: among other keys, one that is a whole number would lose its place`);
  return PyDict.of(entries.map(([key, entry]): [Value, Value] => [key, valueOf(entry, file, depth + 1)]));
}

function unsupported(file: string, what: string): SlsRenderError {
  return new SlsRenderError("DeserializationError", {
    code: "toml-unsupported",
    severity: "error",
    message: `TOML: ${what}`,
    at: { file },
    advice: "YAML and JSON have no such limits.",
  });
}
