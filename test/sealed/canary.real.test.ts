import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { inTemporaryFolder } from "../cli/halite.ts";
import { mustRun } from "../real/run.ts";
import { newKeyring } from "../real/gnupg.ts";
import { runWatched } from "./canary-run.ts";
import { CanarySearch, leaksText, plantCanaries } from "./canary-search.ts";
import { PGP, sealedFleet } from "./sealed-fleet.ts";

const haveGpg = spawnSync("gpg", ["--version"]).status === 0;

beforeAll(async () => {
  await build();
});

describe.runIf(haveGpg)("a canary in a PGP message of pillar", () => {
  test("is nowhere, although its key is at hand; the message is published as it is", { timeout: 300_000 }, async () => {
    const { message } = plantCanaries("message");
    const search = new CanarySearch([message]);
    const keyring = await newKeyring();
    try {
      const recipient = await keyring.newKey("Halite <halite@example.com>");
      const armoured = await mustRun(
        "gpg",
        ["--homedir", keyring.home, "--batch", "--quiet", "--armor", "--trust-model", "always", "--encrypt", "--recipient", recipient],
        { input: message.value },
      );
      await inTemporaryFolder(async (folder) => {
        const files = sealedFleet();
        files.set("halite.yaml", `roster: roster.yaml\n${files.get("halite.yaml") ?? ""}`);
        const pillar = files.get("pillar/ceph.sls") ?? "";
        files.set("pillar/ceph.sls", pillar.replace(PGP.replaceAll("\n", "\n    "), armoured.trim().replaceAll("\n", "\n    ")));
        for (const [path, text] of files) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), text);
        }
        const stages = ["pillar", "files"].map((stage) => ["show", stage, "--cluster", "c1"]);
        const { leaks, statuses, said } = await runWatched(search, folder, [["render"], ...stages, ["validate"], ["publish"]]);
        expect([...statuses].filter(([, status]) => status !== 0)).toEqual([]);
        expect(said).toContain("?{pgp:");
        expect(leaksText(leaks)).toBe("");
        expect(leaksText(search.folder(folder))).toBe("");
        expect(leaksText(await search.repository(join(folder, ".halite/addons.git")))).toBe("");
      });
    } finally {
      await keyring.end();
    }
  });
});
