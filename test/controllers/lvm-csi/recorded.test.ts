import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Replay } from "../recording.ts";
import { RecordedFiles } from "./recorded-files.ts";
import { scenario } from "./scenario.ts";

const at = (name: string): URL => new URL(`../recordings/lvm-csi-${name}.json`, import.meta.url);

test("on what a real node answered the driver runs the same commands to the same end", async () => {
  const commands = await Replay.of(at("commands"));
  const files = new RecordedFiles(JSON.parse(readFileSync(at("files"), "utf8")));
  const answers = await scenario(commands, files);
  await expect(`${JSON.stringify(answers, undefined, 2)}\n`).toMatchFileSnapshot("../recordings/lvm-csi-answers.json");
  expect([commands.isOver, files.isOver]).toEqual([true, true]);
});
