import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { build } from "../../scripts/build.mjs";
import { PROJECT } from "../cli/halite.ts";
import { OwnFleet } from "../library/own-fleet.ts";

const CONTROLLERS = {
  "storage-node/daemonsets.yaml": "storage-node",
  "localvolume-provisioner/daemonset.yaml": "local-volume-provisioner",
  "local-volume-dynamic-provisioner/daemonset.yaml": "lvm-csi",
  "volume-scheduler/scheduler.yaml": "volume-scheduler",
} as const;
const IMAGE = "registry.example.net/halite-controllers:0.1.0";

describe("one image for all controllers", () => {
  const dockerfile = readFileSync(join(PROJECT, "Dockerfile"), "utf8");
  let fleet: OwnFleet;
  let nameless: OwnFleet;
  beforeAll(async () => {
    await build();
    const components = ["storage-node", "localvolume-provisioner", "local-volume-dynamic-provisioner", "volume-scheduler", "halite-sync"];
    const pillar = [
      `components: {${components.map((each) => `${each}: true`).join(", ")}}`,
      "halite-sync: {remote: https://git.example.net/addons.git, delivery: bundle}",
      "halite:",
      "  controllers: {delivery: image, image: {repository: registry.example.net/halite-controllers, tag: 0.1.0}}",
      "",
    ].join("\n");
    const without = `${pillar.split("halite:")[0]}halite: {controllers: {delivery: image}}\n`;
    fleet = new OwnFleet([{ id: "home", version: "1.36", flavors: ["nvme-db"], pillar }]);
    nameless = new OwnFleet([{ id: "home", version: "1.36", flavors: ["nvme-db"], pillar: without }]);
  });

  test.each(Object.entries(CONTROLLERS))("%s runs its program from it, which the Dockerfile puts there", (file, bundle) => {
    expect(fleet.errors).toEqual([]);
    const [workload] = fleet.objects("home", file);
    const { containers, volumes = [] } = workload.spec.template.spec;
    const container = containers.find(({ command = [] }: { readonly command?: readonly string[] }) => command[0] === "node");
    expect(container).toMatchObject({ image: IMAGE, command: ["node", `/opt/halite/${bundle}.cjs`] });
    expect(JSON.stringify(volumes)).not.toContain("bundle-");
    // What the path is in the image: COPY FROM TO.
    const [, from = "", to = ""] = /^COPY \S+ LICENSE (\S+)\*\.cjs (\S+)$/m.exec(dockerfile) ?? [];
    expect(to).toBe("/opt/halite/");
    expect(existsSync(join(PROJECT, from, `${bundle}.cjs`))).toBe(true);
  });

  test("who works on the node is root by the pod's own word, as the image is nobody's of importance", () => {
    expect(dockerfile).toMatch(/^USER 1000:1000\nENTRYPOINT \["node"\]$/m);
    for (const file of Object.keys(CONTROLLERS)) {
      const [workload] = fleet.objects("home", file);
      for (const { securityContext } of workload.spec.template.spec.containers)
        if (securityContext.privileged === true) expect(securityContext).toMatchObject({ runAsUser: 0, runAsGroup: 0 });
    }
  });

  test("halite-sync as a bundle runs in Halite's own image, which has git and the bundles", () => {
    const workload = fleet.objects("home", "halite-sync/sync.yaml").find(({ kind }) => kind === "Deployment");
    expect(workload.spec.template.spec.containers).toMatchObject([
      { image: "registry.example.net/halite:0.1.0", command: ["node", "/opt/halite/halite-sync.cjs"] },
    ]);
    expect(dockerfile).toContain("\nFROM controllers AS halite\n");
  });

  test("is refused where pillar names none: a stock image has no controllers", () => {
    expect(JSON.stringify(nameless.errors)).toContain("halite:controllers:image names no repository and tag");
    expect(nameless.objects("home", "storage-node/daemonsets.yaml")).toEqual([]);
  });

  test("is the Node image that manifests have without it", () => {
    const { base } = parse(readFileSync(join(PROJECT, "states/storage-node/defaults.yaml"), "utf8"));
    const { repository, tag } = base.images.node;
    expect(dockerfile).toContain(`\nARG NODE=${repository}:${tag}\n\nFROM \${NODE} AS controllers\n`);
  });
});
