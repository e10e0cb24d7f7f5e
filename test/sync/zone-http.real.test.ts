import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { halite } from "../cli/halite.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { haveHttp, startHttp } from "../git/http-server.ts";
import { PublishedFleet } from "./zone-fleet.ts";

describe.skipIf(!haveHttp)("a zone and its remote over smart HTTP", () => {
  test("pulls and reports with a token out of a file, which is said nowhere", async () => {
    const folder = mkdtempSync(join(tmpdir(), "halite-sync-http-"));
    const server = await startHttp(folder, ["zone:sesame-4711"]);
    try {
      const fleet = new PublishedFleet(join(folder, "git"));
      const commit = await fleet.publish([{ az: "az1", cluster: "a", value: "one" }]);
      const remote = server.add("addons.git");
      cpSync(join(fleet.remote, "objects"), join(remote, "objects"), { recursive: true });
      gitIn(remote, "update-ref", "refs/heads/addons", commit);
      writeFileSync(join(folder, "token"), "sesame-4711\n", { mode: 0o600 });
      const auth = "auth: {tokenFile: token, username: zone}";
      writeFileSync(
        join(folder, "halite.yaml"),
        `publish: {remote: "http://127.0.0.1:${server.port}/addons.git", ${auth}}\nsync: {kubeconfigs: none}\n`,
      );
      const run = await halite(["sync", "--az", "az1", "--once", "--json"], { cwd: folder });
      expect(JSON.parse(run.stdout), run.stderr).toMatchObject({ commit, git: { error: null, report: null } });
      expect(JSON.parse(gitIn(remote, "show", "reports/az1:report.json"))).toMatchObject({ az: "az1", commit });
      const status = await halite(["status", "--az", "az1"], { cwd: folder });
      expect(status.stdout).toContain("zone az1, commit");
      expect(run.stdout + run.stderr + status.stdout + status.stderr).not.toContain("sesame");
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
