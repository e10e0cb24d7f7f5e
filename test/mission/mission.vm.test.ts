import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { halite, PROJECT } from "../cli/halite.ts";
import { NODE } from "../controllers/lvm-csi/lvm-node.ts";
import { CSI_PORT, openNetwork, RemoteSocket } from "../controllers/lvm-csi/remote.ts";
import { until } from "../controllers/runtime/api.ts";
import { SchedulerStack, type SchedulerPod } from "../controllers/volume-scheduler/stack.ts";
import { Client, kubeconfigText, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { freePorts } from "../control-plane/ports.ts";
import { Program } from "../control-plane/process.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { csiTool, haveCsiTools } from "../csi-tools/build.ts";
import { nodeImage, startNode, type Disk, type StorageNode } from "../node-vm/index.ts";
import { runPod, type ClusterNode } from "./pod.ts";

/** Of the shipped fleet: Kubernetes 1.35, nodes with NVMe for databases and nodes with SSDs for everything else. */
const CLUSTER = "sjc2-prod-01";
const NAMESPACE = "storage-node";
const DRIVER = "lvm.csi.halite.dev";
const DRIVER_FOLDER = `/var/lib/kubelet/plugins/${DRIVER}`;
const VOLUMES = "/api/v1/persistentvolumes";
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const PODS = "/api/v1/namespaces/default/pods";

const possible = (await nodeImage()) !== undefined && haveCsiTools("csi-provisioner") && (await canHavePlane());

/**
 * From pillar to a written disk: the shipped fleet is compiled and applied, and what the cluster then holds runs on two nodes with real disks, which
 * become volumes that pods are scheduled to, written to and given back.
 */
describe.skipIf(!possible)("the mission", () => {
  const folder = mkdtempSync(join(tmpdir(), "halite-mission-"));
  let plane: ControlPlane;
  let api: Client;
  let databases: ClusterNode;
  let general: ClusterNode;
  let csi: RemoteSocket;
  let scheduler: SchedulerStack;
  let schedulerPod: SchedulerPod | undefined;
  let provisioner: Program | undefined;

  beforeAll(async () => {
    // kwok plays the kubelets, but for volumes: those are done here.
    plane = await startControlPlane({ version: "older", controllers: "*", scheduler: true, nodes: 2 });
    api = new Client(plane);
    const [port = 0] = await freePorts(1);
    databases = { name: "db-1", machine: await machine([{ kind: "nvme", serial: "NVME0001", size: 1100 * 10 ** 9 }]) };
    general = { name: "general-1", machine: await machine([{ kind: "ssd", serial: "SSD0001", size: 500 * 10 ** 9 }], port) };
    csi = new RemoteSocket(join(folder, "csi.sock"), port);
    await general.machine.output(`ln -s ${DRIVER_FOLDER}/csi.sock /run/csi.sock`);
    await joins(databases, "nvme-db");
    await joins(general, "ssd-general");
  });
  afterAll(async () => {
    await schedulerPod?.kill();
    scheduler?.remove();
    await provisioner?.stop();
    csi?.close();
    api?.close();
    await databases?.machine.stop();
    await general?.machine.stop();
    await plane?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the fleet is compiled, and its cluster becomes what it says", async () => {
    for (const part of ["halite.yaml", "pillar", "states", "secrets", "schemas"])
      cpSync(join(PROJECT, part), join(folder, part), { recursive: true });
    await plane.kubectl(["apply", "--server-side", "-f", join(PROJECT, "schemas/crds")]);
    await plane.kubectl(["create", "namespace", "monitoring"]);
    expect(await halite(["render"], { cwd: folder })).toMatchObject({ status: 0 });
    // Some of it can't be healthy here: drivers of Ceph register with a kubelet.
    const apply = ["apply", "--cluster", CLUSTER, "--local", "--kubeconfig", plane.kubeconfig, "--timeout", "3m"];
    const applied = await halite(apply, { cwd: folder });
    const addons = await plane.kubectl(["get", "addons.halite.dev"]);
    for (const addon of ["storage-node", "localvolume-provisioner", "local-volume-dynamic-provisioner", "volume-scheduler"])
      expect(addons, applied.stdout + applied.stderr).toMatch(new RegExp(`^${addon} +Synced`, "m"));
  });

  test("nodes' disks become what their flavors say", async () => {
    const logs = [
      await runPod(plane, api, databases, [NAMESPACE, "storage-node-nvme-db", "storage-node"]),
      await runPod(plane, api, general, [NAMESPACE, "storage-node-ssd-general", "storage-node"]),
    ];
    for (const [index, { name }] of [databases, general].entries())
      await shown(logs[index], () =>
        until(
          `${name} is provisioned`,
          async () => {
            const { status } = await get(`/apis/storage.halite.dev/v1alpha1/computenodes/${name}`);
            return status?.conditions?.some((each: Condition) => each.type === "Provisioned" && each.status === "True") === true;
          },
          240_000,
        ),
      );
    const nodes = await plane.kubectl(["get", "computenodes"]);
    expect(nodes).toMatch(/^db-1 +nvme-db +True +True/m);
    expect(nodes).toMatch(/^general-1 +ssd-general +True +True/m);
  });

  test("a disk is given to a pod, and comes back empty", async () => {
    const log = await runPod(plane, api, databases, [NAMESPACE, "localvolume-provisioner", "local-volume-provisioner"]);
    scheduler = new SchedulerStack(plane, api);
    await scheduler.take();
    schedulerPod = await scheduler.start("one");
    await shown(log, () => until("there is a volume", async () => (await list(VOLUMES)).length === 1, 240_000));
    const [volume] = await list(VOLUMES);
    expect(volume).toMatchObject({
      metadata: {
        labels: { "storage.halite.dev/node": "db-1", "storage.halite.dev/disk": "NVME0001", "storage.halite.dev/media": "nvme" },
      },
      spec: { storageClassName: "local-nvme", volumeMode: "Filesystem" },
    });

    await create(CLAIMS, claim("database", "local-nvme", "900Gi"));
    await create(PODS, pod("database"));
    await until("it runs where its disk is", async () => (await get(`${PODS}/database`)).spec?.nodeName === "db-1", 240_000);
    // The scheduler waits for the claim's volume; the controller manager says that it is bound a moment after it has bound it.
    await until("its claim is bound", async () => (await get(`${CLAIMS}/database`)).status.phase === "Bound");
    const { path } = volume.spec.local;
    await databases.machine.output(`echo rows >${path}/table && sync -f ${path}`);

    await api.call("DELETE", `${PODS}/database?gracePeriodSeconds=0`);
    await api.call("DELETE", `${CLAIMS}/database`);
    await shown(log, () =>
      until("it is free again", async () => (await list(VOLUMES)).some(({ status }) => status.phase === "Available"), 240_000),
    );
    expect(await databases.machine.output(`ls -A ${(await list(VOLUMES))[0].spec.local.path}`)).toBe("");
  });

  test("a volume is made when a pod asks for one, and goes with its claim", async () => {
    const log = await runPod(plane, api, general, [NAMESPACE, "local-volume-dynamic-provisioner", "lvm-csi"]);
    const empty = await logicalVolumes();
    await shown(log, () => until("the driver answers", answers, 240_000));
    const { nodeId, accessibleTopology } = await csi.call("Node", "NodeGetInfo", {});
    await registered(nodeId, accessibleTopology.segments);
    provisioner = await startProvisioner();

    await create(CLAIMS, claim("web", "lvm-ssd", "20Gi"));
    await create(PODS, pod("web"));
    await shown(log, () => until("it has a node", async () => (await get(`${PODS}/web`)).spec?.nodeName === "general-1", 240_000));
    const { spec } = await get(`${VOLUMES}/${(await get(`${CLAIMS}/web`)).spec.volumeName}`);
    expect(spec).toMatchObject({ storageClassName: "lvm-ssd", capacity: { storage: "20Gi" }, csi: { driver: DRIVER, fsType: "xfs" } });

    const { uid } = (await get(`${PODS}/web`)).metadata;
    const at = { stagingTargetPath: `${DRIVER_FOLDER}/staging/web`, targetPath: `/var/lib/kubelet/pods/${uid}/volumes/web/mount` };
    const volumeCapability = {
      mount: { fsType: spec.csi.fsType, mountFlags: spec.mountOptions, volumeMountGroup: "" },
      accessMode: { mode: "SINGLE_NODE_WRITER" },
    } as const;
    const volumeId: string = spec.csi.volumeHandle;
    await csi.call("Node", "NodeStageVolume", { volumeId, stagingTargetPath: at.stagingTargetPath, volumeCapability });
    await csi.call("Node", "NodePublishVolume", { volumeId, ...at, volumeCapability });
    await general.machine.output(`echo page >${at.targetPath}/index && sync -f ${at.targetPath}`);
    expect(await general.machine.output(`findmnt --noheadings --output FSTYPE,OPTIONS --mountpoint ${at.targetPath}`)).toMatch(
      /^xfs +rw,noatime/,
    );

    await csi.call("Node", "NodeUnpublishVolume", { volumeId, targetPath: at.targetPath });
    await csi.call("Node", "NodeUnstageVolume", { volumeId, stagingTargetPath: at.stagingTargetPath });
    await api.call("DELETE", `${PODS}/web?gracePeriodSeconds=0`);
    await api.call("DELETE", `${CLAIMS}/web`);
    await shown(log, () =>
      until("the volume is gone", async () => (await list(VOLUMES)).every(({ spec: each }) => each.csi === undefined), 240_000),
    );
    expect(await logicalVolumes()).toBe(empty);
  });

  /** A node with the network that leads to the API server and, by `forward`, to its CSI socket. */
  async function machine(disks: readonly Disk[], forward?: number): Promise<StorageNode> {
    const ways = forward === undefined ? [] : [{ host: forward, node: CSI_PORT }];
    const started = await startNode({ disks, shares: [dirname(NODE)], memory: 1536, forward: ways });
    await openNetwork(started, Number(new URL(plane.url).port));
    // As systemd has it: what is unmounted on the node is unmounted in pods.
    await started.output("mount --make-rshared /");
    return started;
  }

  /** What its kubelet says of a node that joins. */
  async function joins({ name }: ClusterNode, flavor: string): Promise<void> {
    const resources = { cpu: "8", memory: "16Gi", pods: "110" };
    await create("/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name,
        labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "storage.halite.dev/flavor": flavor },
      },
      status: { allocatable: resources, capacity: resources },
    });
  }

  /** As the kubelet does once the registrar has shown it the driver. */
  async function registered(nodeID: string, segments: Readonly<Record<string, string>>): Promise<void> {
    const { uid } = (await get("/api/v1/nodes/general-1")).metadata;
    await api.call("PATCH", "/api/v1/nodes/general-1", { metadata: { labels: segments } }, "application/merge-patch+json");
    await create("/apis/storage.k8s.io/v1/csinodes", {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSINode",
      metadata: { name: "general-1", ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "general-1", uid }] },
      spec: { drivers: [{ name: DRIVER, nodeID, topologyKeys: Object.keys(segments) }] },
    });
  }

  /** The sidecar that asks the driver for volumes, with the rights of the addon's own ServiceAccount. */
  async function startProvisioner(): Promise<Program> {
    const token = (await plane.kubectl(["create", "token", "local-volume-dynamic-provisioner", "-n", NAMESPACE])).trim();
    const kubeconfig = join(folder, "sidecar");
    writeFileSync(kubeconfig, kubeconfigText({ url: plane.url, ca: plane.ca, token }), { mode: 0o600 });
    const own = (
      await get(`/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/local-volume-dynamic-provisioner`)
    ).spec.template.spec.containers
      .find(({ name }: { readonly name: string }) => name === "csi-provisioner")
      .args.filter((flag: string) => !/^--(csi-address|http-endpoint|capacity-ownerref-level)/.test(flag));
    const flags = [...own, `--csi-address=${csi.path}`, `--kubeconfig=${kubeconfig}`, "--capacity-ownerref-level=-1"];
    const env = { ...process.env, NODE_NAME: "general-1", NAMESPACE, POD_NAME: "lvm-1" };
    return new Program("csi-provisioner", csiTool("csi-provisioner"), flags, folder, env);
  }

  async function answers(): Promise<boolean> {
    try {
      await csi.call("Identity", "Probe", {});
      return true;
    } catch {
      return false;
    }
  }

  function logicalVolumes(): Promise<string> {
    return general.machine.output("lvs --noheadings -o vg_name,lv_name,lv_size; vgs --noheadings -o vg_name,vg_free,lv_count");
  }

  /** What fails is told with what the pod has logged. */
  async function shown(log: (() => Promise<string>) | undefined, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const pods = await plane.kubectl(["describe", "pods"]);
      throw new Error(`${String(error)}\n${(await log?.())?.slice(-6000) ?? ""}\n${pods.slice(-3000)}`, { cause: error });
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  async function get(path: string): Promise<any> {
    return (await api.call("GET", path)).body;
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as get
  async function list(path: string): Promise<any[]> {
    return (await get(path)).items;
  }

  async function create(path: string, body: unknown): Promise<void> {
    const answer = await api.call("POST", path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  }
});

interface Condition {
  readonly type: string;
  readonly status: string;
}

function claim(name: string, storageClassName: string, storage: string): unknown {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage } } },
  };
}

/** A pod with the claim of its name, for the scheduler that knows of disks. */
function pod(name: string): unknown {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      schedulerName: "halite-storage",
      containers: [{ name: "main", image: "none", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName: name } }],
    },
  };
}
