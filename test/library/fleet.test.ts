import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { kubernetesSchemas, loadFleet, minionOfCluster } from "../../src/fleet/index.ts";
import { printPlain, SaltCompiler, toPlain, type MinionCompiler } from "../../src/salt/index.ts";
import { str } from "../../src/python/index.ts";
import { readSchema } from "./readme.ts";

const TOP = new URL("../../", import.meta.url);
const fleet = loadFleet(fileURLToPath(new URL("halite.yaml", TOP)), kubernetesSchemas(fileURLToPath(TOP)), fileURLToPath(TOP));
const compiler = new SaltCompiler();
const minions = new Map<string, MinionCompiler>(
  [...fleet.roster.clusters.values()].map((cluster) => [cluster.id, compiler.forMinion(minionOfCluster(fleet, cluster))]),
);

/** What needs only Node; library.diff.test.ts and same-bytes.diff.test.ts ask real Salt. */
describe("the shipped fleet, compiled by Halite", () => {
  it("is eight clusters in three AZs of two regions, with two Kubernetes versions", () => {
    const clusters = [...fleet.roster.clusters.values()];
    const grains = (name: string): string[] => [...new Set(clusters.map((cluster) => str(cluster.grains.get(name) ?? null)))].toSorted();
    expect(clusters).toHaveLength(8);
    expect(grains("az")).toEqual(["iad1", "sjc1", "sjc2"]);
    expect(grains("region")).toEqual(["us-east", "us-west"]);
    expect(grains("kubernetes")).toEqual(["1.35", "1.36"]);
    expect(fleet.findings).toEqual([]);
  });

  it.each([...minions])("%s: every file is made", (_, minion) => {
    const { value, messages } = minion.files();
    expect(messages).toEqual([]);
    expect(value?.files.filter((file) => file.kind === "error")).toEqual([]);
    expect(value?.left).toEqual([]);
    expect(value?.files.length).toBeGreaterThan(30);
  });

  it.each([...minions])("%s: pillar has no key that a schema refuses, and none that has no schema", (_, minion) => {
    const pillar: Readonly<Record<string, unknown>> = JSON.parse(printPlain(toPlain(minion.pillar().value.data)));
    expect(Object.keys(pillar)).toEqual(expect.arrayContaining(["addons", "ceph", "components", "images"]));
    for (const [key, value] of Object.entries(pillar)) {
      expect(existsSync(new URL(`schemas/pillar/${key}.schema.json`, TOP)), key).toBe(true);
      const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, keywords: ["x-halite-addons"] });
      ajv.validate(readSchema(key), value);
      expect(ajv.errors ?? [], key).toEqual([]);
    }
  });
});
