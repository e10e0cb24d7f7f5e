/** What comparing two texts line by line says of a line, in any comparison that keeps as many lines as can be. */
export interface LineVerdict {
  /** Some such comparison keeps it. */
  readonly kept: boolean;
  /** Some such comparison takes it away. */
  readonly removed: boolean;
}

/** `line` counts from 1. */
export function compareLine(before: string, after: string, line: number): LineVerdict {
  if (before === after) return { kept: true, removed: false };
  const a = before.split("\n");
  const b = after.split("\n");
  const at = line - 1;
  const forward = lengths(a, b);
  const backward = lengths(a.toReversed(), b.toReversed());
  const best = forward[a.length]?.[b.length] ?? 0;
  let kept = false;
  let removed = false;
  for (let j = 0; j <= b.length; j++) {
    const above = forward[at]?.[j] ?? 0;
    if (b[j] === a[at] && above + 1 + (backward[a.length - at - 1]?.[b.length - j - 1] ?? 0) === best) kept = true;
    if (above + (backward[a.length - at - 1]?.[b.length - j] ?? 0) === best) removed = true;
  }
  return { kept, removed };
}

/** Lengths of the longest common subsequences of all beginnings. */
function lengths(a: readonly string[], b: readonly string[]): readonly Uint16Array[] {
  const table = [new Uint16Array(b.length + 1)];
  for (const [i, text] of a.entries()) {
    const above = table[i] ?? new Uint16Array();
    const row = new Uint16Array(b.length + 1);
    for (const [j, other] of b.entries()) row[j + 1] = text === other ? (above[j] ?? 0) + 1 : Math.max(above[j + 1] ?? 0, row[j] ?? 0);
    table.push(row);
  }
  return table;
}
