import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, PROJECT } from "../cli/halite.ts";
import { startControlPlane, type Client, type ControlPlane } from "../control-plane/index.ts";
import { Client as ApiClientOfTests } from "../control-plane/client.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { ModelNode } from "./model-node.ts";
import { runPod, type Pod } from "./pod.ts";
import { startRelay, type Relay } from "./relay.ts";
import { until } from "./runtime/api.ts";

const possible = await canHavePlane();
const NAMESPACE = "storage-node";

/**
 * The shipped fleet's local disks, from states and pillar to a pod's claim: rendered, applied to a real control plane, and run as the cluster has
 * it, with the rights that it gives. Only the disks are a model; real ones are in the VM tests.
 */
describe.skipIf(!possible)("local disks of the shipped fleet under a real control plane", () => {
  let plane: ControlPlane;
  let api: Client;
  let relay: Relay;
  let storage: Pod;
  let provisioner: Pod;
  let nodeName = "";
  const folder = mkdtempSync(join(tmpdir(), "halite-local-"));
  const disks = new ModelNode();

  beforeAll(async () => {
    await build();
    plane = await startControlPlane({
      controllers:
        "persistentvolume-binder-controller,persistentvolume-protection-controller,persistentvolumeclaim-protection-controller,serviceaccount-controller",
      scheduler: true,
      nodes: 1,
    });
    api = new ApiClientOfTests(plane);
    for (const part of ["states", "pillar", "schemas/pillar", "schemas/crds", "secrets", "halite.yaml"])
      cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
    writeFileSync(
      join(folder, "pillar/roster.yaml"),
      `sjc1-prod-01: {host: "${plane.url}", minion_opts: {grains: {region: us-west, az: sjc1, kubernetes: "1.36", env: prod, flavors: [nvme-db]}}}\n`,
    );
    expect(await halite(["render"], { cwd: folder })).toMatchObject({ status: 0 });
    const out = join(folder, "out/sjc1/sjc1-prod-01");
    for (const path of [
      "storage-base/namespaces.yaml",
      "storage-base/priority-classes.yaml",
      "storage-node/crd.yaml",
      "storage-node",
      "localvolume-provisioner",
    ])
      await plane.kubectl(["apply", "--server-side", "-R", "-f", join(out, path)]);
    nodeName = (await get("/api/v1/nodes")).items[0].metadata.name;
    await plane.kubectl([
      "label",
      "node",
      nodeName,
      "storage.halite.dev/flavor=nvme-db",
      `kubernetes.io/hostname=${nodeName}`,
      "--overwrite",
    ]);
    for (const serial of ["N1", "N2"]) disks.addDisk(serial, { size: 2e12 });
    disks.addDisk("N3", { size: 2e12 }).contents.signatures.push({ type: "ext4", uuid: "somebody's" });
    relay = await startRelay(folder, disks);
    mkdirSync(join(folder, "etc"));
    storage = await start("storage-node-nvme-db");
    provisioner = await start("localvolume-provisioner");
  });
  afterAll(async () => {
    await provisioner?.stop();
    await storage?.stop();
    await relay?.stop();
    api?.close();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (name: string): Promise<Pod> =>
    runPod({
      plane,
      api,
      folder,
      namespace: NAMESPACE,
      workload: "daemonsets",
      name,
      fields: { "spec.nodeName": nodeName },
      args: ["--interval=1", `--configuration=${join(folder, "etc/storage.json")}`, `--enter=${relay.program}`],
    });

  /** An object of the cluster; tests read of it what they expect. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  const get = async (path: string): Promise<any> => (await api.call("GET", path)).body;
  // oxlint-disable-next-line typescript/no-explicit-any -- likewise
  const volumes = async (): Promise<any[]> => (await get("/api/v1/persistentvolumes")).items;
  const all = (): string => `${storage.output.text}${provisioner.output.text}`;

  test("disks are made what the flavor says, and told of; the disk with somebody's data is left alone", async () => {
    await until("the disks are made", async () => {
      const { items } = await get("/apis/storage.halite.dev/v1alpha1/computenodes");
      return items[0]?.status?.disks?.filter((disk: { role: string }) => disk.role === "Static").length === 2;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${all()}`);
    });
    const { status, metadata } = await get(`/apis/storage.halite.dev/v1alpha1/computenodes/${nodeName}`);
    expect(metadata.labels).toEqual({ "storage.halite.dev/flavor": "nvme-db" });
    expect(status.disks).toMatchObject([
      { serial: "N1", role: "Static", group: "data", partitions: [{ mode: "Filesystem", mounted: true }] },
      { serial: "N2", role: "Static" },
      { serial: "N3", role: "Foreign", reason: expect.stringContaining("signature ext4") },
    ]);
    expect(status.conditions).toMatchObject([
      { type: "Provisioned", status: "False", reason: "Refused" },
      { type: "DisksAsPlanned", status: "True" },
    ]);
    expect(disks.changes.filter((change) => change.includes("N3"))).toEqual([]);
    const told = await plane.kubectl(["get", "computenodes"]);
    expect(told).toMatch(/NAME +FLAVOR +PROVISIONED +AS PLANNED +HEALTHY +AGE\n\S+ +nvme-db +False +True /);
    await until("the refusal is an event", async () =>
      (await get("/api/v1/events")).items.some((event: { reason: string }) => event.reason === "DiskRefused"),
    );
  });

  test("another manager's fields of the status stay", async () => {
    const path = `/apis/storage.halite.dev/v1alpha1/computenodes/${nodeName}`;
    await plane.kubectl(["apply", "--server-side", "--field-manager=disk-monitor", "--subresource=status", "-f", "-"], {
      input: JSON.stringify({
        apiVersion: "storage.halite.dev/v1alpha1",
        kind: "ComputeNode",
        metadata: { name: nodeName },
        status: { disks: [{ serial: "N1", health: "Healthy" }], conditions: [{ type: "DisksHealthy", status: "True" }] },
      }),
    });
    disks.addDisk("N4", { size: 2e12 });
    await until("storage-node has written again", async () => (await get(path)).status.disks.length === 4);
    const { status } = await get(path);
    expect(status.disks.find(({ serial }: { serial: string }) => serial === "N1")).toMatchObject({ role: "Static", health: "Healthy" });
    expect(status.disks.find(({ serial }: { serial: string }) => serial === "N4")).toMatchObject({ role: "Unused", group: "data" });
    expect(status.conditions).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: "DisksAsPlanned", status: "False", reason: "Drifted" }),
        expect.objectContaining({ type: "DisksHealthy", status: "True" }),
      ]),
    );
  });

  test(
    "each partition is a volume; a pod's claim gets one; when the claim goes the volume is cleaned and offered again",
    { timeout: 180_000 },
    async () => {
      await until(
        "both volumes are offered",
        async () => (await volumes()).filter(({ status }) => status.phase === "Available").length === 2,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${all()}`);
      });
      const before = (await volumes()).map(({ metadata }) => [metadata.name, metadata.uid]).sort();
      await plane.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(list(claim("data"), pod("db", "data"))) });
      await until(
        "the claim is bound",
        async () => (await get("/api/v1/namespaces/default/persistentvolumeclaims/data")).status.phase === "Bound",
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await plane.kubectl(["describe", "pod", "db"])}\n${all()}`);
      });
      const { spec } = await get("/api/v1/namespaces/default/persistentvolumeclaims/data");
      expect((await get("/api/v1/namespaces/default/pods/db")).spec.nodeName).toBe(nodeName);
      const uuid = spec.volumeName.replace("local-", "");
      const partition = disks.partition(uuid);
      partition?.contents.data.add("rows");
      await plane.kubectl(["delete", "pod", "db", "--now"]);
      await plane.kubectl(["delete", "pvc", "data", "--wait=true"]);
      await until("it is cleaned and offered again", async () => {
        const found = (await volumes()).find(({ metadata }) => metadata.name === spec.volumeName);
        return found?.status.phase === "Available" && found.spec.claimRef === undefined;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${all()}`);
      });
      expect([...(partition?.contents.data ?? [])]).toEqual([]);
      const after = (await volumes()).map(({ metadata }) => [metadata.name, metadata.uid]).sort();
      expect(after.map(([name]) => name)).toEqual(before.map(([name]) => name));
      // The other volume is the very same; this one is new.
      expect(after.filter(([, uid]) => before.some(([, old]) => old === uid))).toHaveLength(1);
    },
  );

  test("a tainted volume is offered to nobody, and a claim waits for another", { timeout: 180_000 }, async () => {
    const [tainted, other] = (await volumes()).map(({ metadata }) => String(metadata.name));
    const taint = JSON.stringify([{ key: "disk", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" }]);
    await plane.kubectl(["annotate", "pv", tainted ?? "", `storage.halite.dev/taints=${taint}`]);
    await until("it is reserved for nobody", async () =>
      (await volumes()).some(({ metadata, spec }) => metadata.name === tainted && spec.claimRef?.namespace === "halite-quarantine"),
    );
    await plane.kubectl(["apply", "--server-side", "-f", "-"], { input: JSON.stringify(list(claim("two"), pod("two", "two"))) });
    await until(
      "the other one is taken",
      async () => (await get("/api/v1/namespaces/default/persistentvolumeclaims/two")).spec.volumeName === other,
    );
    await plane.kubectl(["annotate", "pv", tainted ?? "", "storage.halite.dev/taints-"]);
    await until("it is offered again", async () =>
      (await volumes()).some(
        ({ metadata, spec, status }) => metadata.name === tainted && spec.claimRef === undefined && status.phase === "Available",
      ),
    );
  });

  test("a provisioner that is killed while it cleans goes on where it was", { timeout: 180_000 }, async () => {
    const { volumeName } = (await get("/api/v1/namespaces/default/persistentvolumeclaims/two")).spec;
    const partition = disks.partition(String(volumeName).replace("local-", ""));
    partition?.contents.data.add("secret");
    let erasing: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => (erasing = resolve));
    disks.fails = ({ tool }) => {
      if (tool !== "blkdiscard") return undefined;
      erasing?.();
      return "Input/output error";
    };
    await plane.kubectl(["delete", "pod", "two", "--now"]);
    await plane.kubectl(["delete", "pvc", "two", "--wait=true"]);
    await begun;
    await provisioner.stop("SIGKILL");
    expect((await volumes()).find(({ metadata }) => metadata.name === volumeName)?.status.phase).toBe("Released");
    disks.fails = () => undefined;
    provisioner = await start("localvolume-provisioner");
    await until("it is offered again", async () => {
      const found = (await volumes()).find(({ metadata }) => metadata.name === volumeName);
      return found?.status.phase === "Available" && found.spec.claimRef === undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${all()}`);
    });
    expect([...(partition?.contents.data ?? [])]).toEqual([]);
  });
});

const list = (...items: readonly unknown[]): unknown => ({ apiVersion: "v1", kind: "List", items });

function claim(name: string): unknown {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { storageClassName: "local-nvme", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Ti" } } },
  };
}

function pod(name: string, of: string): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default" },
    spec: {
      serviceAccountName: "default",
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "db", image: "example.net/db:1", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: of } }],
    },
  };
}
