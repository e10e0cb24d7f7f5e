import fc from "fast-check";
import { expect, test } from "vitest";
import { reportsOf, shardName, shardOf } from "../../src/sync/shard.ts";

test("every cluster is in exactly one shard, whichever others there are", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 20 }), (clusters, shards) => {
      const parts = Array.from({ length: shards }, (_, shard) => clusters.filter((cluster) => shardOf(cluster, shards) === shard));
      expect(parts.flat().sort()).toEqual([...clusters].sort());
    }),
  );
});

test("shards are about as large", () => {
  const counts = [0, 0, 0, 0];
  for (let number = 0; number < 1000; number++)
    counts[shardOf(`cluster-${number}`, 4)] = (counts[shardOf(`cluster-${number}`, 4)] ?? 0) + 1;
  for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(60);
});

test("a zone's reports are found: of the whole, and of each number of shards, with those that are missing", () => {
  const reports = new Map([
    ["az1", "whole"],
    ["az1.0-of-2", "first"],
    ["az1.2-of-3", "third"],
    ["az10", "other"],
    ["az1.x", "other zone"],
  ]);
  expect(reportsOf("az1", reports)).toEqual([
    [[null, "whole"]],
    [
      [{ shard: 0, shards: 2 }, "first"],
      [{ shard: 1, shards: 2 }, undefined],
    ],
    [
      [{ shard: 0, shards: 3 }, undefined],
      [{ shard: 1, shards: 3 }, undefined],
      [{ shard: 2, shards: 3 }, "third"],
    ],
  ]);
  expect(reportsOf("az2", reports)).toEqual([]);
  expect(shardName("az1", { shard: 0, shards: 2 })).toBe("az1.0-of-2");
});
