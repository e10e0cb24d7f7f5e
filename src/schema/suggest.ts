import { editDistance } from "../finding/index.ts";

/**
 * The candidate that a misspelt word most likely meant: the nearest by edit distance (insert, delete, replace,
 * swap of neighbours), letter case counting little, and no further off than a third of the word.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word === "") return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = limit + 0.5;
  for (const candidate of candidates) {
    if (candidate === "" || Math.abs(candidate.length - word.length) > limit) continue;
    const distance = candidate.toLowerCase() === lower ? 0.25 : editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}
