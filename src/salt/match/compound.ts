import { PyError, PyTuple, typeName, type Value } from "../../python/index.ts";
import { expandNodegroup, OPERATORS, splitWords } from "./nodegroup.ts";
import type { Engine } from "./subject.ts";
import { verdict } from "./verdict.ts";

/** One word of a compound target: `G@os:Debian`, `I|@a|b`, `web*`. */
export interface Term {
  readonly engine?: string;
  readonly delimiter?: string;
  readonly pattern: string;
}

const TERM = /^(?:(?:([GPIJ])([^\n])?|([LNSER]))@)?(.+)$/u;

/** `salt.utils.minions.parse_target`. Only grain and pillar engines take a delimiter, one character before the `@`. */
export function parseTerm(word: string): Term {
  const [, withDelimiter, delimiter, plain, pattern] = TERM.exec(word) ?? [];
  if (pattern === undefined) return { pattern: word };
  const engine = withDelimiter ?? plain;
  return { ...(engine !== undefined && { engine }), ...(delimiter !== undefined && { delimiter }), pattern };
}

const LETTERS: ReadonlyMap<string, Engine> = new Map([
  ["G", "grain"],
  ["P", "grain_pcre"],
  ["I", "pillar"],
  ["J", "pillar_pcre"],
  ["L", "list"],
  ["S", "ipcidr"],
  ["E", "pcre"],
]);

/** How one term is judged; `undefined` is a target that its matcher can't read, which counts as an empty list. */
export type TermMatcher = (engine: Engine, pattern: string, delimiter: string | undefined) => boolean | undefined;

/**
 * Salt's compound matcher. A word that is malformed, an operator that can't stand where it does or an unknown engine makes the
 * whole target false; a bare `not` after a term means `and not`; a nodegroup's words are put in its place.
 */
export function compoundMatch(target: Value, nodegroups: Value, term: TermMatcher): boolean {
  const words = compoundWords(target);
  if (words === undefined) return false;
  const [only] = words;
  // Most targets are one term.
  if (words.length === 1 && typeof only === "string" && !OPERATORS.has(only)) {
    const { engine, delimiter, pattern } = parseTerm(only);
    const matcher = engine === undefined ? "glob" : LETTERS.get(engine);
    if (matcher !== undefined) return term(matcher, engine === undefined ? only : pattern, delimiter) === true;
  }
  // Last word first, so that taking one and putting a nodegroup's in its place are both cheap.
  const pending = [...words].reverse();
  const results: string[] = [];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const word = wordText(item);
    if (OPERATORS.has(word)) {
      if (!operatorFits(word, results)) return false;
      if (word === "not" && results.length > 0 && !["and", "or", "("].includes(results.at(-1) ?? "")) results.push("and");
      results.push(word);
      continue;
    }
    const { engine, delimiter, pattern } = parseTerm(word);
    if (engine === "N") {
      pending.push(...[...expandNodegroup(pattern, nodegroups)].reverse());
      continue;
    }
    const matcher = engine === undefined ? "glob" : LETTERS.get(engine);
    if (matcher === undefined) return false;
    const matched = term(matcher, engine === undefined ? word : pattern, delimiter);
    results.push(matched === undefined ? "[]" : matched ? "True" : "False");
  }
  return verdict(results);
}

function compoundWords(target: Value): readonly Value[] | undefined {
  if (typeof target === "string") return splitWords(target);
  if (Array.isArray(target)) return target;
  if (target instanceof PyTuple) throw new PyError("AttributeError", "'tuple' object has no attribute 'pop'");
  return undefined;
}

function wordText(word: Value): string {
  if (typeof word === "string") return word;
  throw new PyError("TypeError", `expected string or bytes-like object, got '${typeName(word)}'`);
}

function operatorFits(word: string, results: readonly string[]): boolean {
  if (results.length === 0) return word === "(" || word === "not";
  return results.at(-1) !== "(" || (word !== "and" && word !== "or");
}
