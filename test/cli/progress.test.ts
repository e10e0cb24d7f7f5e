import { describe, expect, test } from "vitest";
import { describeProgress, progressLine } from "../../src/cli/progress.ts";
import type { Terminal } from "../../src/cli/terminal.ts";
import type { RenderProgress } from "../../src/fleet/index.ts";

const at = (clusters: number, more: Partial<RenderProgress> = {}): RenderProgress => ({
  clusters,
  computed: 0,
  taken: 0,
  unchanged: 0,
  ...more,
});

describe("the line that says how far a render is", () => {
  test.each<readonly [RenderProgress, total: number, elapsed: number, line: string]>([
    [at(0), 1000, 0, "0/1000 clusters"],
    [at(0, { computed: 12 }), 1000, 500, "0/1000 clusters; 12 computed, 0 taken over"],
    [at(1, { computed: 9, taken: 3 }), 2, 900, "1/2 clusters; 9 computed, 3 taken over; 1 s left"],
    [
      at(412, { computed: 4310, taken: 20_874, unchanged: 96 }),
      1000,
      2000,
      "412/1000 clusters, 96 unchanged; 4,310 computed, 20,874 taken over; 3 s left",
    ],
    [at(500, { unchanged: 500 }), 1000, 250, "500/1000 clusters, 500 unchanged; 1 s left"],
    [at(10, { computed: 1_234_567, taken: 999 }), 100, 10_000, "10/100 clusters; 1,234,567 computed, 999 taken over; 90 s left"],
    [at(3, { computed: 1 }), 3, 100, "3/3 clusters; 1 computed, 0 taken over"],
  ])("%j of %i after %i ms", (progress, total, elapsed, line) => {
    expect(describeProgress(progress, total, elapsed)).toBe(line);
  });

  test("is shown ten times a second at most", () => {
    const shown: string[] = [];
    let time = 5000;
    // Of a terminal only this is asked for.
    const terminal = { progress: (line: string) => void shown.push(line) } as Terminal;
    const show = progressLine(terminal, 4, () => time);
    for (const [clusters, now] of [
      [0, 5000],
      [1, 5050],
      [2, 5099],
      [3, 5100],
      [4, 6100],
    ] as const) {
      time = now;
      show(at(clusters));
    }
    expect(shown).toEqual(["0/4 clusters", "3/4 clusters; 1 s left", "4/4 clusters"]);
  });
});
