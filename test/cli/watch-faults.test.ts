import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Recompiler } from "../../src/cli/recompiler.ts";
import { runModule, withoutFiles } from "../no-files-left.ts";
import { inTemporaryFolder } from "./halite.ts";

/** A user's namespace has a limit of its own. */
const UNSHARE = ["unshare", "--user", "--map-root-user"] as const;
const canLimit = spawnSync(UNSHARE[0], [...UNSHARE.slice(1), "sh", "-c", "echo 3 >/proc/sys/user/max_inotify_watches"]).status === 0;

describe("what goes wrong while files are watched", () => {
  test.skipIf(!canLimit)("no more watches for a new folder: who waits for changes hears of it, and the process goes on", async () => {
    const said = await runModule(
      `import { mkdirSync, writeFileSync } from "node:fs";
       import { InputWatcher } from "./src/cli/input-watcher.ts";
       mkdirSync("states");
       const watcher = new InputWatcher(() => ({ files: [], folders: [process.cwd() + "/states"], outputs: [] }));
       const changes = watcher.next();
       writeFileSync("/proc/sys/user/max_inotify_watches", "1");
       mkdirSync("states/new");
       console.log(await changes.then(() => "changed", (error) => error.message));
       watcher.close();`,
      UNSHARE,
    );
    expect(said).toMatch(/^the system lets no more than \d folders be watched\n$/);
  });

  test("a thread that has ended compiles nothing, and says so", async () => {
    await inTemporaryFolder(async (home) => {
      mkdirSync(join(home, "dist"));
      writeFileSync(join(home, "dist/watch-worker.mjs"), "process.exit(3);\n");
      const terminal = {
        out: () => undefined,
        err: () => undefined,
        paint: (_style: string, text: string) => text,
        paintErr: (_style: string, text: string) => text,
        width: 80,
        progress: () => undefined,
        progressDone: () => undefined,
      };
      const context = { terminal, cwd: home, env: {}, home, version: "1", build: "test" };
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what of a command's context a thread gets
      const recompiler = new Recompiler(context as unknown as ConstructorParameters<typeof Recompiler>[0], home, new Map());
      for (let times = 0; times < 2; times++) await expect(recompiler.recompile([])).rejects.toThrow("the compiling thread ended with 3");
      await recompiler.close();
    });
  });
});

test("a plain text is not put into a file that nobody would remove after a kill", async () => {
  const said = await withoutFiles(
    `import { readdirSync } from "node:fs";
     import { privateFile } from "./src/cli/private-file.ts";
     // What is in memory is known before: this is about what is started.
     const folders = () => readdirSync("/dev/shm").filter((name) => name.startsWith("halite-edit-")).length;
     const before = folders();
     fill();
     try { privateFile("secret.yaml", Buffer.from("plain"), { XDG_RUNTIME_DIR: "" }); } catch (error) { console.log(error.message); }
     await new Promise((resolve) => setImmediate(resolve));
     closeAll();
     console.log(folders() - before);`,
  );
  expect(said).toBe("nothing can be started that removes the plain text if this process is killed\n0\n");
});
