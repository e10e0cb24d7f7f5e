import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { credentials, makeClientConstructor } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";
import { PROJECT } from "../../cli/halite.ts";
import { Client, kubeconfigText, startControlPlane, type ControlPlane } from "../../control-plane/index.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { Program } from "../../control-plane/process.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { csiTool, haveCsiTools, type CsiTool } from "../../csi-tools/build.ts";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { untilKnown } from "../known-kinds.ts";
import { until } from "../runtime/api.ts";
import { logicalVolumes, startDriverIn, startLvmNode } from "./lvm-node.ts";
import { CSI_PORT, openNetwork, RemoteSocket } from "./remote.ts";

const SIDECARS: readonly CsiTool[] = ["csi-provisioner", "csi-resizer", "csi-snapshotter", "snapshot-controller", "node-driver-registrar"];
const possible = (await nodeImage()) !== undefined && haveCsiTools(...SIDECARS) && (await canHavePlane());
/** A cluster of the shipped fleet that has the component, compiled. */
const COMPILED = join(PROJECT, "out/sjc1/sjc1-prod-02");
const ADDON = "local-volume-dynamic-provisioner";
const NAMESPACE = "storage-node";
const DRIVER = "lvm.csi.halite.dev";
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const PODS = "/api/v1/namespaces/default/pods";
const MIB = 2 ** 20;

