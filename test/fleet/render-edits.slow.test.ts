import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edited, edits, filesOf, worlds } from "./edited-fleet.ts";
import { filesIn, RenderedFleet } from "./rendered-fleet.ts";

const RUNS = 25;
const EDITS = 16;

describe("renders that go on from one another", () => {
  const seen = { states: 0, unchanged: 0 };

  test(
    `after each of ${RUNS * EDITS} edits: results, differences and every byte of out/ are those of renders without cache and memo`,
    { timeout: 600_000 },
    async () => {
      // How far the clock goes on between renders, and whether the edited file keeps its time.
      const pace = fc.array(fc.tuple(fc.constantFrom(0, 0, 1000), fc.boolean()), { minLength: EDITS, maxLength: EDITS });
      await fc.assert(
        fc.asyncProperty(worlds, edits(EDITS), pace, async (first, all, paces) => {
          let world = first;
          const fleet = new RenderedFleet(filesOf(world));
          try {
            for (const [index, edit] of all.entries()) {
              const [ahead = 0, keepTimes = false] = paces[index] ?? [];
              fleet.ahead += ahead;
              const cached = await fleet.render("out", { cached: true });
              const alone = await fleet.render("alone", { cached: false });
              if (JSON.stringify(cached) !== JSON.stringify(alone)) expect(cached).toEqual(alone);
              expect(filesIn(fleet.path("out"))).toEqual(filesIn(fleet.path("alone")));
              seen.states++;
              seen.unchanged += fleet.unchanged;
              world = edited(world, edit);
              fleet.put(filesOf(world), { keepTimes });
            }
            expect(fleet.warnings).toEqual([]);
          } finally {
            fleet.remove();
          }
        }),
        { numRuns: RUNS },
      );
    },
  );

  test("and that was shown where it matters: many clusters were not compiled again", () => {
    expect(seen.unchanged).toBeGreaterThan(seen.states / 4);
  });
});
