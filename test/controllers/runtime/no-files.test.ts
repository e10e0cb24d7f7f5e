import { expect, test } from "vitest";
import { withoutFiles } from "../../no-files-left.ts";

test("where the system has no more files, no program of the node can be started: that is an error of the command, and the process goes on", async () => {
  const said = await withoutFiles(`
    import { HostCommands, systemClock } from "./src/controllers/runtime/index.ts";
    const commands = new HostCommands({ clock: systemClock, prefix: ["env", "--"] });
    fill();
    const run = commands.run({ tool: "uname", args: [] });
    console.log(await run.then(() => "it ran", (error) => error.name + " " + error.failure + ": " + error.message));
    await new Promise((resolve) => setImmediate(resolve));
  `);
  expect(said).toBe("NodeCommandError absent: uname: spawn env EMFILE\n");
});
