/** How many lines a file got, and how many it lost. */
export interface LineCounts {
  readonly added: number;
  readonly removed: number;
}

/** With more lines than this in another place, the shortest way from one text to the other is not looked for any more. */
const MOST_EDITS = 2000;

/** The fewest lines to add and remove that make one text of another. Above 2000 of them, lines that have only moved are not counted. */
export function countLines(before: string, after: string): LineCounts {
  const [from, to] = [linesOf(before), linesOf(after)];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  const [left, right] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  const edits = fewestEdits(left, right);
  if (edits === undefined) return { added: surplus(right, left), removed: surplus(left, right) };
  return { added: (edits + right.length - left.length) / 2, removed: (edits + left.length - right.length) / 2 };
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

/** The length of the shortest edit script (Myers, An O(ND) Difference Algorithm); `undefined` where it is longer than the bound. */
function fewestEdits(left: readonly string[], right: readonly string[]): number | undefined {
  if (left.length === 0 || right.length === 0) return left.length + right.length;
  const most = Math.min(MOST_EDITS, left.length + right.length);
  // How far along `left` each diagonal is reached; diagonal k stands at k + most + 1.
  const furthest = new Int32Array(2 * most + 3);
  for (let edits = 0; edits <= most; edits++) {
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const place = diagonal + most + 1;
      const down = furthest[place + 1] ?? 0;
      const across = (furthest[place - 1] ?? 0) + 1;
      let x = diagonal === -edits || (diagonal !== edits && across <= down) ? down : across;
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) x++;
      furthest[place] = x;
      if (x >= left.length && x - diagonal >= right.length) return edits;
    }
  }
  return undefined;
}

/** How many lines of one text the other does not have, wherever they stand. */
function surplus(lines: readonly string[], others: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  let more = 0;
  for (const line of lines) {
    const count = counts.get(line) ?? 0;
    if (count === 0) more++;
    else counts.set(line, count - 1);
  }
  return more;
}
