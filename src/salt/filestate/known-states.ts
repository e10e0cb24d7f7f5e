import type { FileRoots } from "../types.ts";
import type { Chunk } from "./chunk.ts";
import { STATE_FUNCTIONS } from "./state-functions.ts";

/** Whether Salt 3007.1, or a module of the tree's own `_states`, has the function. */
export function isKnownState(chunk: Chunk, fileRoots: FileRoots): boolean {
  const functions = functionsOf(chunk.state);
  // A module that makes its functions as it loads, as testinfra does, has none in the table.
  if (functions !== undefined) return functions.length === 0 || functions.includes(chunk.fun);
  return fileRoots.environments().some((saltenv) => fileRoots.find(saltenv, `_states/${chunk.state}.py`) !== undefined);
}

function functionsOf(state: string): readonly string[] | undefined {
  return Object.hasOwn(STATE_FUNCTIONS, state) ? STATE_FUNCTIONS[state]?.split(" ").filter((name) => name !== "") : undefined;
}

/** Salt's message for a state that it does not have, and the name that was perhaps meant. */
export function unknownState(chunk: Chunk): { readonly comment: string; readonly advice?: string } {
  const functions = functionsOf(chunk.state);
  const comment = `State '${chunk.state}.${chunk.fun}' was not found in SLS '${chunk.sls}'`;
  const names =
    functions === undefined
      ? Object.keys(STATE_FUNCTIONS)
          .filter((state) => functionsOf(state)?.includes(chunk.fun) === true)
          .map((state) => `${state}.${chunk.fun}`)
      : functions.map((fun) => `${chunk.state}.${fun}`);
  const meant = nearest(`${chunk.state}.${chunk.fun}`, names);
  return meant === undefined ? { comment } : { comment, advice: `Did you mean ${meant}?` };
}

/** The closest word within two changes; two letters in each other's place are one. */
function nearest(word: string, words: readonly string[]): string | undefined {
  let [best, distance]: [string | undefined, number] = [undefined, 3];
  for (const candidate of words) {
    const away = editDistance(word, candidate, distance);
    if (away < distance) [best, distance] = [candidate, away];
  }
  return best;
}

function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1), swapped));
    }
  }
  return at(a.length, b.length);
}
