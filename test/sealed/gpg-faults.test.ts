import { mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { Gpg } from "../../src/unseal/index.ts";
import { inTemporaryFolder } from "../cli/halite.ts";
import { withoutFiles } from "../no-files-left.ts";

test("where the system has no more files, gpg can't be run: that is an error of the message, and the process goes on", async () => {
  const begun = performance.now();
  const said = await withoutFiles(`
    import { Gpg } from "./src/unseal/gpg.ts";
    fill();
    const run = new Gpg({ home: null }).decrypt("message");
    console.log(await run.then(() => "it ran", (error) => error.message));
    await new Promise((resolve) => setImmediate(resolve));
  `);
  expect(said).toBe("spawn gpg EMFILE\n");
  // Nor does the time that gpg was given keep it.
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test("what gpg has started and left behind, with its output open, is not waited for", async () => {
  await inTemporaryFolder(async (folder) => {
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/gpg"), "#!/bin/sh\nsleep 30 &\nexit 2\n", { mode: 0o755 });
    const before = process.env["PATH"];
    process.env["PATH"] = `${join(folder, "bin")}${delimiter}${before ?? ""}`;
    try {
      const begun = performance.now();
      await expect(new Gpg({ home: folder }).decrypt("message")).rejects.toThrow("can't be decrypted");
      expect(performance.now() - begun).toBeLessThan(15_000);
    } finally {
      process.env["PATH"] = before;
    }
  });
}, 60_000);
