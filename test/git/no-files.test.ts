import { expect, test } from "vitest";
import { withoutFiles } from "../no-files-left.ts";

test("where the system has no more files, git can't be run: that is an error of the run, and the process goes on", async () => {
  const said = await withoutFiles(`
    import { runGit } from "./src/git/run.ts";
    fill();
    const run = runGit(["version"], { cwd: "/" });
    console.log(await run.then(() => "it ran", (error) => error.message));
    await new Promise((resolve) => setImmediate(resolve));
    console.log(process.listenerCount("SIGTERM"));
  `);
  expect(said).toBe("spawn git EMFILE\n0\n");
});
