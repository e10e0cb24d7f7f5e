import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { TestNodeCommands } from "../node-commands.ts";
import { Recorder } from "../recording.ts";
import { logicalVolumes, startLvmNode } from "./lvm-node.ts";
import { FileRecorder } from "./recorded-files.ts";
import { POD, scenario } from "./scenario.ts";

const image = await nodeImage();

describe.skipIf(image === undefined)("the LVM driver's commands on a node", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startLvmNode();
  });
  afterAll(() => node?.stop());

  test("are those of the recording that other tests play, and leave nothing behind", async () => {
    const before = await logicalVolumes(node);
    const recorder = new Recorder(TestNodeCommands.settled(node), "replaced", "replaced");
    // The first that has one: it stands for itself.
    expect(recorder.inStandIns(POD)).toBe(POD);
    const files = new FileRecorder(node, (text) => recorder.inStandIns(text));
    const answers = await scenario(recorder, files);
    await expect(recorder.text).toMatchFileSnapshot("../recordings/lvm-csi-commands.json");
    await expect(files.text).toMatchFileSnapshot("../recordings/lvm-csi-files.json");
    await expect(recorder.inStandIns(`${JSON.stringify(answers, undefined, 2)}\n`)).toMatchFileSnapshot(
      "../recordings/lvm-csi-answers.json",
    );
    expect(await logicalVolumes(node)).toBe(before);
  });
});
