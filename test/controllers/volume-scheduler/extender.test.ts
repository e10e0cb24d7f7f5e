import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/kubernetes/index.ts";
import { jsonLog, Resource } from "../../../src/controllers/runtime/index.ts";
import type { Extender, Outcome } from "../../../src/controllers/volume-scheduler/extender.ts";
import { claimOf, classOf, Inventory, nodeOf, volumeOf } from "../../../src/controllers/volume-scheduler/index.ts";
import { Sweeper } from "../../../src/controllers/volume-scheduler/sweeper.ts";
import { refusalText } from "../../../src/controllers/volume-scheduler/tell.ts";
import { CLAIMS, VOLUMES, type PODS } from "../../../src/controllers/volume-scheduler/watch.ts";
import { ManualClock } from "../runtime/manual-clock.ts";
import { extenderWithoutCluster } from "./without-cluster.ts";
import { claim, pod, storageClass, volume } from "./world.ts";

const as = (object: object): KubernetesObject => {
  const { metadata, ...rest } = object as KubernetesObject;
  return { ...rest, metadata: { uid: `uid-${metadata.name}`, resourceVersion: "1", ...metadata } };
};

describe("what kube-scheduler is answered", () => {
  let inventory: Inventory;
  let extender: Extender;
  let missing: string | undefined;
  let outcomes: [string, Outcome][];
  let refusals: string[];
  beforeEach(async () => {
    inventory = new Inventory();
    inventory.putClass(classOf(as(storageClass())));
    for (const name of ["a", "b", "c"])
      inventory.putNode(nodeOf(as({ apiVersion: "v1", kind: "Node", metadata: { name, labels: { "kubernetes.io/hostname": name } } })));
    inventory.putVolume(volumeOf(as({ ...volume({ name: "v", node: "a", disk: "1" }), status: { phase: "Available" } })));
    inventory.putVolume(volumeOf(as({ ...volume({ name: "w", node: "b", disk: "2", size: "50Gi" }), status: { phase: "Available" } })));
    inventory.putClaim(claimOf(as(claim({ name: "data", size: "10Gi" }))));
    inventory.putClaim(claimOf(as(claim({ name: "huge", size: "100Gi" }))));
    missing = undefined;
    outcomes = [];
    refusals = [];
    extender = await extenderWithoutCluster(inventory, {
      missing: () => missing,
      timed: (verb, outcome) => outcomes.push([verb, outcome]),
      refused: (_pod, why) => refusals.push(refusalText(why)),
    });
  });
  afterEach(() => extender.stop());

  const ask = async (verb: string, body: unknown, method = "POST"): Promise<{ status: number; body: unknown }> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`http://127.0.0.1:${extender.port}/${verb}`, { method, ...(method === "POST" && { body: text }) });
    return { status: answer.status, body: await answer.json() };
  };
  const Pod = (name: string, ...claims: string[]): object => as(pod(name, claims));

  test("an extender that ends waits for no pod's volumes: the pod is tried again", async () => {
    // Written, but the watch brings nothing of it.
    const written = { apiVersion: "v1", kind: "PersistentVolume", metadata: { name: "v", resourceVersion: "2" } };
    let holds = (): void => undefined;
    const held = new Promise<void>((resolve) => (holds = resolve));
    const call = (): Promise<never> => {
      holds();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an API that answers everything
      return Promise.resolve(written) as Promise<never>;
    };
    const ending = await extenderWithoutCluster(inventory, {}, call);
    const post = async (verb: string, body: object): Promise<unknown> =>
      (await fetch(`http://127.0.0.1:${ending.port}/${verb}`, { method: "POST", body: JSON.stringify(body) })).json();
    await post("filter", { Pod: Pod("p", "data"), NodeNames: ["a"] });
    const bound = post("bind", { PodName: "p", PodNamespace: "default", PodUID: "uid-p", Node: "a" });
    await held;
    await ending.stop();
    // By another reason than that nothing was brought, which it waits a quarter of a minute for.
    expect(await bound).toEqual({ Error: "the volume scheduler is ending; the pod is tried again" });
  });

  test("filter: nodes by name, and why not the others; no preemption helps them", async () => {
    const { body } = await ask("filter", { Pod: Pod("p", "data"), NodeNames: ["a", "b", "c", "gone"] });
    expect(body).toEqual({
      NodeNames: ["a", "b"],
      FailedNodes: {},
      FailedAndUnresolvableNodes: { c: "claim data (10Gi, local): no volume of the class here", gone: "node gone is not known yet" },
      Error: "",
    });
    expect(refusals).toEqual([]);
    expect(outcomes).toEqual([["filter", "done"]]);
  });

  test("a pod that fits nowhere is told of, the most frequent reason first", async () => {
    const { body } = await ask("filter", { Pod: Pod("p", "huge"), NodeNames: ["a", "b", "c"] });
    expect(body).toMatchObject({ NodeNames: [] });
    expect(refusals).toEqual([
      "no node's volumes do. a and 1 more: claim huge (100Gi, local): 1 too small; c: claim huge (100Gi, local): no volume of the class here",
    ]);
    expect(outcomes).toEqual([["filter", "refused"]]);
  });

  test("a pod without claims is nobody's business here", async () => {
    expect((await ask("filter", { Pod: Pod("p"), NodeNames: ["a", "gone"] })).body).toMatchObject({ NodeNames: ["a", "gone"] });
  });

  test("prioritize: the better fit has more, also where filter was not asked before", async () => {
    const expected = [
      { Host: "a", Score: 10 },
      { Host: "b", Score: 0 },
    ];
    expect((await ask("prioritize", { Pod: Pod("p", "data"), NodeNames: ["a", "b"] })).body).toEqual(expected);
    await ask("filter", { Pod: Pod("p", "data"), NodeNames: ["a", "b", "c"] });
    expect((await ask("prioritize", { Pod: Pod("p", "data"), NodeNames: ["a", "b"] })).body).toEqual(expected);
  });

  test("preempt: nobody is put out on a node whose volumes would not do", async () => {
    const victims = { Pods: [{ UID: "x" }], NumPDBViolations: 0 };
    const { body } = await ask("preempt", { Pod: Pod("p", "data"), NodeNameToMetaVictims: { a: victims, c: victims } });
    expect(body).toEqual({ NodeNameToMetaVictims: { a: victims } });
  });

  test("nothing is decided before all is listed", async () => {
    missing = "2 kinds of objects are not listed yet";
    expect(await ask("filter", { Pod: Pod("p", "data"), NodeNames: ["a"] })).toEqual({ status: 200, body: { Error: missing } });
    expect(await ask("prioritize", { Pod: Pod("p", "data"), NodeNames: ["a"] })).toMatchObject({ status: 503 });
    expect(await ask("bind", {})).toMatchObject({ body: { Error: missing } });
  });

  test.each([
    { verb: "filter", body: "{", error: /JSON/ },
    { verb: "filter", body: [], error: /no object/ },
    { verb: "filter", body: {}, error: /no Pod/ },
    { verb: "filter", body: { Pod: { metadata: { name: "p" } }, Nodes: {} }, error: /nodeCacheCapable must be true/ },
    { verb: "bind", body: { PodName: "p" }, error: /no pod or no node/ },
    { verb: "bind", body: { PodName: "p", PodNamespace: "default", PodUID: "u", Node: "a" }, error: /no API server/ },
  ])("$verb of $body is an error that the scheduler tells of", async ({ verb, body, error }) => {
    expect(await ask(verb, body)).toEqual({ status: 200, body: { Error: expect.stringMatching(error) } });
    expect(outcomes).toEqual([[verb, "failed"]]);
  });

  test("other pages and methods are none", async () => {
    expect((await ask("other", {})).status).toBe(404);
    expect((await ask("filter", undefined, "GET")).status).toBe(405);
  });

  test("what can't be bound is said, and nothing stays promised", async () => {
    await ask("filter", { Pod: Pod("p", "data"), NodeNames: ["a"] });
    const { body } = await ask("bind", { PodName: "p", PodNamespace: "default", PodUID: "uid-p", Node: "c" });
    expect(body).toEqual({ Error: "node c: claim data (10Gi, local): no volume of the class here" });
    // The write fails: what was assumed for it is free again.
    expect(await ask("bind", { PodName: "p", PodNamespace: "default", PodUID: "uid-p", Node: "a" })).toMatchObject({
      body: { Error: "no API server" },
    });
    inventory.putClaim(claimOf(as(claim({ name: "other", size: "10Gi" }))));
    expect((await ask("filter", { Pod: Pod("q", "other"), NodeNames: ["a"] })).body).toMatchObject({ NodeNames: ["a"] });
  });
});

