import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { FleetCompiler, kubernetesSchemas, loadFleet } from "../../src/fleet/index.ts";
import { PROJECT } from "../cli/halite.ts";
import { shipped } from "./shipped-fleet.ts";

let folder: string;
const schemas = kubernetesSchemas(PROJECT);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "halite-problems-"));
  for (const name of ["halite.yaml", "pillar", "states", "schemas/pillar", "schemas/crds", "secrets"])
    cpSync(join(PROJECT, name), join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLUSTER = "sjc1-prod-01";
const OWN = `pillar/cluster/${CLUSTER}.sls`;

/** What a compile says with these files in the place of the shipped ones, and what becomes of each addon of a cluster. */
function compiled(
  files: Readonly<Record<string, string>>,
  memo = true,
  id = CLUSTER,
  severities: readonly string[] = ["error"],
): { readonly said: string; readonly failed: readonly string[] } {
  const before = new Map<string, string | undefined>();
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(folder, path);
    before.set(absolute, textAt(absolute));
    mkdirSync(dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
  }
  try {
    const fleet = loadFleet(join(folder, "halite.yaml"), schemas, PROJECT);
    const roster = fleet.findings.map(printFinding);
    const cluster = fleet.roster.clusters.find((each) => each.id === id);
    if (cluster === undefined) return { said: roster.join("\n"), failed: ["(roster)"] };
    const { release, findings } = new FleetCompiler(fleet, { memo }).compile(cluster);
    const errors = [...new Set(findings.filter(({ severity }) => severities.includes(severity)).map(printFinding))];
    const failed =
      release.state === "failed" ? ["(cluster)"] : release.addons.filter(({ state }) => state === "failed").map(({ name }) => name);
    return { said: [...roster, ...errors].join("\n"), failed };
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return { said: error.findings.map(printFinding).join("\n"), failed: ["(fleet)"] };
  } finally {
    for (const [path, text] of before) {
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
    }
  }
}

function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

const shippedText = (path: string): string => readFileSync(join(PROJECT, path), "utf8");

const IMAGES: readonly string[] = JSON.parse(shippedText("schemas/pillar/images.schema.json"))["x-halite-addons"];

/** Mistakes in pillar: each in the cluster's own file, which has the last word, unless told otherwise. */
const PILLAR: readonly (readonly [name: string, text: string, failed: readonly string[]])[] = [
  ["an addon's mode", "addons:\n  csi-driver-nfs:\n    mode: Reconcil\n", ["csi-driver-nfs"]],
  ["an addon's entry that is no mapping", "addons:\n  storage-alerts: yes please\n", ["storage-alerts"]],
  ["an addon's dependsOn", "addons:\n  ceph-csi-rbd:\n    dependsOn: storage-base\n", ["ceph-csi-rbd"]],
  ["an addon's prune", "addons:\n  ceph-csi-rbd:\n    prune: {percent: 120}\n", ["ceph-csi-rbd"]],
  ["an addon's unknown setting", "addons:\n  ceph-csi-rbd:\n    prune: {percnt: 12}\n", ["ceph-csi-rbd"]],
  ["an addon that nothing writes", "addons:\n  no-such-addon: {mode: x}\n", ["no-such-addon"]],
  ["two addons at once", "addons:\n  storage-alerts: {mode: x}\n  ceph-csi-rbd: {sls: 1}\n", ["ceph-csi-rbd", "storage-alerts"]],
  ["no mapping of addons at all", "addons: [storage-base]\n", ["(cluster)"]],
  ["a component's key", "storage-alerts:\n  thresholds:\n    volume_full_percent: many\n", ["storage-alerts"]],
  ["a component's field that is not there", "node-problem-detector:\n  replica: 2\n", ["node-problem-detector"]],
  ["the key of a component that the cluster does not run", "halite-sync:\n  no_such_field: 1\n", ["halite-sync"]],
  [
    "a key that several components read",
    "ceph:\n  clusters:\n    sjc1-a:\n      monitors: 10.0.0.1\n",
    ["ceph-csi-cephfs", "ceph-csi-rbd", "storage-classes"],
  ],
  ["a switch", "components:\n  ceph-csi-rbd: sometimes\n", ["ceph-csi-rbd", "storage-alerts", "storage-base", "storage-classes"]],
  ["the switch of a component that the cluster does not run", "components:\n  halite-sync: 1\n", ["halite-sync"]],
  [
    "a switch that is misspelt",
    "components:\n  ceph-csi-rdb: true\n",
    ["ceph-csi-rbd", "storage-alerts", "storage-base", "storage-classes"],
  ],
  ["a switch that is misspelt of what the cluster does not run", "components:\n  halite_sync: true\n", ["halite-sync"]],
  // Which component was meant, so which is missing now, nobody can tell.
  ["a switch that is like no other", "components:\n  lustre: true\n", ["(cluster)"]],
  ["what all addons with images read", "images:\n  mirror: [a]\n", IMAGES],
  ["an image of one component", "ceph-csi-rbd:\n  images:\n    plugin: [quay.io/cephcsi/cephcsi]\n", ["ceph-csi-rbd"]],
  ["an image's tag that is a number", "node-problem-detector:\n  images:\n    detector: {tag: 1.36}\n", ["node-problem-detector"]],
  ["two images at once", "images:\n  mirror: [a]\nceph-csi-rbd:\n  images:\n    plugin: 7\n", IMAGES],
  ["when the cluster gets changes", "rollout:\n  wave: none-such\n", ["(cluster)"]],
  ["a wave that is misspelt", "rollout:\n  wave: us-west1\n", ["(cluster)"]],
  ["a field of rollout that is misspelt", "rollout:\n  wvae: canary\n", ["(cluster)"]],
  ["the settings of the cluster's wave", "rollout:\n  waves:\n    us-west-1: {order: first}\n", ["(cluster)"]],
  ["a soak that is no duration", "rollout:\n  waves:\n    us-west-1: {soak: half an hour}\n", ["(cluster)"]],
  ["a soak that is a list", "rollout:\n  waves:\n    us-west-1: {soak: [30m]}\n", ["(cluster)"]],
];

describe("what is wrong in pillar fails the addons that it is about", { timeout: 300_000 }, () => {
  test.each(PILLAR)("%s", async (name, text, failed) => {
    const own = `# A cluster's own file.\n${text}`;
    const found = compiled({ [OWN]: own });
    expect(found.failed).toEqual(failed);
    await expect(
      `${OWN}:\n${own.replaceAll(/^/gm, "| ").replace(/\| $/, "")}\nfailed: ${failed.join(", ")}\n\n${found.said}\n`,
    ).toMatchFileSnapshot(`golden/pillar-problems/${name.replaceAll(/\W+/g, "-")}.txt`);
    // Each says where it stands: the line of the file that had the last word.
    expect(found.said).toContain(`${OWN}:`);
  });

  test("with the memo and without it the same", () => {
    for (const [, text] of PILLAR) expect(compiled({ [OWN]: text }, false)).toEqual(compiled({ [OWN]: text }));
  });

  test("a wave's settings fail the releases of its clusters, and no other's", () => {
    const waves = shippedText("pillar/fleet/rollout.sls").replace("us-east: {order: 4}", "us-east: {order: 4, soak: long}");
    const files = { "pillar/fleet/rollout.sls": waves };
    const east = compiled(files, true, "iad1-prod-01");
    expect(east.failed).toEqual(["(cluster)"]);
    expect(east.said).toMatch(/^pillar\/fleet\/rollout\.sls:8:25: error: pillar rollout\.waves\.us-east\.soak .*/);
    expect(east.said).toContain("its whole release fails, and no other cluster's");
    for (const id of [CLUSTER, "sjc2-prod-02", "iad1-dev-01"]) {
      expect(compiled(files, true, id)).toEqual({ said: "", failed: [] });
      const { said } = compiled(files, true, id, ["warning"]);
      expect(said).toMatch(/^pillar\/fleet\/rollout\.sls:8:25: warning: pillar rollout\.waves\.us-east\.soak .*/);
      expect(compiled(files, false, id, ["warning"]).said).toBe(said);
    }
  });

  test("what is missed as its key is misspelt is counted with the key", () => {
    const zone = shippedText("pillar/az/iad1.sls").replace("server: nfs.iad1", "servr: nfs.iad1");
    const { said, failed } = compiled({ "pillar/az/iad1.sls": zone }, true, "iad1-prod-01");
    expect(failed).toEqual(["storage-classes"]);
    expect(said).toMatch(
      /^pillar\/az\/iad1\.sls:24:5: error: pillar storage-classes\.nfs\.servr: .*\n {2}did you mean server\?\n {2}1 further finding follows from it$/,
    );
    expect(compiled({ "pillar/az/iad1.sls": zone }, false, "iad1-prod-01")).toEqual({ said, failed });
  });

  test("what is wrong beside a refused value is said with it", () => {
    const template = "states/ceph-csi-rbd/templates/node.yaml.jinja";
    const text = shippedText(template);
    const broken = text.replace("imagePullPolicy: IfNotPresent", "imagePullPolicy: Sometimes");
    expect(broken).not.toBe(text);
    const files = { [OWN]: "images:\n  mirror: [a]\n", "states/node-problem-detector/templates/daemonset.yaml.jinja": "{{ no.such }}\n" };
    const { said, failed } = compiled(files);
    expect(failed).toEqual(IMAGES);
    expect(said).toContain("pillar images.mirror must be a string");
    expect(said).toMatch(/states\/node-problem-detector\/templates\/daemonset\.yaml\.jinja:1:\d+: error: /);
    expect(said).toMatch(/\n  \d+ further findings follow from it/);
    expect(said).not.toContain("yaml-syntax");
    expect(compiled(files, false)).toEqual({ said, failed });
    // An error of its own that only shows once the value is right is said then.
    expect(compiled({ [template]: broken }).said).toContain("imagePullPolicy");
  });

  test("the line is that of the merge's winner, whichever file that is", () => {
    // The zone's file says it wrong, the flavor's right: nothing is wrong.
    const zone = `${shippedText("pillar/az/sjc1.sls")}addons: {storage-alerts: {mode: Wrong}}\n`;
    expect(compiled({ "pillar/az/sjc1.sls": zone }).said).toContain("pillar/az/sjc1.sls:");
    const mended = compiled({ "pillar/az/sjc1.sls": zone, [OWN]: "addons: {storage-alerts: {mode: EnsureExists}}\n" });
    expect(mended).toEqual({ said: "", failed: [] });
    const both = compiled({ "pillar/az/sjc1.sls": zone, [OWN]: "\naddons: {storage-alerts: {mode: Worse}}\n" });
    expect(both.said).toContain(`${OWN}:2:`);
    expect(both.said).toContain("overrides pillar/az/sjc1.sls:");
  });
});

describe("the addons that a schema names are those that read its key", { timeout: 300_000 }, () => {
  const asked = new Map<string, Set<string>>();
  beforeAll(() => {
    const { impact } = shipped();
    const switches = Object.keys(JSON.parse(shippedText("schemas/pillar/components.schema.json")).properties);
    for (const keys of [["ceph"], ["images"], ...switches.map((name) => ["components", name])]) {
      const clusters = impact({ kind: "pillar", keys })?.clusters.values() ?? [];
      asked.set(keys.join(":"), new Set([...clusters].flatMap(({ files }) => files.map(({ addon }) => addon))));
    }
  });
  test("ceph, images", () => {
    for (const key of ["ceph", "images"]) {
      const listed: string[] = JSON.parse(shippedText(`schemas/pillar/${key}.schema.json`))["x-halite-addons"];
      const addons = [...(asked.get(key) ?? [])];
      expect(addons.length).toBeGreaterThan(0);
      expect(addons.filter((name) => !listed.includes(name))).toEqual([]);
    }
  });
  test("each switch of components", () => {
    const { properties } = JSON.parse(shippedText("schemas/pillar/components.schema.json"));
    for (const [name, { "x-halite-addons": listed }] of Object.entries<{ "x-halite-addons": string[] }>(properties)) {
      expect(
        [...(asked.get(`components:${name}`) ?? [])].filter((addon) => !listed.includes(addon)).map((addon) => `${name}: ${addon}`),
      ).toEqual([]);
      expect(listed).toContain(name);
    }
  });
});

describe("the roster and the config", { timeout: 300_000 }, () => {
  const roster = shippedText("pillar/roster.yaml");
  const config = shippedText("halite.yaml");
  test.each<readonly [name: string, files: Record<string, string>]>([
    ["a cluster without a zone", { "pillar/roster.yaml": `${roster}\nnew-01:\n  minion_opts:\n    grains: {region: us-west}\n` }],
    [
      "a version that is a number",
      { "pillar/roster.yaml": `${roster}\nnew-01:\n  minion_opts:\n    grains: {az: sjc1, kubernetes: 1.30}\n` },
    ],
    ["a misspelt key", { "pillar/roster.yaml": `${roster}\nnew-01:\n  minion_opt:\n    grains: {az: sjc1}\n` }],
    ["a roster that is a list", { "pillar/roster.yaml": "- sjc1-prod-01\n" }],
    ["a misspelt option", { "halite.yaml": `${config}sealed:\n  rot: secrets\n` }],
    ["a wrong type", { "halite.yaml": config.replace("branch: addons", "branch: [addons]") }],
    ["an unknown strategy", { "halite.yaml": `${config}pillar_source_merging_strategy: smrt\n` }],
  ])("%s", async (name, files) => {
    const { said } = compiled(files);
    const [path = ""] = Object.keys(files);
    expect(said).toContain(`${path}:`);
    await expect(`${said}\n`).toMatchFileSnapshot(`golden/pillar-problems/fleet-${name.replaceAll(/\W+/g, "-")}.txt`);
  });
});
