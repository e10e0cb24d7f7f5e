import { describe, expect, test } from "vitest";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { compareWithStock } from "./compare.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("beside stock volume scheduling", () => {
  test("the same pods all run under both; rules about disks are kept by one, and its claims are spread", async () => {
    // 60 volumes on 15 disks; 40 pods with 50 claims, so that a disk has three or four where they are spread.
    const load = { nodes: 5, disksPerNode: 3, volumesPerDisk: 5, apps: 8, podsPerApp: 5, twoClaims: 4 };
    const [stock, ours] = await compareWithStock(load);
    expect(stock).toMatchObject({ who: "stock", pods: 40, running: 40, doubles: 0 });
    expect(ours).toMatchObject({ who: "halite-storage", pods: 40, running: 40, violations: 0, doubles: 0, held: 0 });
    expect(stock?.violations).toBeGreaterThan(0);
    // Of a disk's five volumes three or four, where rules let it be; none is full, none nearly empty.
    expect(ours?.disksByClaims.slice(0, 2)).toEqual([0, 0]);
    expect(ours?.disksByClaims.length).toBeLessThanOrEqual(5);
    expect(stock?.disksByClaims).toHaveLength(6);
  });
});
