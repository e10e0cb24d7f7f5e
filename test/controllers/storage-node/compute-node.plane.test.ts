import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/controllers/local-volume-provisioner/config.ts";
import { LocalVolumeProvisioner, provisionerMetrics } from "../../../src/controllers/local-volume-provisioner/controller.ts";
import type { PersistentVolume } from "../../../src/controllers/local-volume-provisioner/persistent-volume.ts";
import { StatusWriter } from "../../../src/controllers/lvm-csi/status.ts";
import { EventRecorder, Metrics, systemClock } from "../../../src/controllers/runtime/index.ts";
import { StorageNode, storageNodeMetrics } from "../../../src/controllers/storage-node/controller.ts";
import { parseFlavor } from "../../../src/controllers/storage-node/flavor.ts";
import { parseSystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import type { ApiClient } from "../../../src/kubernetes/index.ts";
import { PROJECT } from "../../cli/halite.ts";
import { Client, startControlPlane, type ControlPlane } from "../../control-plane/index.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { untilKnown } from "../known-kinds.ts";
import { ModelNode } from "../model-node.ts";
import { clientAt, keptLog, until } from "../runtime/api.ts";

const possible = await canHavePlane();
const NODE = "node-0";
const COMPUTE_NODE = `/apis/storage.halite.dev/v1alpha1/computenodes/${NODE}`;
const VOLUMES = "/api/v1/persistentvolumes";
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const FLAVOR = {
  disks: {
    files: { match: { transport: "nvme" }, static: { partitions: [{ size: "500Mi" }], storage_class: "local" } },
    lvm: { match: { transport: "sata" }, volume_group: { name: "data" } },
  },
};

/** What the controllers of local disks need of a real API server; the disks are a model. */
describe.skipIf(!possible)("controllers of local disks and a real API server", () => {
  let plane: ControlPlane;
  let api: Client;
  let client: ApiClient;
  let configuration = "";
  const { log } = keptLog();
  const disks = new ModelNode();
  const clock = systemClock;

  beforeAll(async () => {
    const controllers =
      "persistentvolume-binder-controller,persistentvolume-protection-controller,persistentvolumeclaim-protection-controller";
    plane = await startControlPlane({ controllers: `${controllers},serviceaccount-controller`, nodes: 1 });
    api = new Client(plane);
    client = clientAt(plane);
    await plane.kubectl(["apply", "--server-side", "-f", join(PROJECT, "out/sjc1/sjc1-prod-01/storage-node/crd.yaml")]);
    await untilKnown(plane, "computenodes");
    disks.addDisk("N1");
    disks.addDisk("S1", { transport: "sata" });
    disks.addDisk("N2").contents.signatures.push({ type: "ext4", uuid: "somebody's" });
  });
  afterAll(async () => {
    client?.close();
    api?.close();
    await plane?.stop();
  });

  /** An object of the cluster; tests read of it what they expect. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  const get = async (path: string): Promise<any> => (await api.call("GET", path)).body;

  /** A pass of a storage-node that has just begun. */
  async function storageNode(flavor: object = FLAVOR): Promise<void> {
    let uuids = 0;
    await new StorageNode({
      api: client,
      node: NODE,
      flavor: parseFlavor("test", JSON.stringify(flavor)),
      commands: disks,
      file: {
        write: (text) => {
          configuration = text;
          return Promise.resolve(true);
        },
      },
      newUuid: () => `00000000-0000-4000-8000-${String(disks.changes.length * 1000 + ++uuids).padStart(12, "0")}`,
      clock,
      log,
      events: new EventRecorder({ api: client, component: "storage-node", host: NODE, clock, log }),
      metrics: storageNodeMetrics(new Metrics()),
    }).reconcile(new AbortController().signal);
  }

  /** Passes of a provisioner until nothing is left to be done. */
  async function provisioner(): Promise<void> {
    let known: readonly PersistentVolume[] = [];
    const uid: string = (await get(`/api/v1/nodes/${NODE}`)).metadata.uid;
    const local = new LocalVolumeProvisioner({
      api: client,
      node: { name: NODE, uid, hostname: NODE, cluster: "cluster-1" },
      config: parseConfig(JSON.stringify({ classes: { local: { clean: "clear", reclaim: "Delete" } }, erase: [] })),
      configuration: () => Promise.resolve(parseSystemConfiguration(configuration)),
      volumes: () => known,
      commands: disks,
      clock,
      log,
      events: new EventRecorder({ api: client, component: "local-volume-provisioner", host: NODE, clock, log }),
      metrics: provisionerMetrics(new Metrics()),
      changed: () => undefined,
    });
    for (let pass = 0; pass < 4; pass++) {
      known = (await get(VOLUMES)).items;
      await local.pass();
      await local.idle();
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as get
  const theVolume = async (): Promise<any> => (await get(VOLUMES)).items[0];
  const make = async (path: string, body: unknown): Promise<void> => {
    const answer = await api.call("POST", path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  };

  test("the ComputeNode is of several writers: each changes its own fields, and people see what they say", async () => {
    await storageNode();
    const [group] = (await get(COMPUTE_NODE)).status.volumeGroups;
    const events = new EventRecorder({ api: client, component: "lvm-csi", host: NODE, clock, log });
    const driver = new StatusWriter({ api: client, node: NODE, clock, events });
    await driver.write({ groups: [{ name: "data", free: 7, volumes: 2, missing: 0, thinPools: [] }], problems: [] });
    const monitor = {
      apiVersion: "storage.halite.dev/v1alpha1",
      kind: "ComputeNode",
      metadata: { name: NODE },
      status: { disks: [{ serial: "N1", health: "Healthy" }], conditions: [{ type: "DisksHealthy", status: "True" }] },
    };
    const asMonitor = ["apply", "--server-side", "--field-manager=disk-monitor", "--subresource=status", "-f", "-"];
    await plane.kubectl(asMonitor, { input: JSON.stringify(monitor) });
    disks.addDisk("N3");
    await storageNode();
    const { status } = await get(COMPUTE_NODE);
    expect(status.volumeGroups).toMatchObject([{ ...group, free: 7, volumes: 2 }]);
    const bySerial = Object.fromEntries(status.disks.map((disk: { readonly serial: string }) => [disk.serial, disk]));
    expect(bySerial).toMatchObject({
      N1: { role: "Static", health: "Healthy" },
      N2: { role: "Foreign", reason: expect.stringContaining("signature ext4") },
      N3: { role: "Unused" },
      S1: { role: "VolumeGroup" },
    });
    const conditions = Object.fromEntries(
      status.conditions.map((each: { readonly type: string; readonly status: string }) => [each.type, each.status]),
    );
    expect(conditions).toEqual({ Provisioned: "False", DisksAsPlanned: "False", VolumeGroupsHealthy: "True", DisksHealthy: "True" });
    expect(await plane.kubectl(["get", "computenodes"])).toMatch(
      /NAME +FLAVOR +PROVISIONED +AS PLANNED +HEALTHY +AGE\nnode-0 +test +False +False +True /,
    );
    expect(await plane.kubectl(["describe", "computenode", NODE])).toMatch(/Warning +DiskRefused .*storage-node .*ext4/);
  });

  test("a quarantined volume is given to nobody by Kubernetes either; without its taint it is given at once", async () => {
    await provisioner();
    const volume = await theVolume();
    await until("it is available", async () => (await theVolume()).status.phase === "Available");
    const taints = JSON.stringify([{ key: "disk", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" }]);
    await plane.kubectl(["annotate", "pv", volume.metadata.name, `storage.halite.dev/taints=${taints}`]);
    await provisioner();
    expect((await theVolume()).spec.claimRef).toMatchObject({ namespace: "halite-quarantine", name: "quarantine" });
    // Its class binds at once: whatever is free would be taken.
    await make("/apis/storage.k8s.io/v1/storageclasses", {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: "local" },
      provisioner: "kubernetes.io/no-provisioner",
      volumeBindingMode: "Immediate",
    });
    const spec = { storageClassName: "local", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "100Mi" } } };
    await make(CLAIMS, { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "data" }, spec });
    // Kubernetes has looked for a volume and says so.
    await until("Kubernetes has an answer", async () => /Events:\n +Type/.test(await plane.kubectl(["describe", "pvc", "data"])));
    expect((await get(`${CLAIMS}/data`)).status.phase).toBe("Pending");
    await plane.kubectl(["annotate", "pv", volume.metadata.name, "storage.halite.dev/taints-"]);
    await provisioner();
    await until("the claim has it", async () => (await get(`${CLAIMS}/data`)).status.phase === "Bound");
    expect((await get(`${CLAIMS}/data`)).spec.volumeName).toBe(volume.metadata.name);
  });

  test("released, it is cleaned, deleted and made again: another volume of the same name", async () => {
    const { metadata } = await theVolume();
    const partition = disks.partition(metadata.name.replace("local-", ""));
    partition?.contents.files.add("data/rows");
    partition?.contents.data.add("rows");
    await api.call("DELETE", `${CLAIMS}/data`);
    await until("it is released", async () => (await theVolume())?.status.phase === "Released");
    await provisioner();
    await until("its old object is gone", async () => (await theVolume())?.metadata.uid !== metadata.uid);
    await provisioner();
    await until("it is available", async () => (await theVolume())?.status.phase === "Available");
    expect((await theVolume()).metadata.name).toBe(metadata.name);
    expect([...(partition?.contents.data ?? [])]).toEqual([]);
    expect(await plane.kubectl(["get", "events", "-A", "-o", "custom-columns=R:.reason"])).toMatch(/VolumeCleaned/);
  });
});
