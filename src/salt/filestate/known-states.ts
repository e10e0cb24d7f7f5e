import type { FileRoots } from "../types.ts";
import type { Chunk } from "./chunk.ts";
import { STATE_FUNCTIONS } from "./state-functions.ts";

/** Whether Salt 3007.1, or a module of the tree's own `_states`, has the function. */
export function isKnownState(chunk: Chunk, fileRoots: FileRoots): boolean {
  const functions = functionsOf(chunk.state);
  if (functions !== undefined) return functions.includes(chunk.fun);
  return fileRoots.environments().some((saltenv) => fileRoots.find(saltenv, `_states/${chunk.state}.py`) !== undefined);
}

function functionsOf(state: string): readonly string[] | undefined {
  return Object.hasOwn(STATE_FUNCTIONS, state) ? STATE_FUNCTIONS[state]?.split(" ") : undefined;
}

/** Salt's message for a state that it does not have, and the name that was perhaps meant. */
export function unknownState(chunk: Chunk): { readonly comment: string; readonly advice?: string } {
  const functions = functionsOf(chunk.state);
  const near = nearest(functions === undefined ? chunk.state : chunk.fun, functions ?? Object.keys(STATE_FUNCTIONS));
  const meant = near === undefined ? undefined : functions === undefined ? `${near}.${chunk.fun}` : `${chunk.state}.${near}`;
  return {
    comment: `State '${chunk.state}.${chunk.fun}' was not found in SLS '${chunk.sls}'`,
    ...(meant === undefined ? {} : { advice: `Did you mean ${meant}?` }),
  };
}

/** The closest word within two changes. */
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
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? limit;
}