describe("holds that nobody goes on with", () => {
  const held = (version: string, claimUid: string): KubernetesObject => {
    const reservation = JSON.stringify({ claim: { namespace: "default", name: "data", uid: claimUid }, rules: {} });
    const claimRef = { namespace: "halite-reserved", name: claimUid };
    const made = as(volume({ name: "v", node: "a", disk: "1", claimRef, annotations: { "storage.halite.dev/reservation": reservation } }));
    return { ...made, metadata: { ...made.metadata, resourceVersion: version } };
  };
  const setUp = (): { clock: ManualClock; inventory: Inventory; sweeper: Sweeper; calls: unknown[]; busy: Set<string> } => {
    const clock = new ManualClock();
    const inventory = new Inventory();
    const calls: unknown[] = [];
    const busy = new Set<string>();
    const api = {
      call: (request: { readonly body?: unknown }) => {
        calls.push(request.body);
        return Promise.resolve({ metadata: { name: "v" } });
      },
      stream: () => Promise.reject(new Error("no watch")),
    };
    const resource = (type: typeof PODS): Resource<KubernetesObject> => new Resource<KubernetesObject>(api, type);
    const log = jsonLog({ clock, write: () => undefined });
    const sweeper = new Sweeper({
      inventory,
      volumes: resource(VOLUMES),
      claims: resource(CLAIMS),
      busy: (key) => busy.has(key),
      clock,
      log,
    });
    return { clock, inventory, sweeper, calls, busy };
  };
  const see = ({ inventory, sweeper }: ReturnType<typeof setUp>, object: KubernetesObject): void => {
    inventory.putVolume(volumeOf(object));
    sweeper.noteVolume(volumeOf(object));
  };
  const FREED = { metadata: { resourceVersion: "1", annotations: { "storage.halite.dev/reservation": null } }, spec: { claimRef: null } };

  test("are freed after a minute from when they were first seen as they are", async () => {
    const it = setUp();
    see(it, held("1", "uid-data"));
    await it.clock.pass(59_000);
    await it.sweeper.sweep();
    expect(it.calls).toEqual([]);
    await it.clock.pass(2000);
    await it.sweeper.sweep();
    expect(it.calls).toEqual([FREED]);
  });

  test("not while they are renewed, or their claim is being bound here", async () => {
    const it = setUp();
    see(it, held("1", "uid-data"));
    await it.clock.pass(50_000);
    see(it, held("2", "uid-data"));
    await it.clock.pass(50_000);
    await it.sweeper.sweep();
    it.inventory.putClaim(claimOf(as(claim({ name: "data" }))));
    it.busy.add("default/data");
    await it.clock.pass(50_000);
    await it.sweeper.sweep();
    expect(it.calls).toEqual([]);
  });

  test("sooner where the claim was made anew", async () => {
    const it = setUp();
    see(it, held("1", "uid-of-the-one-before"));
    it.inventory.putClaim(claimOf(as(claim({ name: "data" }))));
    await it.clock.pass(11_000);
    await it.sweeper.sweep();
    expect(it.calls).toEqual([FREED]);
  });

  test("also those of claims whose volume was to be made", async () => {
    const it = setUp();
    const reservation = JSON.stringify({
      claim: { namespace: "default", name: "data", uid: "uid-data" },
      node: "a",
      rules: {},
      provision: { bytes: 5 },
    });
    const object = claimOf(as(claim({ name: "data", annotations: { "storage.halite.dev/reservation": reservation } })));
    it.inventory.putClaim(object);
    it.sweeper.noteClaim(object);
    await it.clock.pass(61_000);
    await it.sweeper.sweep();
    expect(it.calls).toEqual([{ metadata: FREED.metadata }]);
  });
});
