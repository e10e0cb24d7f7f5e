import { describe, expect, test } from "vitest";
import type { ImpactQuestion } from "../../src/fleet/index.ts";
import { PROJECT } from "../cli/halite.ts";
import { shipped } from "./shipped-fleet.ts";

describe("impact of files and grains of the shipped fleet", () => {
  const { impact, clusters } = shipped();
  const addonsOf = (question: ImpactQuestion): Set<string> =>
    new Set([...(impact(question)?.clusters.values() ?? [])].flatMap((cluster) => cluster.files.map((file) => file.addon)));

  test("a template reaches its file where it is used, and nothing else", () => {
    const answer = impact({ kind: "path", path: `${PROJECT}/states/csi-driver-nfs/templates/node.yaml.jinja` });
    expect([...(answer?.clusters.keys() ?? [])]).toEqual([
      "iad1-prod-01",
      "iad1-prod-02",
      "sjc1-prod-01",
      "sjc1-staging-01",
      "sjc2-prod-02",
    ]);
    for (const cluster of answer?.clusters.values() ?? [])
      expect(cluster.files.map(({ addon, file }) => `${addon}/${file}`)).toEqual(["csi-driver-nfs/node.yaml"]);
  });

  test("what many templates import reaches all of them", () => {
    expect(addonsOf({ kind: "path", path: `${PROJECT}/states/manifest/macros.jinja` }).size).toBeGreaterThan(5);
  });

  test("a zone's pillar file reaches the zone's clusters only", () => {
    const answer = impact({ kind: "path", path: `${PROJECT}/pillar/az/iad1.sls` });
    expect([...(answer?.clusters.keys() ?? [])].every((id) => id.startsWith("iad1-"))).toBe(true);
  });

  test("the roster reaches everything", () => {
    expect(impact({ kind: "path", path: `${PROJECT}/pillar/roster.yaml` })?.clusters.size).toBe(clusters.length);
  });

  test("a grain reaches what reads it, and what pillar takes from it", () => {
    expect(addonsOf({ kind: "grain", keys: ["az"] })).toContain("ceph-csi-rbd");
    expect(impact({ kind: "grain", keys: ["nobody-asks"] })).toBeUndefined();
  });

  test("a file that no compile asks for reaches nothing", () => {
    expect(impact({ kind: "path", path: `${PROJECT}/README.md` })).toBeUndefined();
    expect(impact({ kind: "pillar", keys: ["nobody", "asks"] })).toBeUndefined();
  });
});
