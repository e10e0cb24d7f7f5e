import { beforeAll, describe, expect, it } from "vitest";
import { parseFleetConfig } from "../../src/fleet/config.ts";
import { OwnFleet } from "./own-fleet.ts";

describe("halite-sync on every Kubernetes version", () => {
  const clusters = ["1.28", "1.32", "1.36"].flatMap((version) =>
    ["keep", "cron"].map((kind) => ({ version, kind, id: `${kind}-${version.replace(".", "-")}` })),
  );
  let fleet: OwnFleet;
  beforeAll(() => {
    fleet = new OwnFleet(
      clusters.map(({ id, version, kind }) => {
        const schedule = kind === "cron" ? "  schedule: '*/5 * * * *'\n" : "";
        const pillar = `components: {halite-sync: true}\nhalite-sync:\n  remote: https://git.example.net/a.git\n  token_secret: git\n  allowed_signers: ada ssh-ed25519 AAAA\n${schedule}`;
        return { id, version, pillar };
      }),
    );
  });
  const objects = (id: string, file: string): readonly unknown[] => fleet.objects(id, `halite-sync/${file}.yaml`);

  it("compiles without an error", () => expect(fleet.errors).toEqual([]));

  it.each(clusters)("$id may hold its Lease and nothing else, and writes nowhere but to its own volumes", ({ id, kind }) => {
    const [account, ...roles] = objects(id, "service-account");
    expect(account).toMatchObject({ kind: "ServiceAccount", automountServiceAccountToken: false });
    if (kind === "cron") expect(roles).toEqual([]);
    else
      expect(roles[0]).toMatchObject({
        kind: "Role",
        rules: [
          { apiGroups: ["coordination.k8s.io"], resources: ["leases"], resourceNames: ["halite-sync"], verbs: ["get", "update"] },
          { apiGroups: ["coordination.k8s.io"], resources: ["leases"], verbs: ["create"] },
        ],
      });
    const confined = { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
    const pod = { securityContext: { runAsNonRoot: true }, containers: [{ securityContext: confined }] };
    const [job] = objects(id, "sync");
    if (kind === "cron")
      expect(job).toMatchObject({
        kind: "CronJob",
        spec: { concurrencyPolicy: "Forbid", jobTemplate: { spec: { template: { spec: pod } } } },
      });
    else {
      const probes = { livenessProbe: { httpGet: { path: "/healthz" } }, readinessProbe: { httpGet: { path: "/readyz" } } };
      expect(job).toMatchObject({
        kind: "Deployment",
        spec: { replicas: 2, template: { spec: { ...pod, containers: [{ ...pod.containers[0], ...probes }] } } },
      });
    }
  });

  it.each(clusters)("$id has a halite.yaml that halite reads as it is meant", ({ id, kind }) => {
    const [map] = objects(id, "config");
    const text = (map as { readonly data: Readonly<Record<string, string>> }).data["halite.yaml"] ?? "";
    const { publish, sync } = parseFleetConfig(text, "halite.yaml");
    expect(publish).toMatchObject({ remote: "https://git.example.net/a.git", branch: "addons", auth: { token: { file: "/token/token" } } });
    expect(sync).toMatchObject({
      state: "/state",
      kubeconfigs: "/kubeconfigs",
      trusted: { format: "ssh", allowedSigners: "/etc/halite/allowed_signers" },
      listen: kind === "cron" ? null : ":9464",
      lease: kind === "cron" ? null : { namespace: "storage-system", name: "halite-sync" },
    });
  });
});
