import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { inTemporaryFolder } from "../cli/halite.ts";
import { bareRepository, FleetRepository, gitIn, state } from "../git/fleet-repository.ts";

beforeAll(async () => {
  await build();
});

test("values that policies in halite.yaml, or in pillar for an addon, call public are published, by one run and by shards", () =>
  inTemporaryFolder(async (folder) => {
    const bare = bareRepository(join(folder, "remote.git"));
    const fleet = new FleetRepository(join(folder, "fleet"), `{remote: 'file://${bare}'}`);
    const config = fleet.read("halite.yaml");
    fleet.write("states/top.sls", "base:\n  '*': [map, ceph, other]\n");
    for (const name of ["ceph", "other"]) {
      fleet.write(`states/${name}.sls`, state(name, `${name}.yaml`));
      fleet.write(
        `states/${name}.yaml`,
        `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}, namespace: default}\nstringData: {ca.crt: "one", user: "two"}\n`,
      );
    }
    const publish = async (): Promise<{ status: number | null; stderr: string }> => {
      fleet.commit("next");
      return fleet.run(["publish"]);
    };
    // Judged by the policy alone, it would be in plain text.
    expect((await publish()).stderr).toContain("[policy-secret-plain]");
    // Not judged by it: the last search stands on its own.
    fleet.write("halite.yaml", `${config}policies: {disable: [policy-secret-plain]}\n`);
    expect((await publish()).stderr).toContain(
      "Secret default/ceph has values in plain: ca.crt, user (and in 3 more clusters) [publish-plain-secret]",
    );
    fleet.write("halite.yaml", `${config}policies: {publicSecrets: ["*/*/ca.crt"], disable: [policy-secret-plain]}\n`);
    fleet.write("pillar/p.sls", "value: one\naddons: {ceph: {policies: {publicSecrets: [default/ceph/user]}}}\n");
    const other = await publish();
    expect(other.stderr).toContain("Secret default/other has values in plain: user (");
    expect(other.stderr).not.toContain("default/ceph");
    fleet.write(
      "pillar/p.sls",
      "value: one\naddons: {ceph: {policies: {publicSecrets: [default/ceph/user]}}, other: {policies: {publicSecrets: ['*/other/user']}}}\n",
    );
    fleet.write("halite.yaml", `${config}policies: {publicSecrets: ["*/*/ca.crt"]}\n`);
    fleet.commit("next");
    for (const shard of ["0", "1"])
      expect(await fleet.run(["render", "--shards", "2", "--shard", shard, "--out", `out-${shard}`])).toMatchObject({ status: 0 });
    expect(await fleet.run(["publish", "--rendered", "out-0", "--rendered", "out-1"])).toMatchObject({ status: 0, stderr: "" });
    const shards = gitIn(bare, "rev-parse", "addons^{tree}");
    gitIn(bare, "update-ref", "-d", "refs/heads/addons");
    expect(await fleet.run(["publish"])).toMatchObject({ status: 0, stderr: "" });
    expect(gitIn(bare, "rev-parse", "addons^{tree}")).toBe(shards);
  }));
