import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { TestNodeCommands } from "../node-commands.ts";
import { Recorder } from "../recording.ts";
import { logicalVolumes, startLvmNode } from "./lvm-node.ts";
import { scenario, TestNodeFiles } from "./scenario.ts";

const image = await nodeImage();

describe.skipIf(image === undefined)("the driver's commands on a node", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startLvmNode();
  });
  afterAll(() => node?.stop());

  test("what is recorded of the driver is what a node answers", { timeout: 900_000 }, async () => {
    const before = await logicalVolumes(node);
    const recorder = new Recorder(new TestNodeCommands(node));
    const files = new TestNodeFiles(node);
    const outcome = await scenario(recorder, files);
    expect(await logicalVolumes(node)).toBe(before);
    await expect(recorder.text).toMatchFileSnapshot("recordings/commands.json");
    await expect(`${JSON.stringify(files.recorded, undefined, 2)}\n`).toMatchFileSnapshot("recordings/files.json");
    await expect(`${JSON.stringify(outcome, undefined, 2)}\n`).toMatchFileSnapshot("recordings/outcome.json");
  });
});