describe.skipIf(!possible)("the driver with its sidecars, a real control plane and real LVM", () => {
  let plane: ControlPlane;
  let api: Client;
  let node: StorageNode;
  let csi: RemoteSocket;
  let empty: string;
  const programs: Program[] = [];

  beforeAll(async () => {
    const controllers =
      "serviceaccount-controller,serviceaccount-token-controller,persistentvolume-binder-controller,persistentvolumeclaim-protection-controller,persistentvolume-protection-controller,namespace-controller";
    plane = await startControlPlane({ controllers, scheduler: true });
    api = new Client(plane);
    const [port = 0] = await freePorts(1);
    node = await startLvmNode({ forward: [{ host: port, node: CSI_PORT }] });
    empty = await logicalVolumes(node);
    const serverPort = Number(new URL(plane.url).port);
    await openNetwork(node, serverPort);
    csi = new RemoteSocket(join(plane.folder, "csi.sock"), port);
    await plane.kubectl(["create", "namespace", NAMESPACE]);
    await applyCompiled();
    const token = (await plane.kubectl(["create", "token", ADDON, "-n", NAMESPACE])).trim();
    await node.output("mkdir -p /exchange/account");
    writeFileSync(join(node.exchange, "account/token"), token);
    writeFileSync(join(node.exchange, "account/ca.crt"), plane.ca);
    await startDriverIn(node, "--account=/exchange/account", `KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=${serverPort}`);
    await registerNode();
    startSidecars(token);
  });
  afterAll(async () => {
    for (const program of programs.reverse()) await program.stop();
    csi?.close();
    api?.close();
    await node?.stop();
    await plane?.stop();
  });

  /** What `halite render` has made for the cluster: CRDs of snapshots, and the component's own objects. */
  async function applyCompiled(): Promise<void> {
    const crds = join(COMPILED, "snapshot-controller/crds");
    for (const name of readdirSync(crds)) await plane.kubectl(["apply", "--server-side", "-f", join(crds, name)]);
    await untilKnown(plane, "volumesnapshotclasses", "volumesnapshots", "volumesnapshotcontents");
    for (const name of ["driver", "rbac", "classes"]) await plane.kubectl(["apply", "-f", join(COMPILED, ADDON, `${name}.yaml`)]);
  }

  /** As the kubelet does when a driver registers: by the real registrar's socket, and what the driver says of the node. */
  async function registerNode(): Promise<void> {
    const registration = join(plane.folder, "registration");
    mkdirSync(registration);
    // Its second is short for an emulated processor.
    const flags = [
      `--csi-address=${csi.path}`,
      `--kubelet-registration-path=${csi.path}`,
      `--plugin-registration-path=${registration}`,
      "--timeout=120s",
    ];
    const registrar = new Program("node-driver-registrar", csiTool("node-driver-registrar"), flags, plane.folder);
    programs.push(registrar);
    let info: object | undefined;
    // Its socket has a file before anybody is answered there.
    const asked = (): Promise<object | undefined> => pluginInfo(join(registration, `${DRIVER}-reg.sock`)).catch(() => undefined);
    await registrar.ready(async () => (info = await asked()) !== undefined, 240_000);
    expect(info).toMatchObject({ type: "CSIPlugin", name: DRIVER, endpoint: csi.path });
    const { nodeId, accessibleTopology } = await csi.call("Node", "NodeGetInfo", {});
    const resources = { cpu: "8", memory: "16Gi", pods: "110" };
    await api.call("POST", "/api/v1/nodes", {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: "n1",
        labels: { "kubernetes.io/hostname": "n1", "storage.halite.dev/flavor": "ssd-general", ...accessibleTopology.segments },
      },
    });
    await api.call(
      "PATCH",
      "/api/v1/nodes/n1/status",
      {
        status: {
          allocatable: resources,
          capacity: resources,
          conditions: [
            {
              type: "Ready",
              status: "True",
              reason: "Test",
              message: "",
              lastTransitionTime: "2026-01-01T00:00:00Z",
              lastHeartbeatTime: "2026-01-01T00:00:00Z",
            },
          ],
        },
      },
      "application/merge-patch+json",
    );
    await api.call("PATCH", "/api/v1/nodes/n1", { spec: { taints: null } }, "application/merge-patch+json");
    await api.call("POST", "/apis/storage.k8s.io/v1/csinodes", {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSINode",
      metadata: { name: "n1" },
      spec: { drivers: [{ name: DRIVER, nodeID: nodeId, topologyKeys: Object.keys(accessibleTopology.segments) }] },
    });
  }

  /** With the rights of the component's own ServiceAccount, and the arguments of its DaemonSet. */
  function startSidecars(token: string): void {
    const kubeconfig = join(plane.folder, "sidecars");
    writeFileSync(kubeconfig, kubeconfigText({ url: plane.url, ca: plane.ca, token }), { mode: 0o600 });
    const daemonSet = readFileSync(join(COMPILED, ADDON, "daemonset.yaml"), "utf8");
    const env = { ...process.env, NODE_NAME: "n1", NAMESPACE, POD_NAME: "lvm-1" };
    for (const name of ["csi-provisioner", "csi-resizer", "csi-snapshotter"] as const) {
      const own = argumentsOf(daemonSet, name).filter(
        (flag) => !/^--(csi-address|http-endpoint|capacity-ownerref-level|capacity-poll-interval)/.test(flag),
      );
      const flags = [...own, `--csi-address=${csi.path}`, `--kubeconfig=${kubeconfig}`, "--v=4"];
      if (name === "csi-provisioner") flags.push("--capacity-ownerref-level=-1", "--capacity-poll-interval=5s");
      programs.push(new Program(name, csiTool(name), flags, plane.folder, env));
    }
    const controller = ["--kubeconfig", plane.kubeconfig, "--enable-distributed-snapshotting=true", "--leader-election=false"];
    programs.push(new Program("snapshot-controller", csiTool("snapshot-controller"), controller, plane.folder));
  }

  test("a claim becomes a volume that is mounted, written, expanded, snapshotted, restored, limited and deleted, and the group is as at the start", async () => {
    await until(
      "the node's room is known",
      async () => {
        const { items } = await get(`/apis/storage.k8s.io/v1/namespaces/${NAMESPACE}/csistoragecapacities`);
        return items.some(
          (each: { storageClassName: string; maximumVolumeSize?: string }) =>
            each.storageClassName === "lvm-ssd-ext4" && each.maximumVolumeSize === "4Gi",
        );
      },
      240_000,
    );

    await claim("first", "lvm-ssd-ext4", "320Mi");
    const pod = await podWith("one", "first");
    const volume = await volumeOf("first");
    expect(volume.spec).toMatchObject({
      capacity: { storage: "320Mi" },
      csi: { driver: DRIVER, fsType: "ext4" },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: expect.arrayContaining([{ key: "topology.lvm.halite.dev/vg-data", operator: "In", values: ["true"] }]) },
          ],
        },
      },
    });
    const mounted = await mount(volume, pod);
    await node.output(`echo before >${mounted.target}/file && sync ${mounted.target}/file`);

    // Expand while it is mounted: the resizer grows the volume, then, as the kubelet has it, the node its file system.
    await patch(`${CLAIMS}/first`, { spec: { resources: { requests: { storage: "400Mi" } } } });
    await until("the volume has grown", async () => (await volumeOf("first")).spec.capacity.storage === "400Mi", 240_000);
    await csi.call("Node", "NodeExpandVolume", {
      volumeId: volume.spec.csi.volumeHandle,
      volumePath: mounted.target,
      stagingTargetPath: mounted.staging,
      capacityRange: { requiredBytes: 400 * MIB, limitBytes: 0 },
      volumeCapability: capability("ext4"),
    });
    expect(Number(await node.output(`df --output=size -B1M ${mounted.target} | tail -n 1`))).toBeGreaterThan(350);
    const stats = await csi.call("Node", "NodeGetVolumeStats", { volumeId: volume.spec.csi.volumeHandle, volumePath: mounted.target });
    expect(stats.volumeCondition).toEqual({ abnormal: false, message: "in order" });

    // Limits, given to the claim while a pod uses it.
    await node.output(`echo +io >/sys/fs/cgroup/cgroup.subtree_control; mkdir -p /sys/fs/cgroup/kubepods/besteffort
echo +io >/sys/fs/cgroup/kubepods/cgroup.subtree_control; echo +io >/sys/fs/cgroup/kubepods/besteffort/cgroup.subtree_control
mkdir /sys/fs/cgroup/kubepods/besteffort/pod${pod.metadata.uid}`);
    await patch(`${CLAIMS}/first`, { spec: { volumeAttributesClassName: "lvm-ssd-shared" } });
    await until(
      "the limits are the claim's",
      async () => (await get(`${CLAIMS}/first`)).status.currentVolumeAttributesClassName === "lvm-ssd-shared",
      240_000,
    );
    expect(await node.output(`cat /sys/fs/cgroup/kubepods/besteffort/pod${pod.metadata.uid}/io.max`)).toMatch(
      /^\d+:\d+ rbps=209715200 wbps=104857600 riops=5000 wiops=2000\n$/,
    );

    // A snapshot, what comes after it, and another claim that is as the first one was.
    await create("/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots", {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshot",
      metadata: { name: "kept", namespace: "default" },
      spec: { volumeSnapshotClassName: "lvm", source: { persistentVolumeClaimName: "first" } },
    });
    await untilOrSaid("the snapshot is taken", async () => {
      const { status } = await get("/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots/kept");
      return status?.readyToUse === true;
    });
    await node.output(`echo after >${mounted.target}/file && sync ${mounted.target}/file`);
    await claim("second", "lvm-ssd-ext4", "500Mi", { apiGroup: "snapshot.storage.k8s.io", kind: "VolumeSnapshot", name: "kept" });
    const other = await podWith("two", "second");
    const restored = await volumeOf("second");
    const second = await mount(restored, other);
    expect(await node.output(`cat ${second.target}/file`)).toBe("before\n");
    expect(Number(await node.output(`df --output=size -B1M ${second.target} | tail -n 1`))).toBeGreaterThan(430);
    expect(await node.output(`cat ${mounted.target}/file`)).toBe("after\n");

    for (const [name, at, of] of [
      ["one", mounted, volume],
      ["two", second, restored],
    ] as const) {
      await unmount(at, of);
      await api.call("DELETE", `${PODS}/${name}?gracePeriodSeconds=0`);
    }
    await api.call("DELETE", "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots/kept");
    for (const name of ["first", "second"]) await api.call("DELETE", `${CLAIMS}/${name}`);
    await until("all volumes are gone", async () => (await get("/api/v1/persistentvolumes")).items.length === 0, 240_000);
    await until(
      "the snapshot is gone",
      async () => (await get("/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents")).items.length === 0,
      240_000,
    );
    expect(await logicalVolumes(node)).toBe(empty);
  });

  test("a claim that does not fit stays pending, and says why; nothing is left of it", async () => {
    await claim("huge", "lvm-ssd", "100Gi");
    await create(PODS, podObject("three", "huge"));
    await until(
      "the scheduler refuses the node",
      async () => {
        const { status } = await get(`${PODS}/three`);
        return status.conditions?.some((each: { message?: string }) => each.message?.includes("did not have enough free storage")) === true;
      },
      240_000,
    );
    await api.call("DELETE", `${PODS}/three?gracePeriodSeconds=0`);
    await api.call("DELETE", `${CLAIMS}/huge`);
    expect(await logicalVolumes(node)).toBe(empty);
  });

  /** As `until`; the error has what the programs beside the driver wrote. */
  async function untilOrSaid(what: string, holds: () => Promise<boolean>): Promise<void> {
    try {
      await until(what, holds, 240_000);
    } catch (error) {
      throw new Error([String(error), ...programs.map(({ said }) => said)].join("\n"), { cause: error });
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  async function get(path: string): Promise<any> {
    return (await api.call("GET", path)).body;
  }

  async function create(path: string, body: unknown): Promise<void> {
    const answer = await api.call("POST", path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  }

  async function patch(path: string, body: unknown): Promise<void> {
    const answer = await api.call("PATCH", path, body, "application/merge-patch+json");
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }

  async function claim(name: string, storageClassName: string, storage: string, dataSource?: unknown): Promise<void> {
    await create(CLAIMS, {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name },
      spec: {
        accessModes: ["ReadWriteOnce"],
        storageClassName,
        resources: { requests: { storage } },
        ...(dataSource === undefined ? {} : { dataSource }),
      },
    });
  }

  function podObject(name: string, of: string): unknown {
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        containers: [{ name: "c", image: "none", volumeMounts: [{ name: "v", mountPath: "/data" }] }],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: of } }],
      },
    };
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as get
  async function podWith(name: string, of: string): Promise<any> {
    await create(PODS, podObject(name, of));
    await until(`pod ${name} has a node`, async () => (await get(`${PODS}/${name}`)).spec.nodeName === "n1", 240_000);
    return get(`${PODS}/${name}`);
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- as get
  async function volumeOf(name: string): Promise<any> {
    return get(`/api/v1/persistentvolumes/${(await get(`${CLAIMS}/${name}`)).spec.volumeName}`);
  }

  function capability(fsType: string): VolumeCapability {
    return { mount: { fsType, mountFlags: [], volumeMountGroup: "" }, accessMode: { mode: "SINGLE_NODE_WRITER" } };
  }

  interface Mounted {
    readonly staging: string;
    readonly target: string;
  }

  /** What the kubelet does for a pod. */
  async function mount(volume: Named, pod: Named): Promise<Mounted> {
    const staging = `/var/lib/kubelet/plugins/kubernetes.io/csi/${DRIVER}/${volume.metadata.uid}/globalmount`;
    const target = `/var/lib/kubelet/pods/${pod.metadata.uid}/volumes/kubernetes.io~csi/${volume.metadata.name}/mount`;
    const common = { volumeId: volume.spec.csi.volumeHandle, stagingTargetPath: staging, volumeCapability: capability("ext4") };
    await csi.call("Node", "NodeStageVolume", common);
    await csi.call("Node", "NodePublishVolume", {
      ...common,
      targetPath: target,
      volumeContext: { "csi.storage.k8s.io/pod.uid": pod.metadata.uid },
    });
    return { staging, target };
  }

  async function unmount({ staging, target }: Mounted, volume: Named): Promise<void> {
    const { volumeHandle: volumeId } = volume.spec.csi;
    await csi.call("Node", "NodeUnpublishVolume", { volumeId, targetPath: target });
    await csi.call("Node", "NodeUnstageVolume", { volumeId, stagingTargetPath: staging });
  }
});

