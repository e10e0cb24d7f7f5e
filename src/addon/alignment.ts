/**
 * Which item of one list became which of another: equal ones along a longest common subsequence, and of those between two such pairs
 * the ones that `alike` takes for each other, then one after the other. `undefined` for an item that has no counterpart.
 */
export function alignment<T>(
  before: readonly T[],
  after: readonly T[],
  textOf: (item: T) => string,
  alike: (a: T, b: T) => boolean = () => false,
): readonly Counterpart[] {
  const pairs = commonItems(before.map(textOf), after.map(textOf));
  const counterparts: Counterpart[] = [];
  let from = 0;
  let to = 0;
  for (const [index, other] of [...pairs, [before.length, after.length] as const]) {
    counterparts.push(...gap(before.slice(from, index), after.slice(to, other), to, alike));
    if (index < before.length) counterparts.push({ index: other, equal: true });
    from = index + 1;
    to = other + 1;
  }
  return counterparts;
}

/** Where an item went, and whether it is still the same. */
export type Counterpart = { readonly index: number; readonly equal: boolean } | undefined;

function gap<T>(before: readonly T[], after: readonly T[], start: number, alike: (a: T, b: T) => boolean): Counterpart[] {
  const open = new Set(after.keys());
  const found: Counterpart[] = before.map((item) => {
    for (const index of open) {
      const other = after[index];
      if (other === undefined || !alike(item, other)) continue;
      open.delete(index);
      return { index: start + index, equal: false };
    }
    return undefined;
  });
  return found.map((counterpart) => {
    if (counterpart !== undefined) return counterpart;
    for (const index of open) {
      open.delete(index);
      return { index: start + index, equal: false };
    }
    return undefined;
  });
}

/** So many cells at most does the table of a comparison have; what is larger is told apart by its ends alone. */
const MOST_CELLS = 4_000_000;

/** Pairs of indices of a longest common subsequence. */
function commonItems(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const pairs = Array.from({ length: head }, (_, index) => [index, index] as const);
  pairs.push(...commonBetween(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head));
  for (let left = tail; left > 0; left--) pairs.push([a.length - left, b.length - left]);
  return pairs;
}

function commonBetween(a: readonly string[], b: readonly string[], offset: number): (readonly [number, number])[] {
  const width = b.length + 1;
  if (a.length === 0 || b.length === 0 || (a.length + 1) * width > MOST_CELLS) return [];
  // How long the common subsequence of what follows is.
  const longest = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) pairs.push([offset + i++, offset + j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}
