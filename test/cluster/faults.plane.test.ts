import { createServer, type Server } from "node:https";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import fc from "fast-check";
import { ClusterKeeper, readRelease } from "../../src/cluster/index.ts";
import { ApiClient, UnreachableError } from "../../src/kubernetes/index.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { seededNumbers } from "../seeded-numbers.ts";
import { FaultProxy, type Fault, type SeenRequest } from "./fault-proxy.ts";
import { configYaml, namespaceYaml, Other, pathTo, WIDGET_CRD, widgetYaml } from "./kube.ts";
import { pass, troubles, type Pass, type PassSetting } from "./passes.ts";
import { releaseOf, type Manifests } from "./releases.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("faults between Halite and the API server", () => {
  let plane: ControlPlane;
  let api: Client;
  let proxy: FaultProxy;
  beforeAll(async () => {
    plane = await startControlPlane();
    api = new Client(plane);
    proxy = new FaultProxy(plane);
    await proxy.start();
  });
  afterAll(async () => {
    await proxy?.stop();
    api?.close();
    await plane?.stop();
  });
  let count = 0;
  let ns = "";
  beforeEach(() => {
    ns = `fault-${++count}`;
    proxy.fault = () => undefined;
    proxy.seen.length = 0;
  });
  afterEach(async () => {
    proxy.fault = () => undefined;
    await api.call("DELETE", pathTo("addon", ""));
  });

  const through = async (manifests: Manifests, setting: PassSetting = {}): Promise<Pass> =>
    await pass(plane, manifests, { endpoint: proxy.endpoint(), ...setting });
  const base = (): Record<string, string> => ({
    "ns.yaml": namespaceYaml(ns),
    ...Object.fromEntries([1, 2, 3, 4].map((n) => [`k${n}.yaml`, configYaml(ns, `k${n}`, { a: "1" })])),
  });
  const before = (): Manifests => ({ [ns]: { ...base(), "old.yaml": configYaml(ns, "old", { a: "1" }) } });
  const after = (): Manifests => ({
    [ns]: { ...base(), "k1.yaml": configYaml(ns, "k1", { a: "2" }), "new.yaml": configYaml(ns, "new", { a: "1" }) },
  });
  const converged = async (): Promise<boolean> => {
    const other = new Other(api, ns);
    const [changed, made, gone] = await Promise.all([
      other.get("configmap", "k1"),
      other.get("configmap", "new"),
      other.get("configmap", "old"),
    ]);
    return changed?.data?.["a"] === "2" && made !== undefined && gone === undefined;
  };
  const nothingLost = async (): Promise<void> => {
    const other = new Other(api, ns);
    for (const name of ["k1", "k2", "k3", "k4"]) expect(await other.get("configmap", name), name).toBeDefined();
  };

  /** A pass under faults may fail, but only so that the next one mends it. */
  const survives = async (): Promise<void> => {
    try {
      await through(after(), { apply: { timeout: 2_000 }, patience: 1_500 });
    } catch (error) {
      if (
        !(error instanceof Error) ||
        !/gives no answer|fault|cut off|closed|no answer|refused|listens|code/i.test(`${error.name} ${error.message}`)
      )
        throw error;
    }
    await nothingLost();
    proxy.fault = () => undefined;
    const last = await through(after());
    expect(troubles(last.result)).toEqual([]);
    expect(await converged()).toBe(true);
    const again = await through(after());
    expect(again.operations.filter((each) => !each.startsWith("skip"))).toEqual([]);
    expect(again.writes).toBe(0);
  };

  const once = (pick: (request: SeenRequest) => boolean, fault: Fault, times = 1): ((request: SeenRequest) => Fault | undefined) => {
    let left = times;
    return (request) => (left > 0 && pick(request) && left-- > 0 ? fault : undefined);
  };
  const every = (): boolean => true;
  const writes = ({ method, query }: SeenRequest): boolean => method !== "GET" && !query.has("dryRun");
  const lists = ({ method, path }: SeenRequest): boolean => method === "GET" && path.endsWith("/configmaps");

  const cases: readonly (readonly [string, (request: SeenRequest) => boolean, Fault])[] = [
    ["429 with Retry-After", every, { kind: "status", status: 429, reason: "TooManyRequests", retryAfter: 1 }],
    ["500", every, { kind: "status", status: 500, reason: "InternalError" }],
    ["503", every, { kind: "status", status: 503, reason: "ServiceUnavailable" }],
    ["504 of a gateway", every, { kind: "status", status: 504 }],
    ["an answer cut in the middle of its body", every, { kind: "cut", after: 60 }],
    ["a list cut in the middle", lists, { kind: "cut", after: 600 }],
    ["a write whose answer is lost", writes, { kind: "lost" }],
    ["slow answers", every, { kind: "slow", milliseconds: 150 }],
  ];
  test.each(cases)("%s, three times: tried again, and the pass is none the worse", async (_name, pick, fault) => {
    await through(before());
    proxy.fault = once(pick, fault, 3);
    const done = await through(after());
    expect(troubles(done.result)).toEqual([]);
    expect(await converged()).toBe(true);
    await survives();
  });

  test("Retry-After is waited for, by all requests", async () => {
    await through(before());
    proxy.fault = once(every, { kind: "status", status: 429, reason: "TooManyRequests", retryAfter: 2 });
    const begun = performance.now();
    await through(before());
    expect(performance.now() - begun).toBeGreaterThan(1_900);
    // Those under way at that moment may have been answered; no other was sent before its time.
    expect(proxy.seen.length).toBeGreaterThan(3);
  });

  test.each(cases)(
    "%s without end for writes: the pass fails, nothing is lost, and it converges when the fault ends",
    async (_name, _pick, fault) => {
      await through(before());
      proxy.fault = (request) => (writes(request) && fault.kind !== "slow" ? fault : undefined);
      const begun = performance.now();
      try {
        await through(after(), { apply: { timeout: 500 }, endpoint: proxy.endpoint(), patience: 1_500 });
      } catch {
        // The inventory could not be written: then nothing was.
      }
      expect(performance.now() - begun).toBeLessThan(60_000);
      await survives();
    },
  );

  test("409 on an apply: reported, nothing is forced over another object, and the next pass goes on", async () => {
    await through(before());
    proxy.fault = (request) =>
      writes(request) && request.path.endsWith("/configmaps/k1") ? { kind: "status", status: 409, reason: "Conflict" } : undefined;
    const done = await through(after());
    expect(troubles(done.result)).toContainEqual(expect.stringMatching(/^update ConfigMap .*\/k1: waiting:/));
    // The addon is not whole, so nothing of it is pruned.
    expect(await new Other(api, ns).get("configmap", "old")).toBeDefined();
    await survives();
  });

  test("a partial read prunes nothing: one list and the object itself can't be read", async () => {
    await through(before());
    proxy.fault = ({ method, path }) =>
      method === "GET" && (path.endsWith("/configmaps") || path.endsWith("/configmaps/k2"))
        ? { kind: "status", status: 403, reason: "Forbidden" }
        : undefined;
    const done = await through(after());
    expect(done.plan.addons[0]?.operations.find(({ ref }) => ref.name === "k2")).toMatchObject({
      op: "wait",
      reason: expect.stringContaining("could not be read"),
    });
    expect(done.plan.addons[0]?.operations.find(({ ref }) => ref.name === "old")).toMatchObject({
      op: "wait",
      reason: expect.stringContaining("can be read"),
    });
    expect(await new Other(api, ns).get("configmap", "old")).toBeDefined();
    await survives();
  });

  test("a discovery group that does not answer: what is of it waits, nothing of that addon is pruned, others go on", async () => {
    const widgets = (name: string): Manifests => ({
      [`${ns}-crd`]: { "crd.yaml": WIDGET_CRD, ...base() },
      [`${ns}-w`]: {
        "w.yaml": widgetYaml(ns, name, 1),
        "keep.yaml": widgetYaml(ns, "keep", 1),
        "c.yaml": configYaml(ns, "wc", { a: "1" }),
      },
    });
    await through(widgets("one"));
    proxy.fault = ({ path }) =>
      path === "/apis"
        ? {
            kind: "changed",
            change: (body) => {
              const list = JSON.parse(body) as {
                items: { metadata: { name: string }; versions: { freshness: string; resources: unknown[] }[] }[];
              };
              for (const group of list.items)
                if (group.metadata.name === "example.org")
                  for (const version of group.versions) Object.assign(version, { freshness: "Stale", resources: [] });
              return JSON.stringify(list);
            },
          }
        : undefined;
    const stale = await through({
      ...widgets("two"),
      [`${ns}-crd`]: { ...widgets("two")[`${ns}-crd`], "new.yaml": configYaml(ns, "while-stale", { a: "1" }) },
    });
    expect(stale.operations).toContain(`wait Widget ${ns}/one`);
    expect(stale.operations).toContain(`wait Widget ${ns}/two`);
    expect(stale.operations.filter((each) => each.startsWith("prune"))).toEqual([]);
    expect(await new Other(api, ns).get("configmap", "while-stale")).toBeDefined();
    // The group gone from discovery altogether, as after a restart: the inventory keeps what it knows.
    proxy.fault = ({ path }) =>
      path === "/apis"
        ? {
            kind: "changed",
            change: (body) => {
              const list = JSON.parse(body) as { items: { metadata: { name: string } }[] };
              return JSON.stringify({ ...list, items: list.items.filter(({ metadata }) => metadata.name !== "example.org") });
            },
          }
        : undefined;
    await through(widgets("two"));
    proxy.fault = () => undefined;
    expect(await new Other(api, ns).get("widget", "one")).toBeDefined();
    const healed = await through(widgets("two"));
    expect(troubles(healed.result)).toEqual([]);
    expect(await new Other(api, ns).get("widget", "one")).toBeUndefined();
    expect(await new Other(api, ns).get("widget", "two")).toBeDefined();
  });

  test("a kind that was defined a moment ago, and is not served by every API server behind the address yet: made all the same, in both modes", async () => {
    const kept = widgetYaml(ns, "kept", 1).replace("metadata: {", "metadata: {labels: {addonmanager.kubernetes.io/mode: EnsureExists}, ");
    for (const method of ["PATCH", "POST"]) {
      const crd = `${ns}-crd-${method.toLowerCase()}`;
      const fault: Fault = { kind: "status", status: 404, reason: "NotFound", message: "the server could not find the requested resource" };
      let met = 0;
      proxy.fault = (request) =>
        writes(request) && request.method === method && /\/widgets(?:\/|$)/.test(request.path) && met++ < 3 ? fault : undefined;
      const done = await through({
        [crd]: { "crd.yaml": WIDGET_CRD, ...base() },
        [`${crd}-w`]: {
          "w.yaml": widgetYaml(ns, `own-${method.toLowerCase()}`, 1),
          "kept.yaml": kept.replaceAll("kept", `kept-${method.toLowerCase()}`),
        },
      });
      expect(troubles(done.result)).toEqual([]);
      expect(met).toBeGreaterThan(3);
      for (const name of ["own", "kept"]) expect(await new Other(api, ns).get("widget", `${name}-${method.toLowerCase()}`)).toBeDefined();
      await api.call("DELETE", pathTo("addon", ""));
    }
  });

  test("an unknown field is refused at once, not tried again", async () => {
    await through({ [`${ns}-crd`]: { "crd.yaml": WIDGET_CRD, ...base() } });
    const begun = proxy.seen.length;
    const strange = {
      [`${ns}-crd`]: { "crd.yaml": WIDGET_CRD, ...base() },
      strange: { "w.yaml": widgetYaml(ns, "w", 1), "c.yaml": configYaml(ns, "c", { a: "1" }) },
    };
    proxy.fault = ({ method, path }) =>
      method === "PATCH" && path.endsWith("/widgets/w")
        ? { kind: "status", status: 500, reason: "field not declared in schema" }
        : undefined;
    const done = await through(strange);
    expect(troubles(done.result)).toEqual([expect.stringContaining("create Widget")]);
    expect(proxy.seen.slice(begun).filter(({ path }) => path.endsWith("/widgets/w")).length).toBeLessThan(8);
  });

  test("an expired token is read anew and the request repeated", async () => {
    await through(before());
    let token = plane.token;
    let read = 0;
    const endpoint = proxy.endpoint(() => {
      read += 1;
      return token;
    });
    token = "expired";
    proxy.fault = ({ path }) => {
      // Renewed by whoever rotates it, after the first refusal.
      if (path.startsWith("/api")) token = plane.token;
      return undefined;
    };
    const done = await through(after(), { endpoint });
    expect(troubles(done.result)).toEqual([]);
    expect(read).toBeGreaterThan(1);
  });

  test("the API server restarted, and killed, in the middle of an apply", async () => {
    for (const how of ["stop", "kill"] as const) {
      ns = `${ns}-${how}`;
      await api.call("DELETE", pathTo("addon", ""));
      await through(before());
      let restarting: Promise<void> | undefined;
      proxy.fault = (request) => {
        if (writes(request) && restarting === undefined) {
          restarting = (async () => {
            await plane.stopApiserver(how);
            await plane.startApiserver();
          })();
        }
        return undefined;
      };
      try {
        await through(after());
      } catch (error) {
        // It gives no answer; or it has come back, and does not serve everything yet.
        if (!(error instanceof UnreachableError)) expect(error).toMatchObject({ name: "ApiError", status: expect.toSatisfy(isOfAStart) });
      }
      await restarting;
      await survives();
    }
  });

  test("etcd away for a while: errors, no delete; then it goes on", async () => {
    await through(before());
    await plane.stopEtcd();
    const back = new Promise<void>((resolve, reject) => {
      setTimeout(() => plane.startEtcd().then(resolve, reject), 3_000);
    });
    try {
      await through(after(), { patience: 2_000 });
    } catch {
      // It can't be read at all.
    }
    await back;
    await expect.poll(async () => (await api.call("GET", "/readyz")).status, { timeout: 100_000 }).toBe(200);
    await survives();
  });

  test("a watch that the server ends with 410 begins again with a list; what changed meanwhile is seen", async () => {
    const client = new ApiClient(proxy.endpoint(), { patience: 2_000 });
    const desired = readRelease(releaseOf(before()), "test-1", null);
    const stop = new AbortController();
    let passes = 0;
    const keeper = new ClusterKeeper(client, desired, { apply: { tooling: "t", now: () => new Date() }, onPass: () => void (passes += 1) });
    const running = keeper.run(stop.signal);
    try {
      await expect.poll(() => passes, { timeout: 100_000 }).toBeGreaterThan(0);
      const watching = ({ query }: SeenRequest): boolean => query.get("watch") === "true";
      await expect.poll(() => proxy.seen.filter(watching).length, { timeout: 100_000 }).toBeGreaterThan(1);
      // From now on every watch is refused as expired, twice; the old ones are cut.
      proxy.fault = once(watching, { kind: "status", status: 410, reason: "Expired" }, 4);
      await new Other(api, ns).merge("configmap", "k1", { data: { a: "drift" } });
      proxy.cutAll();
      await new Other(api, ns).merge("configmap", "k2", { data: { a: "drift" } });
      await expect
        .poll(
          async () => [(await new Other(api, ns).get("configmap", "k1"))?.data, (await new Other(api, ns).get("configmap", "k2"))?.data],
          { timeout: 100_000 },
        )
        .toEqual([{ a: "1" }, { a: "1" }]);
    } finally {
      stop.abort();
      await running;
      client.close();
    }
  });

  test("webhooks that refuse or time out: said as they are, only their own objects fail", async () => {
    await through(before());
    const hook = await webhook(plane);
    const path = "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    const other = new Other(api, ns);
    const configuration = (timeoutSeconds: number): object => ({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "fault" },
      webhooks: [
        {
          name: `fault-${timeoutSeconds}.example.org`,
          clientConfig: { url: `https://127.0.0.1:${hook.port}/`, caBundle: Buffer.from(plane.ca).toString("base64") },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["secrets"] }],
          failurePolicy: "Fail",
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          timeoutSeconds,
        },
      ],
    });
    /** What is written about webhooks counts in the API server a moment later. */
    const inForce = async (said: string): Promise<void> => {
      const probe = { apiVersion: "v1", kind: "Secret", metadata: { name: "probe" } };
      await expect.poll(() => other.trial("secret", probe), { timeout: 60_000 }).toContain(said);
    };
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}}\ndata: {a: MQ==}\n`;
    try {
      hook.answer = "hang";
      await other.create(path, configuration(1));
      await inForce('failed calling webhook \\"fault-1.example.org\\"');
      const late = await through({ [ns]: { ...after()[ns], "s.yaml": secret } });
      expect(troubles(late.result).join("\n")).toMatch(/Secret .*\/s: failed: .*failed calling webhook/);
      expect(await other.get("configmap", "new")).toBeDefined();
      expect(await other.get("configmap", "old")).toBeDefined();
      // One that answers is waited for, however busy the machine is.
      hook.answer = "refuse";
      await other.merge(path, "fault", configuration(30));
      await inForce('webhook \\"fault-30.example.org\\" denied');
      const refused = await through({ [ns]: { ...after()[ns], "s.yaml": secret } });
      expect(troubles(refused.result).join("\n")).toMatch(/Secret .*\/s: failed: .*denied the request, in words that are not shown/);
      expect(await other.get("configmap", "old")).toBeDefined();
      hook.answer = "allow";
      const allowed = await through({ [ns]: { ...after()[ns], "s.yaml": secret } });
      expect(troubles(allowed.result)).toEqual([]);
      expect(await converged()).toBe(true);
    } finally {
      await other.delete(path, "fault");
      await hook.stop();
    }
  });

  test("seeded faults of every kind at random, pass after pass: nothing is wrongly pruned, and it converges when they end", async () => {
    const seed = fc.readConfigureGlobal().seed ?? 0;
    const random = seededNumbers(seed);
    const foreign = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "foreign", namespace: ns } };
    await through(before());
    await new Other(api, ns).create("configmap", foreign);
    const faults: readonly Fault[] = [
      ...cases.map(([, , fault]) => fault).filter((fault) => fault.kind !== "status" || fault.retryAfter === undefined),
      { kind: "status", status: 409, reason: "Conflict" },
      { kind: "status", status: 403, reason: "Forbidden" },
    ];
    for (let round = 0; round < 12; round++) {
      const rate = 0.05 + random() * 0.4;
      proxy.fault = () => (random() < rate ? faults[Math.floor(random() * faults.length)] : undefined);
      const manifests = random() < 0.5 ? before() : after();
      try {
        await through(manifests, { apply: { timeout: 500 }, patience: 1_000 });
      } catch (error) {
        if (!(error instanceof Error) || error.name === "AssertionError") throw error;
      }
      await nothingLost();
      expect(await new Other(api, ns).get("configmap", "foreign")).toBeDefined();
    }
    await survives();
    expect(await new Other(api, ns).get("configmap", "foreign")).toBeDefined();
  });
});

/**
 * Statuses of a server that has just been started: 503 and 429 while it says so itself, 403 of its admission ("not yet ready to handle request"), 404 and
 * 500 of what it does not serve yet.
 */
function isOfAStart(status: unknown): boolean {
  return typeof status === "number" && [403, 404, 429, 500, 503].includes(status);
}

/** An admission webhook that does what it is told. */
async function webhook(
  plane: ControlPlane,
): Promise<{ readonly port: number; answer: "allow" | "refuse" | "hang"; stop(): Promise<void> }> {
  const folder = join(plane.folder, "certificates");
  const [key, cert] = await Promise.all([readFile(join(folder, "apiserver.key")), readFile(join(folder, "apiserver.crt"))]);
  const hook = {
    port: 0,
    answer: "allow" as "allow" | "refuse" | "hang",
    stop: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server: Server = createServer({ key, cert }, (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.once("end", () => {
      if (hook.answer === "hang") return;
      const { request: review } = JSON.parse(body) as { request: { uid: string } };
      const refused = hook.answer === "refuse" ? { allowed: false, status: { message: "no secrets here" } } : { allowed: true };
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response: { uid: review.uid, ...refused } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  hook.port = address.port;
  return hook;
}
