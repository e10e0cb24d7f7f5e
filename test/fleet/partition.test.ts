import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseRoster, type Cluster } from "../../src/fleet/roster.ts";
import { partition } from "../../src/fleet/partition.ts";

/** So many clusters of each kind. */
function clusters(kinds: readonly number[]): readonly Cluster[] {
  const entries = kinds.flatMap((count, kind) =>
    Array.from(
      { length: count },
      (_, index) => `c${kind}-${String(index).padStart(4, "0")}:\n  minion_opts: {grains: {az: az1, kind: k${kind}}}\n`,
    ),
  );
  return parseRoster(entries.join(""), "roster.yaml", "1.36").clusters;
}

/** What a part costs: the first of a kind as much as twelve more of it. */
function cost(part: readonly Cluster[]): number {
  return part.length + 12 * new Set(part.map(({ grains }) => grains.get("kind"))).size;
}

describe("partition", () => {
  test.each<[string, readonly number[], readonly number[]]>([
    ["all of one kind", [1000], [1, 2, 3, 7, 64]],
    ["all different", Array.from({ length: 100 }, () => 1), [2, 3, 7, 64]],
    ["large and small kinds", [400, 200, 100, 50, 20, 10, 5, 1, 1, 1], [2, 3, 7]],
  ])("%s: every cluster in one part, and no part costs much more than another", (_name, kinds, counts) => {
    const all = clusters(kinds);
    for (const count of counts) {
      const parts = partition(all, count);
      expect(parts).toHaveLength(count);
      expect(
        parts
          .flat()
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(all.map(({ id }) => id));
      const costs = parts.map(cost);
      expect(Math.max(...costs) - Math.min(...costs), `${count} parts: ${costs.join(" ")}`).toBeLessThanOrEqual(
        26 + Math.max(...costs) / 10,
      );
    }
  });

  test("clusters of a kind stay together where they are no more than a part", () => {
    const parts = partition(clusters([20, 20, 20, 20]), 2);
    expect(parts.map((part) => new Set(part.map(({ grains }) => grains.get("kind"))).size)).toEqual([2, 2]);
  });

  test("more parts than clusters: the rest are empty", () => {
    const sizes = partition(clusters([1, 1]), 5).map((part) => part.length);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 1]);
  });

  test("the order of the roster does not matter", () => {
    const all = clusters([30, 5, 5, 5]);
    const ids = (list: readonly Cluster[]): string[][] => partition(list, 3).map((part) => part.map(({ id }) => id));
    expect(ids([...all].reverse())).toEqual(ids(all));
  });

  test("whatever the roster: disjoint, complete, about as dear as one another, the same every time and in any order", () => {
    const rosters = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }).map(clusters);
    const orders = rosters.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }), fc.integer({ min: 1, max: 9 })),
    );
    fc.assert(
      fc.property(orders, ([all, shuffled, count]) => {
        const parts = partition(all, count);
        const ids = parts.map((part) => part.map(({ id }) => id));
        expect(ids.flat().toSorted()).toEqual(all.map(({ id }) => id));
        for (const part of ids) expect(part).toEqual(part.toSorted());
        const costs = parts.map(cost);
        expect(Math.max(...costs) - Math.min(...costs)).toBeLessThanOrEqual(26 + Math.max(...costs) / 10);
        expect(partition(shuffled, count).map((part) => part.map(({ id }) => id))).toEqual(ids);
      }),
      { numRuns: 300 },
    );
  });
});
