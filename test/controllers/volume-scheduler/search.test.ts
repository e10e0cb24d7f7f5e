import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { solve, type Option, type Puzzle } from "../../../src/controllers/volume-scheduler/index.ts";

/** Every way to place all claims, tried one by one. */
function bruteForce({ options, pools, apart, together }: Puzzle): number | undefined {
  let best: number | undefined;
  const choice: Option[] = [];
  const place = (claim: number, cost: number): void => {
    if (claim === options.length) {
      best = Math.min(best ?? Number.POSITIVE_INFINITY, cost);
      return;
    }
    for (const option of options[claim] ?? []) {
      if (option.volume !== undefined && choice.some(({ volume }) => volume === option.volume)) continue;
      const { pool } = option;
      if (pool !== undefined) {
        const taken = choice.reduce((sum, each) => sum + (each.pool?.name === pool.name ? each.pool.bytes : 0), 0);
        if (taken + pool.bytes > (pools[pool.name] ?? 0)) continue;
      }
      let more = option.cost;
      let fits = true;
      for (const [other, chosen] of choice.entries()) {
        if (!chosen.disks.some((disk) => option.disks.includes(disk))) continue;
        if (apart(claim, other)) fits = false;
        more += together(claim, other);
      }
      if (!fits) continue;
      choice.push(option);
      place(claim + 1, cost + more);
      choice.pop();
    }
  };
  place(0, 0);
  return best;
}

const KINDS = ["small", "large"];
/** A node's volumes, on a few disks; a volume looks the same to all claims, as it does in a cluster. */
const puzzle = fc
  .record({
    volumes: fc.array(fc.record({ disk: fc.nat(3), kind: fc.nat(1), unlike: fc.boolean() }), { maxLength: 7 }),
    pools: fc.array(fc.record({ disk: fc.nat(4), free: fc.nat(30) }), { maxLength: 2 }),
    claims: fc.array(
      fc.record({
        large: fc.boolean(),
        bytes: fc.integer({ min: 1, max: 15 }),
        pool: fc.boolean(),
        costs: fc.array(fc.nat(3), { minLength: 5, maxLength: 5 }),
        forbidden: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
    twins: fc.boolean(),
    apart: fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }),
    together: fc.array(fc.nat(4), { minLength: 25, maxLength: 25 }),
    allApart: fc.boolean(),
  })
  .map(({ volumes, pools, claims: drawn, twins, apart, together, allApart }): Puzzle => {
    const claims = twins ? drawn.map(() => drawn[0] ?? drawn[0]).filter((each) => each !== undefined) : drawn;
    const pair = (i: number, j: number): number => Math.min(i, j) * 5 + Math.max(i, j);
    return {
      options: claims.map(({ large, bytes, pool, costs, forbidden }) => [
        ...volumes.flatMap(({ disk, kind, unlike }, index) =>
          (large && kind === 0) || forbidden.includes(disk)
            ? []
            : [{ volume: `v${index}`, disks: [`d${disk}`], cost: costs[disk] ?? 0, ...(unlike ? {} : { kind: KINDS[kind] ?? "" }) }],
        ),
        ...(pool
          ? pools.map(({ disk }, index) => ({ pool: { name: `p${index}`, bytes }, disks: [`d${disk}`, "vg"], cost: costs[4] ?? 0 }))
          : []),
      ]),
      pools: Object.fromEntries(pools.map(({ free }, index) => [`p${index}`, free])),
      apart: (i, j) => allApart || (!twins && apart[pair(i, j)] === true),
      together: (i, j) => (twins ? 1 : (together[pair(i, j)] ?? 0)),
    };
  });

describe("the search for places", () => {
  test("finds a solution exactly where there is one, and none costs less", () => {
    fc.assert(
      fc.property(puzzle, (each) => {
        const found = solve(each, 1_000_000);
        const best = bruteForce(each);
        if (best === undefined) expect(found.kind).toBe("impossible");
        else expect(found).toMatchObject({ kind: "solved", cost: best, proven: true });
      }),
      { numRuns: 3000 },
    );
  });

  test("what it chooses can be had, also when its steps run out", () => {
    fc.assert(
      fc.property(puzzle, fc.integer({ min: 1, max: 12 }), (each, steps) => {
        const found = solve(each, steps);
        expect(found.steps).toBeLessThanOrEqual(steps);
        if (found.kind === "impossible") expect(bruteForce(each)).toBeUndefined();
        if (found.kind !== "solved") return;
        const only = found.choice.map((index, claim) => {
          const option = each.options[claim]?.[index];
          return option === undefined ? [] : [option];
        });
        expect(bruteForce({ ...each, options: only })).toBe(found.cost);
      }),
      { numRuns: 1000 },
    );
  });

  test("ten claims that each want a disk of their own, and nine disks: known in few steps to be impossible", () => {
    const option = (disk: number, volume: number): Option => ({ volume: `${disk}-${volume}`, disks: [`d${disk}`], cost: 0, kind: "same" });
    const options = Array.from({ length: 9 }, (_, disk) => [option(disk, 0), option(disk, 1), option(disk, 2)]).flat();
    const found = solve({ options: Array.from({ length: 10 }, () => options), pools: {}, apart: () => true, together: () => 0 });
    expect(found).toMatchObject({ kind: "impossible" });
    expect(found.steps).toBeLessThan(10_000);
  });

  test("eight claims on 24 disks: proven to be the best in few steps", () => {
    const options = Array.from({ length: 24 }, (_, disk): Option => ({
      volume: `v${disk}`,
      disks: [`d${disk}`],
      cost: disk % 3,
      kind: "same",
    }));
    const found = solve({ options: Array.from({ length: 8 }, () => options), pools: {}, apart: () => true, together: () => 0 });
    expect(found).toMatchObject({ kind: "solved", cost: 0, proven: true });
    expect(found.steps).toBeLessThan(100);
  });
});
