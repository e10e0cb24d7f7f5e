import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { codeCache } from "../../src/cli/code-cache.ts";
import { HALITE, halite, inTemporaryFolder, newestNode, PROJECT } from "./halite.ts";

describe("compiled code between processes", () => {
  test("is what was kept under the name last, and of this build alone", async () => {
    await inTemporaryFolder(async (home) => {
      mkdirSync(join(home, "node_modules"));
      const [first, other, next] = [codeCache(home, "build1", "a"), codeCache(home, "build1", "b"), codeCache(home, "build2", "a")];
      expect(first?.read()).toBeUndefined();
      first?.keep(Buffer.from("one"));
      first?.keep(Buffer.from("two"));
      other?.keep(Buffer.from("other"));
      expect(first?.read()?.toString()).toBe("two");
      expect(other?.read()?.toString()).toBe("other");
      expect(next?.read()).toBeUndefined();
      next?.keep(Buffer.from("next"));
      expect(first?.read()).toBeUndefined();
      expect(next?.read()?.toString()).toBe("next");
      expect(readdirSync(join(home, "node_modules/.cache/halite"))).toHaveLength(1);
    });
  });

  test("is nothing where a byte of it is another, or the end is missing", async () => {
    await inTemporaryFolder(async (home) => {
      mkdirSync(join(home, "node_modules"));
      const cache = codeCache(home, "build", "a");
      cache?.keep(Buffer.from("some code"));
      const file = keptIn(home)[0] ?? "";
      const kept = readFileSync(file);
      for (let at = 0; at < kept.length; at++) {
        const changed = Buffer.from(kept);
        changed[at] = 255 - (changed[at] ?? 0);
        writeFileSync(file, changed);
        expect(cache?.read()).toBeUndefined();
      }
      writeFileSync(file, kept);
      truncateSync(file, kept.length - 1);
      expect(cache?.read()).toBeUndefined();
      truncateSync(file, 0);
      expect(cache?.read()).toBeUndefined();
    });
  });

  test("is not kept where there is no node_modules, and nothing is said where it can't be written", async () => {
    await inTemporaryFolder(async (home) => {
      expect(codeCache(home, "build", "a")).toBeUndefined();
      mkdirSync(join(home, "node_modules"));
      writeFileSync(join(home, "node_modules/.cache"), "a file where a folder is to be");
      const cache = codeCache(home, "build", "a");
      cache?.keep(Buffer.from("some code"));
      expect(cache?.read()).toBeUndefined();
    });
  });

  test.each([
    ["this Node", process.execPath],
    ["the newest LTS", newestNode()],
  ])("changes nothing of what a program prints, also where it is broken: %s", async (_what, node) => {
    if (node === undefined) {
      expect(process.env["CI"]).toBeUndefined();
      return;
    }
    await inTemporaryFolder(async (home) => {
      cpSync(dirname(HALITE), join(home, "dist"), { recursive: true });
      symlinkSync(join(PROJECT, "schemas"), join(home, "schemas"));
      const show = async (): Promise<unknown> =>
        await halite(["show", "low", "--cluster", "sjc1-prod-01"], { cwd: PROJECT, program: join(home, "dist/halite.mjs"), node });
      const without = await show();
      expect(without).toMatchObject({ status: 0, stderr: "" });
      mkdirSync(join(home, "node_modules"));
      expect(await show()).toEqual(without);
      const [file = ""] = keptIn(home);
      const kept = readFileSync(file);
      expect(await show()).toEqual(without);
      expect(readFileSync(file).equals(kept)).toBe(true);
      writeFileSync(file, "not what it was");
      expect(await Promise.all([show(), show()])).toEqual([without, without]);
      expect(keptIn(home)).toEqual([file]);
      expect(readFileSync(file).length).toBeGreaterThan(100_000);
      expect(await show()).toEqual(without);
    });
  });
});

function keptIn(home: string): string[] {
  const folder = join(home, "node_modules/.cache/halite");
  // Newer Node keeps code of modules there too.
  return readdirSync(folder)
    .filter((name) => name.startsWith("code-"))
    .map((name) => join(folder, name));
}
