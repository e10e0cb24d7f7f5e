import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countLines } from "../../src/fleet/line-counts.ts";

/** The length of the longest common subsequence, by the book. */
function common(left: readonly string[], right: readonly string[]): number {
  let row = right.map(() => 0);
  for (const line of left) {
    const next: number[] = [];
    for (const [index, other] of right.entries())
      next.push(line === other ? (row[index - 1] ?? 0) + 1 : Math.max(row[index] ?? 0, next[index - 1] ?? 0));
    row = next;
  }
  return row.at(-1) ?? 0;
}

describe("countLines", () => {
  test.each<[string, string, string, number, number]>([
    ["the same", "a\nb\n", "a\nb\n", 0, 0],
    ["a new file", "", "a\nb\n", 2, 0],
    ["a file that goes", "a\nb\n", "", 0, 2],
    ["a line changed", "a\nb\nc\n", "a\nx\nc\n", 1, 1],
    ["a line moved", "a\nb\nc\nd\n", "b\nc\nd\na\n", 1, 1],
    ["the end of the last line", "a\nb", "a\nb\n", 0, 0],
  ])("%s", (_name, before, after, added, removed) => {
    expect(countLines(before, after)).toEqual({ added, removed });
  });

  test("is what is not in the longest common subsequence", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (left, right) => {
        const kept = common(left, right);
        expect(countLines(left.join("\n"), right.join("\n"))).toEqual({ added: right.length - kept, removed: left.length - kept });
      }),
    );
  });

  test("files that have next to nothing in common are counted at once", () => {
    const text = (prefix: string): string => Array.from({ length: 20_000 }, (_, index) => `${prefix}${index}\n`).join("");
    const begun = performance.now();
    expect(countLines(`${text("a")}same\n`, `same\n${text("b")}`)).toEqual({ added: 20_000, removed: 20_000 });
    expect(performance.now() - begun).toBeLessThan(5000);
  });
});
