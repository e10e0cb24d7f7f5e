import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../../control-plane/index.ts";
import { canHavePlane, usePlane } from "../../control-plane/use-plane.ts";
import { until } from "../runtime/api.ts";
import { SchedulerStack, type SchedulerPod } from "./stack.ts";
import { claim, create, get, list, pod, storageClass, volume } from "./world.ts";

const possible = await canHavePlane();
/** In milliseconds: a pod that the scheduler has tried in vain, before the extender knew of a volume, it may try again a minute and a half later. */
const PATIENCE = 240_000;
const AFFINITY = { "storage.halite.dev/anti-affinity": "app" };

describe.skipIf(!possible)("the compiled addon, with a real kube-scheduler", () => {
  let plane: ControlPlane;
  let api: Client;
  let stack: SchedulerStack;
  let one: SchedulerPod;
  usePlane({ controllers: "*", nodes: 3 }, (started) => ({ plane, api } = started));
  beforeAll(async () => {
    stack = new SchedulerStack(plane, api);
    await stack.install();
    one = await stack.start("one");
    await create(api, [storageClass()]);
  });
  afterAll(async () => {
    await one?.kill();
    stack?.remove();
  });

  test("claims of one app come to be on disks of their own, and the pod's events say on which", async () => {
    await create(api, [
      // The smallest volumes are all on one disk: whoever goes by size takes them.
      ...[0, 1, 2].map((n) => volume({ name: `small-${n}`, node: "node-0", disk: "D0", size: "6Gi" })),
      volume({ name: "big-1", node: "node-0", disk: "D1", size: "50Gi" }),
      volume({ name: "big-2", node: "node-1", disk: "D2", size: "50Gi" }),
      ...[0, 1, 2].map((n) => claim({ name: `data-${n}`, labels: { app: "db" }, annotations: AFFINITY })),
      ...[0, 1, 2].map((n) => pod(`db-${n}`, [`data-${n}`])),
    ]);
    await running("db-0", "db-1", "db-2");
    const volumes = await volumesOf("data-0", "data-1", "data-2");
    expect(new Set(volumes.map(({ metadata }) => metadata.labels["storage.halite.dev/disk"]))).toEqual(new Set(["D0", "D1", "D2"]));
    for (const { metadata, spec, status } of volumes) {
      expect(status.phase).toBe("Bound");
      expect(spec.claimRef.uid).toMatch(/-/);
      expect(JSON.parse(metadata.annotations["storage.halite.dev/reservation"])).toMatchObject({ claim: { name: spec.claimRef.name } });
    }
    await until("the event is there", async () => (await plane.kubectl(["describe", "pod", "db-0"])).includes("VolumeReserved"));
    expect(await plane.kubectl(["describe", "pod", "db-0"])).toMatch(
      /VolumeReserved.*volume-scheduler.*on node node-\d, claim data-0: volume \S+ on disk D\d/,
    );
  });

  test("kubectl describe pod says which disk was refused, and why; a disk that comes is taken", async () => {
    const taints = JSON.stringify([{ key: "smart", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" }]);
    await create(api, [
      volume({ name: "bad", node: "node-2", disk: "BAD", annotations: { "storage.halite.dev/taints": taints } }),
      claim({ name: "data-3", labels: { app: "db" }, annotations: AFFINITY }),
      pod("db-3", ["data-3"]),
    ]);
    const shows = async (text: string): Promise<boolean> => (await plane.kubectl(["describe", "pod", "db-3"])).includes(text);
    await until("the scheduler says so", () => shows("disk BAD is tainted (DiskFailing)"));
    await until("and the extender", async () => {
      const text = await plane.kubectl(["describe", "pod", "db-3"]);
      return /VolumeRefused.*disk D0 holds default\/data-\d of the same app=db/.test(text);
    });
    // What the extender has answered stands in the scheduler's own event too, which is written apart.
    await until("with the scheduler's own words", async () =>
      /FailedScheduling.*halite-storage.*disk D0 holds default\/data-\d of the same app=db/.test(
        await plane.kubectl(["describe", "pod", "db-3"]),
      ),
    );
    await create(api, [volume({ name: "new", node: "node-2", disk: "NEW" })]);
    await triedAgain("db-3", "data-3", "node-2");
    await running("db-3");
    expect((await volumesOf("data-3"))[0]?.metadata.name).toBe("new");
  });

  test("a volume group's room is promised once: one of two pods waits, until there is more", async () => {
    await plane.kubectl(["apply", "-f", "-"], { input: COMPUTE_NODES });
    await create(api, [
      storageClass("lvm", "lvm.csi.halite.dev", { parameters: { volumeGroup: "data" } }),
      ...["l-0", "l-1"].map((name) => claim({ name, size: "6Gi", storageClass: "lvm" })),
    ]);
    // The extender looks for ComputeNodes again and again.
    await until(
      "their definition is served",
      async () => (await api.call("GET", "/apis/storage.halite.dev/v1alpha1/computenodes")).status === 200,
    );
    await create(api, [{ apiVersion: "storage.halite.dev/v1alpha1", kind: "ComputeNode", metadata: { name: "node-1" } }]);
    const room = async (free: number): Promise<void> => {
      const status = { volumeGroups: [{ name: "data", free, volumes: 0, disks: ["X"] }] };
      const path = "/apis/storage.halite.dev/v1alpha1/computenodes/node-1";
      expect((await api.call("PATCH", path, { status }, "application/merge-patch+json")).status).toBe(200);
    };
    await room(10 * 2 ** 30);
    await hasRoom("l-0", "node-1");
    await create(
      api,
      ["l-0", "l-1"].map((name) => pod(name, [name])),
    );
    const selected = async (): Promise<readonly string[]> => {
      const claims = await Promise.all(["l-0", "l-1"].map((name) => get(api, `/api/v1/namespaces/default/persistentvolumeclaims/${name}`)));
      return claims.flatMap(({ metadata }) =>
        metadata.annotations?.["volume.kubernetes.io/selected-node"] === undefined ? [] : [metadata.name],
      );
    };
    await until("one is to be made", async () => (await selected()).length === 1, PATIENCE);
    const [first = ""] = await selected();
    const other = first === "l-0" ? "l-1" : "l-0";
    await until("the other one hears why not", async () =>
      (await plane.kubectl(["describe", "pod", other])).includes("volume group data has 4Gi left"),
    );
    // The provisioner makes the volume, and Kubernetes binds it.
    const { metadata } = await get(api, `/api/v1/namespaces/default/persistentvolumeclaims/${first}`);
    const made = volume({
      name: `pvc-${metadata.uid}`,
      node: "node-1",
      disk: "X",
      size: "6Gi",
      storageClass: "lvm",
      claimRef: { namespace: "default", name: first, uid: metadata.uid },
    });
    await create(api, [made]);
    await running(first);
    await room(20 * 2 ** 30);
    await triedAgain(other, other, "node-1");
    await until("then the other", async () => (await selected()).includes(other), PATIENCE);
  });

  test("it has no rights beyond its role, and ends in order", async () => {
    expect(one.log).not.toContain("forbidden");
    // A hold is over for it when its watch says so.
    await until("nothing is held any more", async () => /^halite_volume_scheduler_holds 0$/m.test(await one.metrics()));
    const metrics = await one.metrics();
    expect(metrics).toMatch(/^halite_volume_scheduler_request_seconds_count\{verb="bind",outcome="done"\} \d+$/m);
    expect(metrics).toMatch(/^halite_volume_scheduler_conflicts_total 0$/m);
    expect(await one.stop()).toBe(0);
  });

  /** Waits until the extender knows that a claim can have a volume on a node: it hears of everything by a watch of its own. */
  async function hasRoom(of: string, node: string): Promise<void> {
    const asking = { ...pod("asking", [of]), metadata: { name: "asking", namespace: "default", uid: `asking-for-${of}` } };
    await until(`there is room for ${of}`, async () => {
      const { NodeNames: fits } = await one.asks("filter", { Pod: asking, NodeNames: [node] });
      return Array.isArray(fits) && fits.length === 1;
    });
  }

  /**
   * Has the scheduler try a pod again that fits now. It does so whenever it hears of anything: what it has heard before the extender has is in vain, and
   * the next time may be minutes later.
   */
  async function triedAgain(name: string, of: string, node: string): Promise<void> {
    await hasRoom(of, node);
    await create(api, [claim({ name: `nudge-${name}` })]);
  }

  async function running(...names: readonly string[]): Promise<void> {
    try {
      await until(
        `${names.join(", ")} run`,
        async () => {
          const pods = await list(api, "/api/v1/namespaces/default/pods");
          return names.every((name) => pods.find(({ metadata }) => metadata.name === name)?.status.phase === "Running");
        },
        PATIENCE,
      );
    } catch (error) {
      const text = await plane.kubectl(["describe", "pod", ...names]);
      throw new Error(`${String(error)}\n${text}\n${one.log.slice(-4000)}`, { cause: error });
    }
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- a server's answers, read field by field by expectations
  async function volumesOf(...claims: readonly string[]): Promise<any[]> {
    return await Promise.all(
      claims.map(async (name) => {
        const { spec } = await get(api, `/api/v1/namespaces/default/persistentvolumeclaims/${name}`);
        return await get(api, `/api/v1/persistentvolumes/${spec.volumeName}`);
      }),
    );
  }
});

/** As storage-node defines it, as far as the scheduler reads it. */
const COMPUTE_NODES = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: computenodes.storage.halite.dev}
spec:
  group: storage.halite.dev
  scope: Cluster
  names: {kind: ComputeNode, plural: computenodes, singular: computenode}
  versions:
    - name: v1alpha1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;
