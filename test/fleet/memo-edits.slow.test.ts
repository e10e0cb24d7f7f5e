import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import type { Fleet } from "../../src/fleet/index.ts";
import { edited, edits, filesOf, worlds, type World } from "./edited-fleet.ts";
import { compiled, expectSame, fleetOf } from "./memory-fleet.ts";

const RUNS = 60;
const EDITS = 10;

/** `undefined` where config or roster can't be read: then nothing is compiled either way. */
function fleetIn(world: World): Fleet | undefined {
  try {
    return fleetOf(filesOf(world));
  } catch (error) {
    if (error instanceof FindingError) return undefined;
    throw error;
  }
}

describe("the memo changes nothing", () => {
  const seen = { states: 0, complete: 0, failed: 0, taken: 0, computed: 0 };

  test(
    `after each of ${RUNS * EDITS} edits: releases, files, findings in their order, and what is left to the node`,
    { timeout: 600_000 },
    () => {
      fc.assert(
        fc.property(worlds, edits(EDITS), (first, all) => {
          let world = first;
          for (const edit of all) {
            world = edited(world, edit);
            const fleet = fleetIn(world);
            if (fleet === undefined) continue;
            const { clusters, counts } = expectSame(fleet);
            seen.states++;
            seen.taken += counts.taken;
            seen.computed += counts.computed;
            for (const { release } of clusters) {
              if (release.state === "failed") seen.failed++;
              else for (const addon of release.addons) seen[addon.state]++;
            }
          }
        }),
        { numRuns: RUNS },
      );
    },
  );

  test("and that was shown where it matters: much is taken over, most compiles, some does not", () => {
    expect(seen.states).toBeGreaterThan(0.9 * RUNS * EDITS);
    expect(seen.taken).toBeGreaterThan(seen.computed / 4);
    expect(seen.complete).toBeGreaterThan(4 * seen.states);
    expect(seen.failed).toBeGreaterThan(seen.states / 10);
  });

  test("nothing is compiled where there is no cluster", () => {
    const fleet = fleetOf(
      new Map([
        ["halite.yaml", ""],
        ["roster.yaml", "{}\n"],
      ]),
    );
    expect(compiled(fleet, true).clusters).toEqual([]);
  });
});
