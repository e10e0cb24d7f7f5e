import { expect, test } from "vitest";
import { NodeCommandError } from "../../src/controllers/runtime/index.ts";
import { Recorder, Replay } from "./recording.ts";
import { volumeGroup } from "./volume-group.ts";

const RECORDING = new URL("./recordings/volume-group.json", import.meta.url);

test("what was recorded of a node is played again", async () => {
  const node = await Replay.of(RECORDING);
  expect(await volumeGroup(node)).toEqual({
    disk: "/dev/sda",
    free: [String(1020 * 2 ** 20), String(700 * 2 ** 20)],
    twice: 'Logical Volume "one" already exists in volume group "data"',
    type: "xfs",
  });
  expect(node.isOver).toBe(true);
});

test("another command, another order or one too many is an error that shows both", async () => {
  const node = await Replay.of(RECORDING);
  await expect(node.run({ tool: "vgs", args: [] })).rejects.toThrow(
    /command 1 of the recording is\n {2}lsblk .*\nand this is run:\n {2}vgs/s,
  );
  await expect(new Replay([]).run({ tool: "vgs", args: [] })).rejects.toThrow("the recording is over, and this is run: vgs");
});

test("the recorder notes failures and input, and gives what differs from run to run a stand-in", async () => {
  const ids = ["0b3a2a52-6ad0-4f0e-9a0b-0c2f5d0a7c11", "SC4bdx-2dMX-wlqy-Vxgj-mTqK-e0gB-xQd0fO"];
  const recorder = new Recorder({
    run: (command) => {
      const result = { status: 3, stdout: `${ids.join(" ")} ${ids[0]}`, stderr: "no\n" };
      return command.tool === "vgs"
        ? Promise.reject(new NodeCommandError("failed", command, result, "exit status 3"))
        : Promise.resolve(result);
    },
  });
  await recorder.run({ tool: "lvs", args: [], input: "key" });
  await expect(recorder.run({ tool: "vgs", args: [ids[0] ?? ""] })).rejects.toThrow("exit status 3");
  const replay = new Replay(JSON.parse(recorder.text));
  const first = "00000000-0000-4000-8000-000000000001";
  expect(await replay.run({ tool: "lvs", args: [], input: "key" })).toMatchObject({
    stdout: `${first} 000000-0000-0000-0000-0000-0000-000002 ${first}`,
  });
  await expect(replay.run({ tool: "vgs", args: [first] })).rejects.toMatchObject({
    failure: "failed",
    result: { status: 3, stderr: "no\n" },
  });
});
