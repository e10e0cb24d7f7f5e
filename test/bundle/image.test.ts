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
    const components = ["storage-node", "localvolume-provisioner", "local-volume-dynamic-provisioner", "volume-scheduler"];
    const pillar = [
      `components: {${components.map((each) => `${each}: true`).join(", ")}}`,
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
