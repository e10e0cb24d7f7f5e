/** Constructs of Go's regular expressions (RE2) that JavaScript lacks or reads otherwise. */
const FOREIGN = /\(\?[a-zA-Z]*[:)-]|\[\[:|\\[QEzAC]|\\x\{|\\[pP][A-Z]/;

/**
 * A regular expression of a CustomResourceDefinition, which is Go's, as JavaScript's. `undefined` where it has no equal here:
 * then it is not evaluated.
 */
export function goPattern(pattern: string): RegExp | undefined {
  // The flag at the beginning, before or after ^, holds for the whole expression.
  const flagged = /^(\^?)\(\?([ims]+)\)(.*)$/s.exec(pattern);
  const source = (flagged === null ? pattern : `${flagged[1] ?? ""}${flagged[3] ?? ""}`).replaceAll("(?P<", "(?<");
  if (FOREIGN.test(source)) return undefined;
  try {
    return new RegExp(source, flagged?.[2] ?? "");
  } catch {
    return undefined;
  }
}

/** Whether an expression is wrong in Go too: nothing that JavaScript lacks explains why it does not compile. */
export function isBroken(pattern: string): boolean {
  return !FOREIGN.test(pattern) && goPattern(pattern) === undefined;
}
