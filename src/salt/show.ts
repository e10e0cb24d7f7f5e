import { PyBytes, PyDict, PyFloat, PyObject, PySet, PyTuple, str, type Value } from "../python/index.ts";
import type { CompiledPillar } from "./pillar/index.ts";
import type { CompiledTop } from "./top/index.ts";
import type { LowChunk } from "./types.ts";

/** What JSON holds, numbers as they are printed: floats keep their point, integers of any size their digits. */
export type Plain = null | boolean | string | PlainNumber | readonly Plain[] | ReadonlyMap<string, Plain>;

/** A number by its text, so that 1.0 and 2**70 survive. */
export interface PlainNumber {
  readonly number: string;
}

/** Pillar in the shape of `pillar.items`. */
export function showPillar({ data }: CompiledPillar): Plain {
  return toPlain(data);
}

/** The top file's outcome in the shape of `state.show_top`. */
export function showTop(top: CompiledTop): Plain {
  return new Map([...top].map(([saltenv, names]) => [saltenv, [...names]]));
}

/** High data in the shape of `state.show_highstate` and `state.show_sls`. */
export function showHigh(high: PyDict): Plain {
  return toPlain(high);
}

/** Low chunks in the shape of `state.show_lowstate` and `state.show_low_sls`. */
export function showLow(chunks: readonly LowChunk[]): Plain {
  return chunks.map(toPlain);
}

/**
 * Python data as JSON has it. Keys that are no strings print with a tag, `!int 8`, `!bool true`, `!float 1.5`, `!null`, so that none is
 * taken for a string and no two run together. Tuples and sets are lists; what JSON has no like of is its `str()`.
 */
export function toPlain(value: Value): Plain {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return { number: String(value) };
  if (Array.isArray(value)) return value.map(toPlain);
  return objectToPlain(value);
}

function objectToPlain(value: PyObject): Plain {
  if (value instanceof PyDict) return new Map([...value.entries()].map(([key, item]) => [keyText(key), toPlain(item)]));
  if (value instanceof PyFloat) return Number.isFinite(value.value) ? { number: str(value) } : str(value);
  if (value instanceof PyTuple) return value.items.map(toPlain);
  if (value instanceof PySet) return [...value.values()].map(toPlain);
  if (value instanceof PyBytes) return Buffer.from(value.bytes).toString("utf8");
  return str(value);
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key === null) return "!null";
  if (typeof key === "boolean") return `!bool ${String(key)}`;
  if (typeof key === "number" || typeof key === "bigint") return `!int ${String(key)}`;
  return key instanceof PyFloat ? `!float ${str(key)}` : `!${Array.isArray(key) ? "list" : key.typeName} ${str(key)}`;
}

/** JSON text in the order of the data, two blanks a level. */
export function printPlain(value: Plain, indent = ""): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (value instanceof Map)
    return bracketed(
      "{",
      [...value].map(([key, item]) => `${JSON.stringify(key)}: ${printPlain(item, inner)}`),
      "}",
      indent,
    );
  if (Array.isArray(value))
    return bracketed(
      "[",
      value.map((item) => printPlain(item, inner)),
      "]",
      indent,
    );
  return "number" in value ? value.number : "null";
}

function bracketed(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}
