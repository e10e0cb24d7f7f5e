import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Replay } from "../recording.ts";
import { RecordedFiles, scenario } from "./scenario.ts";

test("on what a real node answered the driver runs the same commands to the same end", async () => {
  const recordings = new URL("recordings/", import.meta.url);
  const commands = await Replay.of(new URL("commands.json", recordings));
  const files = new RecordedFiles(JSON.parse(readFileSync(new URL("files.json", recordings), "utf8")));
  const outcome = await scenario(commands, files);
  expect(`${JSON.stringify(outcome, undefined, 2)}\n`).toBe(readFileSync(new URL("outcome.json", recordings), "utf8"));
  expect([commands.isOver, files.isOver]).toEqual([true, true]);
});
