/** The way to a place in an object: field names and list indices. */
export type JsonPath = readonly (string | number)[];

/** Plain JSON, as an API server would receive the object. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What is wrong with one object; `pointer` leads to the place in it, or to where a missing field belongs. */
export interface Problem {
  /** Stable: `schema-unknown-field`, `schema-type`, … */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** In the user's words; it names the field. */
  readonly message: string;
  readonly pointer: JsonPath;
  /** What to do about it. */
  readonly advice?: string;
  /** The name that an unknown field most likely means. */
  readonly meant?: string;
}

/** `spec.template.spec.containers[0].image`; a key that holds dots or slashes stands in brackets. */
export function printPath(path: JsonPath): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (!/^[\w$-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === "" ? step : `.${step}`;
  }
  return text === "" ? "the object" : text;
}

/** A value as a message quotes it: short, on one line. */
export function printValue(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0 ? "an empty mapping" : "a mapping";
  const text = JSON.stringify(value);
  if (text.length > 80) return `${text.slice(0, 76)}…"`;
  return typeof value === "number" || typeof value === "boolean" || value === null ? text : text;
}

/** Sorted by place; of two that say the same of one place, the first. */
export function tidy(problems: readonly Problem[]): Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    const key = `${problem.code} ${JSON.stringify(problem.pointer)}`;
    if (!seen.has(key)) seen.set(key, problem);
  }
  return [...seen.values()].sort((a, b) => comparePaths(a.pointer, b.pointer) || Number(a.code > b.code) - Number(a.code < b.code));
}

function comparePaths(a: JsonPath, b: JsonPath): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const left = a[index];
    const right = b[index];
    if (left === right || left === undefined || right === undefined) continue;
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}
