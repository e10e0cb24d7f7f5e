import { expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import { parseSystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import { Replay } from "../recording.ts";
import { live } from "./scenario.ts";

test.each([
  { index: 0, policy: "clear" },
  { index: 1, policy: "discard" },
  { index: 2, policy: "shred" },
  { index: 3, policy: "clear" },
])("what was recorded of a real node's partition $index is given out, cleaned ($policy) and given out again", async ({ index, policy }) => {
  const recordings = new URL("../recordings/", import.meta.url);
  const system = parseSystemConfiguration(await readFile(new URL("storage.json", recordings), "utf8"));
  const replay = await Replay.of(new URL(`local-volume-${index}-${policy}.json`, recordings));
  const { name, capacity, events } = await live(replay, { ...system, partitions: system.partitions.slice(index, index + 1) }, policy, () =>
    Promise.resolve(),
  );
  expect(replay.isOver).toBe(true);
  expect(name).toBe(`local-${system.partitions[index]?.uuid}`);
  // A file system is smaller than its partition, a device is not.
  const size = system.partitions[index]?.size ?? 0;
  if (index < 2) expect(Number(capacity)).toBeLessThan(size);
  else expect(Number(capacity)).toBe(size);
  expect(events.slice(-4)).toEqual(["VolumeDiscovered", "VolumeCleaning", "VolumeCleaned", "VolumeDiscovered"]);
});
