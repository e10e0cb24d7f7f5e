import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder, PROJECT } from "../cli/halite.ts";
import { kubeconfigText, startControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("what a newcomer runs first", () => {
  beforeAll(async () => void (await build()));

  test("npm run demo applies the shipped fleet, shows status, drift undone and a prune, and leaves nothing", async () => {
    const own = mkdtempSync(join(tmpdir(), "halite-demo-test-"));
    try {
      const done = spawnSync(process.execPath, [join(PROJECT, "scripts/demo.mjs")], {
        cwd: PROJECT,
        encoding: "utf8",
        timeout: 480_000,
        env: { ...process.env, NO_COLOR: "1", TMPDIR: own },
      });
      expect(done.status, done.stdout + done.stderr).toBe(0);
      expect(done.stdout).toMatch(/^published [0-9a-f]{12} to .halite\/addons.git branch addons: \d+ new/m);
      expect(done.stdout).toMatch(/^iad1-prod-02 \(https:.*: \d+ to create/m);
      expect(done.stdout).toMatch(/(\d+) of \1 addons synced and healthy\n\n4\. /);
      expect(done.stdout).toMatch(/^storage-classes +Synced +Current +10\/10$/m);
      // How long it takes is keeper.plane.test.ts's.
      expect(done.stdout.match(/(?:again|anew) after [\d.]+ s$/gm)).toHaveLength(2);
      expect(done.stdout).toMatch(/replicas of Deployment snapshot-controller to 0: 2 again after /);
      expect(done.stdout).toMatch(/deletes it: made anew after /);
      expect(done.stdout).toMatch(/^pruned +storage-classes +StorageClass nfs-bulk$/m);
      expect(done.stdout).toMatch(/^storage-classes +Synced +Current +8\/8$/m);
      expect(done.stdout).toContain("The control plane is stopped, and its files are gone.");
      const [, port = ""] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(done.stdout) ?? [];
      await expect(connectTo(Number(port)), "nothing listens any more").rejects.toThrow(/ECONNREFUSED/);
      expect(readdirSync(own).filter((name) => !name.startsWith("tsx-") && name !== "node-compile-cache")).toEqual([]);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  }, 600_000);

  test("without Go, and without what was built before, npm run demo says what to do", async () => {
    await inTemporaryFolder(async (folder) => {
      for (const part of ["scripts", "test/control-plane", "package.json", "package-lock.json"])
        cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
      for (const part of ["src", "schemas", "node_modules", "dist"]) symlinkSync(join(PROJECT, part), join(folder, part));
      mkdirSync(join(folder, "bin"));
      symlinkSync(process.execPath, join(folder, "bin/node"));
      const done = spawnSync(process.execPath, [join(folder, "scripts/demo.mjs")], {
        encoding: "utf8",
        env: { PATH: join(folder, "bin"), HOME: folder, TMPDIR: folder },
      });
      expect(done.stderr).toContain("there is no control plane to show anything on, and no Go to build one with");
      expect(done.stderr).toContain("put `go` (1.26 or newer) on the PATH");
      expect(done).toMatchObject({ status: 3, stdout: "" });
      expect(existsSync(join(folder, "test/.cache"))).toBe(false);
    });
  });

  test("the commands that npm start prints for a cluster plan and apply to it", async () => {
    const plane = await startControlPlane();
    try {
      await inTemporaryFolder(async (folder) => {
        for (const part of ["halite.yaml", "pillar", "states", "secrets", "schemas"])
          cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
        mkdirSync(join(folder, ".kube"));
        const started = await halite(["start"], { cwd: folder });
        expect(started.status, started.stdout + started.stderr).toBe(0);
        const [, plan = ""] = /npx halite (plan --cluster \S+ --context \S+) {2}/.exec(started.stdout) ?? [];
        const [, apply = ""] = /npx halite (apply --cluster \S+ --context \S+) {2}/.exec(started.stdout) ?? [];
        const [, id = ""] = /--cluster (\S+)/.exec(plan) ?? [];
        writeFileSync(join(folder, ".kube/config"), kubeconfigText(plane).replaceAll('"plane"', JSON.stringify(id)), { mode: 0o600 });
        const planned = await halite(plan.split(" "), { cwd: folder });
        expect(planned, planned.stderr).toMatchObject({ status: 1, stdout: expect.stringMatching(/create {2}Namespace storage-system/) });
        // No controller is there to be waited for.
        const applied = await halite([...apply.split(" "), "--timeout", "1s"], { cwd: folder });
        expect(applied.stdout).toMatch(/created +storage-base +Namespace storage-system/);
        expect(await plane.kubectl(["get", "addons.halite.dev", "-o", "name"])).toContain("storage-base");
      });
    } finally {
      await plane.stop();
    }
  });
});

/** @throws where nothing listens */
async function connectTo(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}
