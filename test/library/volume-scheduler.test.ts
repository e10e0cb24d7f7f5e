import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { build } from "../../scripts/build.mjs";
import { FleetCompiler, kubernetesSchemas, loadFleet } from "../../src/fleet/index.ts";

const TOP = fileURLToPath(new URL("../../", import.meta.url));

describe("volume-scheduler on every Kubernetes version", () => {
  const versions = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
  const files = new Map<string, ReadonlyMap<string, string>>();
  const errors: unknown[] = [];
  let folder = "";
  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-library-"));
    for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
      cpSync(join(TOP, part), join(folder, part), { recursive: true });
    const id = (version: string): string => `c${version.replace(".", "-")}`;
    writeFileSync(
      join(folder, "pillar/roster.yaml"),
      versions
        .map(
          (each) => `${id(each)}:\n  minion_opts:\n    grains: {region: us-east, az: iad1, kubernetes: "${each}", env: dev, flavors: []}\n`,
        )
        .join(""),
    );
    const pillar = "components: {volume-scheduler: true}\nvolume-scheduler: {port: 9999, bind_timeout: 120}\n";
    for (const each of versions) writeFileSync(join(folder, `pillar/cluster/${id(each)}.sls`), pillar);
    const fleet = loadFleet(join(folder, "halite.yaml"), kubernetesSchemas(TOP), TOP);
    const compiler = new FleetCompiler(fleet);
    for (const cluster of fleet.roster.clusters) {
      const compiled = compiler.compileToText(cluster);
      files.set(cluster.id, compiled.files);
      errors.push(...compiled.findings.filter(({ severity }) => severity === "error"));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // oxlint-disable-next-line typescript/no-explicit-any -- compiled objects, read field by field by expectations
  const objects = (version: string, file: string): any[] =>
    parseAllDocuments(files.get(`c${version.replace(".", "-")}`)?.get(`volume-scheduler/${file}.yaml`) ?? "").map((each) => each.toJS());

  it("compiles without an error", () => expect(errors).toEqual([]));

  it.each(versions)("%s: the scheduler is of the cluster's minor version, and asks the extender beside it alone", (version) => {
    const [deployment] = objects(version, "scheduler");
    const { containers, hostNetwork } = deployment.spec.template.spec;
    const [extender, scheduler] = containers;
    expect(scheduler.image).toMatch(new RegExp(`^registry\\.k8s\\.io/kube-scheduler:v${version.replace(".", "\\.")}\\.\\d+$`));
    expect(hostNetwork).toBeUndefined();
    expect(extender.args).toContain("--port=9999");
    // The port of the extender is nobody's but the pod's.
    expect(JSON.stringify([extender.ports, scheduler.ports])).not.toContain("9999");
    for (const { securityContext } of containers)
      expect(securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
    const [configMap] = objects(version, "config");
    const config = parse(configMap.data["scheduler.yaml"]);
    expect(config.extenders.map(({ urlPrefix, ignorable }: { urlPrefix: string; ignorable: boolean }) => [urlPrefix, ignorable])).toEqual([
      ["http://127.0.0.1:9999", false],
      ["http://127.0.0.1:9999", false],
    ]);
    expect(config.extenders[1]).toMatchObject({ bindVerb: "bind", httpTimeout: "120s" });
    expect(config.profiles).toEqual([
      { schedulerName: "halite-storage", plugins: { multiPoint: { disabled: [{ name: "VolumeBinding" }] } } },
    ]);
    expect(config.leaderElection).toMatchObject({
      leaderElect: true,
      resourceNamespace: "storage-system",
      resourceName: "volume-scheduler",
    });
  });

  it("beyond kube-scheduler's own rights: no Secret, no deletion, nothing changed but volumes and claims", () => {
    const rules = objects("1.36", "rbac").flatMap((each) => each.rules ?? []);
    const writes = rules
      .filter(({ verbs }) => verbs.some((verb: string) => !["get", "list", "watch"].includes(verb)))
      .flatMap(({ resources, verbs }) => resources.map((each: string) => `${each}: ${verbs.join(" ")}`));
    expect(new Set(writes)).toEqual(
      new Set([
        "persistentvolumes: get list watch patch",
        "persistentvolumeclaims: get list watch patch",
        "pods/binding: create",
        "events: create patch",
        "leases: get update",
        "leases: create",
      ]),
    );
    expect(JSON.stringify(rules)).not.toMatch(/secrets|delete|\*/);
  });
});
