import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROJECT } from "../../cli/halite.ts";
import { buildControlPlane } from "../../control-plane/build.ts";
import { Client, kubeconfigText, startControlPlane, type ControlPlane } from "../../control-plane/index.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { csiTool, haveCsiTools } from "../../csi-tools/build.ts";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { until } from "../runtime/api.ts";
import { NODE, SOCKET, startDriverIn, startLvmNode } from "./lvm-node.ts";
import { CSI_PORT, openNetwork, RemoteSocket } from "./remote.ts";

const possible = (await nodeImage()) !== undefined && haveCsiTools("node-driver-registrar") && (await canHavePlane());
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const PODS = "/api/v1/namespaces/default/pods";
const MOUNTED = "grep -c -e kubernetes.io~csi -e /globalmount /proc/self/mounts || true";

describe.skipIf(!possible)("the real kubelet with the driver and real LVM", () => {
  let plane: ControlPlane;
  let api: Client;
  let node: StorageNode;
  let csi: RemoteSocket;

  beforeAll(async () => {
    const controllers =
      "serviceaccount-controller,serviceaccount-token-controller,persistentvolume-binder-controller,namespace-controller,root-ca-certificate-publisher-controller";
    plane = await startControlPlane({ controllers });
    api = new Client(plane);
    const [port = 0] = await freePorts(1);
    node = await startLvmNode({ forward: [{ host: port, node: CSI_PORT }], memory: 2048 });
    const serverPort = Number(new URL(plane.url).port);
    await openNetwork(node, serverPort);
    csi = new RemoteSocket(join(plane.folder, "csi.sock"), port);
    await startDriverIn(node);
    await plane.kubectl(["apply", "-f", join(PROJECT, "out/sjc1/sjc1-prod-02/local-volume-dynamic-provisioner/driver.yaml")]);
    await startKubelet(serverPort);
  });
  afterAll(async () => {
    csi?.close();
    api?.close();
    await node?.stop();
    await plane?.stop();
  });

  /** The kubelet over a runtime without containers, and the registrar, as the DaemonSet has it. */
  async function startKubelet(serverPort: number): Promise<void> {
    const { kubelet } = await buildControlPlane();
    cpSync(fileURLToPath(new URL("./no-containers.cjs", import.meta.url)), join(node.exchange, "no-containers.cjs"));
    const kubeconfig = kubeconfigText({ url: `https://127.0.0.1:${serverPort}`, ca: plane.ca, token: plane.token });
    writeFileSync(join(node.exchange, "kubeconfig"), kubeconfig, { mode: 0o600 });
    const configuration = {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      containerRuntimeEndpoint: "unix:///run/cri.sock",
      cgroupDriver: "cgroupfs",
      cgroupsPerQOS: false,
      enforceNodeAllocatable: [],
      failSwapOn: false,
      authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
      authorization: { mode: "AlwaysAllow" },
      makeIPTablesUtilChains: false,
      resolvConf: "",
      localStorageCapacityIsolation: false,
    };
    writeFileSync(join(node.exchange, "kubelet.json"), JSON.stringify(configuration));
    const registrar = [
      `--csi-address=${SOCKET}`,
      `--kubelet-registration-path=${SOCKET}`,
      "--plugin-registration-path=/var/lib/kubelet/plugins_registry",
      "--timeout=120s",
    ];
    await node.output(
      `mkdir -p /var/lib/kubelet/plugins_registry /etc/kubernetes
echo root:x:0:0:root:/root:/bin/bash >/etc/passwd; echo root:x:0: >/etc/group; touch /etc/subuid /etc/subgid
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
ip route add default via 10.0.2.2
setsid /host${NODE} /exchange/no-containers.cjs /run/cri.sock >/exchange/cri.log 2>&1 </dev/null &
until [ -S /run/cri.sock ]; do sleep .1; done
setsid /host${kubelet} --config=/exchange/kubelet.json --kubeconfig=/exchange/kubeconfig --hostname-override=n1 --node-ip=10.0.2.15 >/exchange/kubelet.log 2>&1 </dev/null &
setsid /host${csiTool("node-driver-registrar")} ${registrar.join(" ")} >/exchange/registrar.log 2>&1 </dev/null &`,
    );
  }

  test("registers the node and the driver, stages and publishes a pod's volume, and takes it away", async () => {
    await untilOrSaid("the node is ready", async () =>
      (await get("/api/v1/nodes/n1")).status?.conditions?.some(
        (each: { type: string; status: string }) => each.type === "Ready" && each.status === "True",
      ),
    );
    await untilOrSaid(
      "the driver is registered",
      async () => (await get("/apis/storage.k8s.io/v1/csinodes/n1")).spec?.drivers?.length === 1,
    );
    const topologyKeys = ["topology.lvm.halite.dev/node", "topology.lvm.halite.dev/vg-data"];
    expect((await get("/apis/storage.k8s.io/v1/csinodes/n1")).spec.drivers).toEqual([
      { name: "lvm.csi.halite.dev", nodeID: "n1", topologyKeys },
    ]);
    expect((await get("/api/v1/nodes/n1")).metadata.labels).toMatchObject({
      "topology.lvm.halite.dev/node": "n1",
      "topology.lvm.halite.dev/vg-data": "true",
    });

    const { volume } = await csi.call("Controller", "CreateVolume", {
      name: "pvc-1",
      capacityRange: { requiredBytes: 320 * 2 ** 20, limitBytes: 0 },
      volumeCapabilities: [{ mount: { fsType: "ext4", mountFlags: [], volumeMountGroup: "" }, accessMode: { mode: "SINGLE_NODE_WRITER" } }],
      parameters: { type: "thin" },
      mutableParameters: {},
    });
    await create("/api/v1/persistentvolumes", {
      metadata: { name: "pvc-1" },
      spec: {
        capacity: { storage: "320Mi" },
        accessModes: ["ReadWriteOnce"],
        persistentVolumeReclaimPolicy: "Retain",
        storageClassName: "lvm",
        csi: { driver: "lvm.csi.halite.dev", volumeHandle: volume.volumeId, fsType: "ext4" },
        claimRef: { namespace: "default", name: "one" },
      },
    });
    const storage = { accessModes: ["ReadWriteOnce"], storageClassName: "lvm", resources: { requests: { storage: "320Mi" } } };
    await create(CLAIMS, { metadata: { name: "one" }, spec: { ...storage, volumeName: "pvc-1" } });
    await untilOrSaid("the claim is bound", async () => (await get(`${CLAIMS}/one`)).status?.phase === "Bound");
    await create(PODS, {
      metadata: { name: "one" },
      spec: {
        nodeName: "n1",
        automountServiceAccountToken: false,
        tolerations: [{ operator: "Exists" }],
        containers: [{ name: "c", image: "none", volumeMounts: [{ name: "v", mountPath: "/data" }] }],
        volumes: [{ name: "v", persistentVolumeClaim: { claimName: "one" } }],
      },
    });
    // A pod's sandbox is asked for when its volumes are there.
    await untilOrSaid("the pod is to run", () =>
      Promise.resolve(readFileSync(join(node.exchange, "cri.log"), "utf8").includes("RunPodSandbox")),
    );
    const { uid } = (await get(`${PODS}/one`)).metadata;
    expect(
      await node.output(`findmnt --noheadings --output FSTYPE /var/lib/kubelet/pods/${uid}/volumes/kubernetes.io~csi/pvc-1/mount`),
    ).toBe("ext4\n");
    expect(await node.output(MOUNTED)).toBe("2\n");
    await api.call("DELETE", `${PODS}/one?gracePeriodSeconds=0`);
    await untilOrSaid("the volume is unmounted", async () => (await node.output(MOUNTED)) === "0\n");
    // What the kubelet has asked for is over when the driver answers it, not when the mounts are gone: until then it refuses (ABORTED).
    await untilOrSaid("the volume is deleted", () =>
      csi.call("Controller", "DeleteVolume", { volumeId: volume.volumeId }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && "code" in error && error.code === status.ABORTED) return false;
          throw error;
        },
      ),
    );
  });

  async function untilOrSaid(what: string, holds: () => Promise<boolean>): Promise<void> {
    try {
      await until(what, holds, 240_000);
    } catch (error) {
      const said = ["kubelet", "registrar", "driver"].map((name) => readFileSync(join(node.exchange, `${name}.log`), "utf8").slice(-4000));
      throw new Error([String(error), ...said].join("\n"), { cause: error });
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  async function get(path: string): Promise<any> {
    return (await api.call("GET", path)).body;
  }

  async function create(path: string, body: object): Promise<void> {
    const answer = await api.call("POST", path, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  }
});
