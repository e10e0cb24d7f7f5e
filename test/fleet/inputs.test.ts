import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FindingError, printFinding, type Finding } from "../../src/finding/index.ts";
import { parseFleetConfig } from "../../src/fleet/config.ts";
import { parseRoster } from "../../src/fleet/roster.ts";
import { FileSchema } from "../../src/fleet/user-schemas.ts";

const HOME = fileURLToPath(new URL("../..", import.meta.url));
const roster = (text: string): ReturnType<typeof parseRoster> =>
  parseRoster(text, "pillar/roster.yaml", "1.36", new FileSchema(HOME, "roster"));
const printed = (findings: readonly Finding[]): string => findings.map(printFinding).join("\n");

function thrown(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof FindingError) return printed(error.findings);
    throw error;
  }
  return "nothing was thrown";
}

describe("the roster", () => {
  test("clusters by id, with their grains, az, version and place", () => {
    const { clusters, findings } = roster(
      "b:\n  host: https://10.0.0.2:6443\n  minion_opts: {grains: {az: az1, kubernetes: '1.35', env: prod}}\na:\n  minion_opts: {grains: {az: az2}}\n",
    );
    expect(clusters.map(({ id, az, kubernetes, host, grains, at }) => [id, az, kubernetes, host, grains.repr(), at.line])).toEqual([
      ["a", "az2", "1.36", null, "{'az': 'az2', 'id': 'a', 'kubernetes': '1.36'}", 4],
      ["b", "az1", "1.35", "https://10.0.0.2:6443", "{'az': 'az1', 'kubernetes': '1.35', 'env': 'prod', 'id': 'b'}", 1],
    ]);
    expect(printed(findings)).toBe(
      "pillar/roster.yaml: note: 1 of 2 clusters have no kubernetes grain; taken as 1.36: a [roster-kubernetes-default]",
    );
  });

  test("an empty roster is one", () => {
    expect(roster("{}\n")).toEqual({ clusters: [], findings: [] });
    expect(roster("# nothing yet\n").clusters).toEqual([]);
  });

  test.each<[string, string]>([
    ["no az", "a:\n  minion_opts: {grains: {env: prod}}\n"],
    ["a version that YAML reads as a number", "a:\n  minion_opts: {grains: {az: az1, kubernetes: 1.30}}\n"],
    ["an id that names no folder", "a/b:\n  minion_opts: {grains: {az: az1}}\n"],
    ["an id that is no string", "1:\n  minion_opts: {grains: {az: az1}}\n"],
    ["an az that names no folder", "a:\n  minion_opts: {grains: {az: ../x}}\n"],
    ["no minion_opts", "a: {}\n"],
    ["a list", "- a\n"],
    ["a misspelt key", "a:\n  minion_opt: {grains: {az: az1}}\n"],
    [
      "several things at once",
      "a:\n  minion_opts: {grains: {env: prod}}\nb:\n  hots: x\n  minion_opts: {grains: {az: az1, kubernetes: 1.3}}\n",
    ],
  ])("%s", async (name, text) => {
    const { clusters, findings } = roster(text);
    expect(findings.some((finding) => finding.severity === "error")).toBe(true);
    expect(clusters).toEqual([]);
    await expect(`${printed(findings)}\n`).toMatchFileSnapshot(`golden/roster-${name.replaceAll(" ", "-")}.txt`);
  });

  test("a duplicate id is an error with both places", () => {
    expect(thrown(() => roster("a:\n  minion_opts: {grains: {az: az1}}\na:\n  minion_opts: {grains: {az: az2}}\n"))).toContain(
      "found conflicting ID 'a'",
    );
  });
});

describe("halite.yaml", () => {
  const config = (text: string): ReturnType<typeof parseFleetConfig> =>
    parseFleetConfig(text, "halite.yaml", new FileSchema(HOME, "config"));

  test("defaults", () => {
    const { saltOptions, policies, ...rest } = config("");
    expect(policies.settings).toBeUndefined();
    expect(rest).toEqual({
      fileRoots: new Map([["base", ["states"]]]),
      pillarRoots: new Map([["base", ["pillar"]]]),
      sealed: {
        root: "secrets",
        allow: [],
        keys: { age: { identities: [], recipients: [] }, pgp: { home: null, recipients: [] }, barbican: null, clusters: [] },
      },
      roster: "pillar/roster.yaml",
      out: "out",
      kubernetes: null,
      publish: { remote: ".halite/addons.git", branch: "addons", auth: {}, maxDeletion: 10, sign: null },
      sync: {
        state: ".halite/sync",
        kubeconfigs: null,
        trusted: null,
        interval: 30,
        resync: 600,
        workers: 8,
        listen: null,
        lease: null,
        reports: { branch: "reports", sign: null, trusted: null, without: [] },
      },
    });
    expect(saltOptions.size).toBe(0);
  });

  test("Salt's own options are handed on", () => {
    expect(config("nodegroups: {canary: 'a or b'}\njinja_env: {trim_blocks: true}\n").saltOptions.repr()).toBe(
      "{'nodegroups': {'canary': 'a or b'}, 'jinja_env': {'trim_blocks': True}}",
    );
  });

  test.each<[string, string]>([
    ["roots that are no mapping", "file_roots: [states]\n"],
    ["a version that is a number", "kubernetes: 1.36\n"],
    ["an empty path", "out: ''\n"],
    ["no mapping", "- x\n"],
    ["publish that is no mapping", "publish: addons\n"],
  ])("%s", async (name, text) => {
    await expect(`${thrown(() => config(text))}\n`).toMatchFileSnapshot(`golden/config-${name.replaceAll(" ", "-")}.txt`);
  });
});
