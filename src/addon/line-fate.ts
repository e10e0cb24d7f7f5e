import { PyDict, type Value } from "../python/index.ts";
import { emit } from "../yaml/index.ts";
import { alignment } from "./alignment.ts";
import type { PublishedLine, PublishedObject } from "./published.ts";

/** What became of a line where something else was compiled: it stands as it was, it reads otherwise, or it is not there. */
export type LineFate = "same" | "differs" | "gone";

/**
 * Finds a line's field again in other objects: the object by its identity, mappings by their keys, the items of lists by what they hold.
 * So a line is the same though lines come or go above it, and though others beside it change.
 */
export function fateOf(line: PublishedLine, before: readonly PublishedObject[], after: readonly PublishedObject[]): LineFate {
  const object = before[line.object];
  const other = counterpart(line.object, before, after);
  if (object === undefined || other === undefined) return "gone";
  if (line.offset < 0) return after.indexOf(other) > 0 ? "same" : "gone";
  let was: Value = object.value;
  let is: Value = other.value;
  for (const step of line.pointer) {
    const next = stepInto(was, is, step);
    if (next === undefined) return "gone";
    [was, is] = next;
  }
  return compare(was, is, line.offset);
}

/** The same object, or where it got another name the one in its place among those of its kind that did. */
function counterpart(number: number, before: readonly PublishedObject[], after: readonly PublishedObject[]): PublishedObject | undefined {
  const object = before[number];
  if (object === undefined) return undefined;
  const same = after.find((other) => other.identity === object.identity);
  if (same !== undefined) return same;
  const renamed = (own: readonly PublishedObject[], others: readonly PublishedObject[]): readonly PublishedObject[] =>
    own.filter(({ kind, identity }) => kind === object.kind && !others.some((other) => other.identity === identity));
  return renamed(after, before)[renamed(before, after).indexOf(object)];
}

function stepInto(was: Value, is: Value, step: string | number): readonly [Value, Value] | undefined {
  if (was instanceof PyDict && is instanceof PyDict) {
    const [own, other] = [was.get(step), is.get(step)];
    return own === undefined || other === undefined ? undefined : [own, other];
  }
  if (!Array.isArray(was) || !Array.isArray(is) || typeof step !== "number") return undefined;
  const found = alignment(was, is, (item) => emit([item]), sameName)[step];
  const [own, other] = [was[step], found === undefined ? undefined : is[found.index]];
  return own === undefined || other === undefined ? undefined : [own, other];
}

/** Items that Kubernetes tells apart by their names. */
function sameName(a: Value, b: Value): boolean {
  return a instanceof PyDict && b instanceof PyDict && a.get("name") !== undefined && a.get("name") === b.get("name");
}

function compare(was: Value, is: Value, offset: number): LineFate {
  if (isFilled(was) || isFilled(is)) return isFilled(was) && isFilled(is) ? "same" : "differs";
  const [lines, others] = [linesOf(was), linesOf(is)];
  // The first line has the key and, of a text of several lines, the mark that it is one.
  if (offset === 0) return lines[0] === others[0] ? "same" : "differs";
  const found = alignment(lines, others, (text) => text)[offset];
  return found === undefined ? "gone" : found.equal ? "same" : "differs";
}

function isFilled(value: Value): boolean {
  return (value instanceof PyDict && value.size > 0) || (Array.isArray(value) && value.length > 0);
}

/** The lines that a value takes behind its key. */
function linesOf(value: Value): readonly string[] {
  return emit([PyDict.of([["", value]])])
    .replace(/\n$/, "")
    .split("\n");
}
