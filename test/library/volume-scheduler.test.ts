import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { build } from "../../scripts/build.mjs";
import { OwnFleet } from "./own-fleet.ts";

describe("volume-scheduler on every Kubernetes version", () => {
  const versions = ["1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];
  const id = (version: string): string => `c${version.replace(".", "-")}`;
  let fleet: OwnFleet;
  beforeAll(async () => {
    await build();
    const pillar = "components: {volume-scheduler: true}\nvolume-scheduler: {port: 9999, bind_timeout: 120}\n";
    fleet = new OwnFleet(versions.map((version) => ({ id: id(version), version, pillar })));
  });
  const objects = (version: string, file: string) => fleet.objects(id(version), `volume-scheduler/${file}.yaml`);

  it("compiles without an error", () => expect(fleet.errors).toEqual([]));

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
