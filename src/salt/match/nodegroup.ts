import { PyDict, PyTuple, str, type Value } from "../../python/index.ts";

/** Words that join terms of a compound target. */
export const OPERATORS: ReadonlySet<string> = new Set(["and", "or", "not", "(", ")"]);

/**
 * `salt.utils.minions.nodegroup_comp`: the words that a nodegroup stands for, those of the nodegroups it names included.
 * Nothing for a nodegroup that is unknown, that names itself, or that is neither text nor a list.
 */
export function expandNodegroup(name: string, nodegroups: Value): readonly Value[] {
  return expand(name, nodegroups, new Set(), true);
}

function expand(name: string, nodegroups: Value, within: Set<string>, first: boolean): readonly Value[] {
  if (within.has(name)) return [];
  const definition = nodegroups instanceof PyDict ? nodegroups.get(name) : undefined;
  const words = definition === undefined ? undefined : wordsOf(definition);
  if (words === undefined) return [];
  within.add(name);
  const expanded: Value[] = [];
  let nested = false;
  for (const item of words) {
    const word = str(item);
    if (word.length >= 3 && word.startsWith("N@")) {
      nested = true;
      expanded.push(...expand(word.slice(2), nodegroups, within, false));
    } else expanded.push(word);
  }
  within.delete(name);
  if (first && !nested) return asOneTerm(words) ?? words;
  const bracketed = expanded.length > 0 ? ["(", ...expanded, ")"] : expanded;
  return first ? bracketed : (asOneTerm(words) ?? bracketed);
}

function wordsOf(definition: Value): readonly Value[] | undefined {
  if (typeof definition === "string") return splitWords(definition);
  if (Array.isArray(definition)) return definition;
  return definition instanceof PyTuple ? definition.items : undefined;
}

/** Python's `str.split()`: by runs of white space, without empty words. */
export function splitWords(text: string): string[] {
  return text.split(/[\s\x1c-\x1f\x85]+/u).filter((word) => word !== "");
}

/** A nodegroup without operators, wildcards and typed terms is one list of names, or one regular expression if it looks like that. */
function asOneTerm(words: readonly Value[]): readonly Value[] | undefined {
  const texts = words.map(str);
  if (texts.some((word) => OPERATORS.has(word))) return undefined;
  if (texts.some((word) => word.includes("*") || /^[A-Z]@/.test(word))) return undefined;
  const engine = texts.some((word) => /[([{\\?}\])]/.test(word)) ? "E" : "L";
  return [`${engine}@${texts.join(",")}`];
}