interface Named {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly csi: { readonly volumeHandle: string } };
}

/** The arguments of a container of a compiled DaemonSet. */
function argumentsOf(yaml: string, container: string): string[] {
  const { spec }: DaemonSet = parse(yaml);
  const found = spec.template.spec.containers.find(({ name }) => name === container);
  if (found === undefined) throw new Error(`the DaemonSet has no ${container}`);
  return [...found.args];
}

interface DaemonSet {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly name: string; readonly args: readonly string[] }[] } };
  };
}

/** Asks a registrar's socket what the kubelet asks (kubelet/pkg/apis/pluginregistration/v1). */
async function pluginInfo(path: string): Promise<object> {
  const root = protobuf.parse(
    `syntax = "proto3"; package pluginregistration;
message PluginInfo { string type = 1; string name = 2; string endpoint = 3; repeated string supported_versions = 4; }
message InfoRequest {}`,
  ).root;
  const [request, response] = ["InfoRequest", "PluginInfo"].map((name) => root.lookupType(`pluginregistration.${name}`));
  if (request === undefined || response === undefined) throw new Error("no messages");
  const client = new (makeClientConstructor({}, "Registration"))(`unix:${path}`, credentials.createInsecure());
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      "/pluginregistration.Registration/GetInfo",
      () => Buffer.from(request.encode({}).finish()),
      (bytes: Buffer) => response.toObject(response.decode(bytes)),
      {},
      (error, answer) => {
        client.close();
        if (error === null) resolve(answer ?? {});
        else reject(error);
      },
    );
  });
}
