import type { Position } from "../../finding/index.ts";
import { equals, isInt, PyDict, PyFloat, str, type Value } from "../../python/index.ts";
import { Options } from "../config/index.ts";
import { deepCopy } from "../data/index.ts";
import { compareCodePoints } from "../fileroots/index.ts";
import { iterate } from "../sls/index.ts";
import type { LowChunk, Minion } from "../types.ts";
import { applyExclude } from "./exclude.ts";
import { reconcileExtend } from "./extend.ts";
import { slsOf, type StateError } from "./errors.ts";
import { isInternal } from "./find.ts";
import type { HighState } from "./high.ts";
import { requisiteIn } from "./requisite-in.ts";
import { verifyHigh } from "./verify.ts";

export interface LowState {
  /** In the order of `state.apply` before requisites reorder anything. Empty where there are errors. */
  readonly chunks: readonly LowChunk[];
  readonly errors: readonly StateError[];
  /** The line of a chunk's ID; with a key, of that argument of it. */
  readonly positionOf: (chunk: LowChunk, key?: string) => Position | undefined;
}

/** Compiles high data to low chunks as `State.call_high` does. The high data is used up: it is changed on the way. */
export function compileLow(minion: Minion, { high, errors: before, sources }: HighState): LowState {
  const runs = new WeakMap<LowChunk, readonly Value[]>();
  const positionOf = (chunk: LowChunk, key?: string): Position | undefined => {
    if (key === undefined) return sources.ofId(slsOf(chunk)[0], chunk.get("__id__") ?? null);
    const arg = runs.get(chunk)?.findLast((item) => item instanceof PyDict && item.has(key));
    return arg instanceof PyDict ? sources.ofEntry(arg, key) : undefined;
  };
  const failed = (errors: readonly StateError[]): LowState => ({ chunks: [], errors, positionOf });
  if (before.length > 0) return failed(before);
  const shape = [...reconcileExtend(high, false, sources), ...verifyHigh(high, sources)];
  if (shape.length > 0) return failed(shape);
  const options = new Options(minion.opts);
  const references = requisiteIn(high, options.disabledRequisites, sources);
  applyExclude(high);
  if (references.length > 0) return failed(references);
  const chunks = compileHighData(high, runs);
  return { chunks: orderChunks(chunks), errors: [], positionOf };
}

/** `compile_high_data`: a chunk for each state of each ID, and for each of its `names`. */
function compileHighData(high: PyDict, runs: WeakMap<LowChunk, readonly Value[]>): LowChunk[] {
  const chunks: LowChunk[] = [];
  for (const [id, body] of high.entries()) {
    if (typeof id !== "string" || isInternal(id) || !(body instanceof PyDict)) continue;
    for (const [state, run] of body.entries()) {
      if (typeof state !== "string" || isInternal(state) || !Array.isArray(run)) continue;
      for (const chunk of chunksOf(id, body, state, run)) {
        runs.set(chunk, run);
        chunks.push(chunk);
      }
    }
  }
  return chunks;
}

function chunksOf(id: string, body: PyDict, state: string, run: readonly Value[]): LowChunk[] {
  const chunk = new PyDict();
  chunk.set("state", state);
  chunk.set("name", id);
  for (const key of ["__sls__", "__env__", "__sls_included_from__"]) {
    const value = body.get(key);
    if (value !== undefined) chunk.set(key, value);
  }
  chunk.set("__id__", id);
  const names: Value[] = [];
  const fun = run.findLast((arg) => typeof arg === "string");
  for (const arg of run) if (arg instanceof PyDict) takeArgument(chunk, names, id, arg);
  if (fun === undefined) return [];
  const named = names.length === 0 ? [copyChunk(chunk)] : names.map((entry, index) => namedChunk(chunk, entry, index + 1));
  for (const each of named) each.set("fun", fun);
  return named;
}

function takeArgument(chunk: PyDict, names: Value[], id: string, arg: PyDict): void {
  for (const [key, value] of arg.entries()) {
    if (key === "names") for (const name of iterate(value)) addName(names, name);
    // A state can't be told to be another one.
    else if (key === "state") continue;
    else if (key === "name" && typeof value !== "string") chunk.set("name", id);
    else chunk.set(key, value);
  }
}

function addName(names: Value[], name: Value): void {
  if (!names.some((known) => equals(known, name))) names.push(name);
}

/** One of `names`: a word, or `{name: [option, …]}` with options of its own. */
function namedChunk(chunk: PyDict, entry: Value, order: number): PyDict {
  const live = copyChunk(chunk);
  if (entry instanceof PyDict) {
    const [[name, options] = [null, null]] = entry.entries();
    live.set("name", name);
    for (const option of iterate(options)) if (option instanceof PyDict) for (const [key, value] of option.entries()) live.set(key, value);
  } else live.set("name", entry);
  live.set("name_order", order);
  return live;
}

function copyChunk(chunk: PyDict): PyDict {
  const copy = new PyDict();
  for (const [key, value] of chunk.entries()) copy.set(key, deepCopy(value));
  return copy;
}

/** `order_chunks`: turns words and negative numbers into places, and sorts by order, then by state, name and function. */
function orderChunks(chunks: readonly LowChunk[]): LowChunk[] {
  const cap = capOf(chunks);
  const keyed = chunks.map((chunk) => {
    const order = placeOf(chunk, cap);
    const text = `${str(chunk.get("state") ?? null)}${str(chunk.get("name") ?? null)}${str(chunk.get("fun") ?? null)}`;
    return { chunk, order, text };
  });
  keyed.sort((a, b) => a.order - b.order || compareCodePoints(a.text, b.text));
  return keyed.map(({ chunk }) => chunk);
}

/** Beyond every order given as an integer. */
function capOf(chunks: readonly LowChunk[]): number {
  let cap = 1;
  for (const chunk of chunks) {
    const order = integer(chunk.get("order"));
    if (order !== undefined && order > cap - 1 && order > 0) cap = order + 100;
  }
  return cap;
}

function integer(value: Value | undefined): number | undefined {
  if (value === true || value === false) return value ? 1 : 0;
  return value !== undefined && isInt(value) ? Number(value) : undefined;
}

const LAST = 1_000_000;

/** Sets the chunk's `order` as Salt does, and gives it as a number to sort by. */
function placeOf(chunk: LowChunk, cap: number): number {
  const given = chunk.get("order");
  if (given === undefined) {
    chunk.set("order", cap);
    return cap;
  }
  const whole = integer(given);
  let order = whole ?? (given instanceof PyFloat ? given.value : wordPlace(given, cap));
  let exact: Value = whole === undefined && !(given instanceof PyFloat) ? order : given;
  const nameOrder = integer(chunk.get("name_order"));
  if (nameOrder !== undefined) {
    chunk.delete("name_order");
    order += nameOrder / 10000;
    exact = new PyFloat(order);
  }
  if (order < 0) {
    order = cap + LAST + order;
    exact = exact instanceof PyFloat ? new PyFloat(order) : order;
  }
  chunk.set("order", exact);
  return order;
}

function wordPlace(word: Value, cap: number): number {
  if (word === "last") return cap + LAST;
  return word === "first" ? 0 : cap;
}
