import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder, PROJECT } from "../cli/halite.ts";

const README = readFileSync(join(PROJECT, "README.md"), "utf8");

beforeAll(async () => {
  await build();
});

test("the README's change does what the README says", async () => {
  await inTemporaryFolder(async (folder) => {
    for (const name of ["states", "pillar", "secrets", "schemas", "halite.yaml", "out"])
      cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
    // As `npm start` has left it: git does not have the bundles.
    expect(await halite(["render"], { cwd: folder })).toMatchObject({ status: 0 });
    const pillar = join(folder, "pillar/az/iad1.sls");
    const before = readFileSync(pillar, "utf8");
    expect(before).toContain("    server: nfs.iad1.example.net\n");
    writeFileSync(pillar, before.replace("server: nfs.iad1", "server: nfs-2.iad1"));
    const changed = await halite(["render"], { cwd: folder });
    expect(README).toContain(`\`${changed.stdout.trim()}\``);
    for (const cluster of ["iad1-prod-01", "iad1-prod-02"]) {
      expect(readFileSync(join(folder, `out/iad1/${cluster}/storage-classes/storageclass-nfs-bulk.yaml`), "utf8")).toContain(
        "  server: nfs-2.iad1.example.net\n",
      );
    }
    writeFileSync(pillar, before.replace("server: nfs.iad1", "servr: nfs.iad1"));
    const wrong = await halite(["render"], { cwd: folder });
    expect(wrong.status).toBe(1);
    expect(README).toContain(`\`\`\`\n${wrong.stderr}\`\`\``);
    expect(wrong.stdout).toContain("failed: 3 addons");
  });
});

test("the README names every command", async () => {
  const { COMMANDS } = await import("../../src/cli/commands.ts");
  for (const { name } of COMMANDS) if (name !== "start") expect(README).toContain(`halite ${name}`);
});
