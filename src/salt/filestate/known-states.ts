import { editDistance } from "../../finding/index.ts";
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
    if (Math.abs(word.length - candidate.length) >= distance) continue;
    const away = editDistance(word, candidate);
    if (away < distance) [best, distance] = [candidate, away];
  }
  return best;
}
