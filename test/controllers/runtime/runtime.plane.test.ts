import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  EventRecorder,
  Informer,
  keyOf,
  Leader,
  LEASES,
  Resource,
  statusOf,
  systemClock,
  WANTED_BY,
  type Change,
  type KubernetesObject,
  type LeaderOptions,
  type Lease,
  type ResourceType,
} from "../../../src/controllers/runtime/index.ts";
import type { ApiClient } from "../../../src/kubernetes/index.ts";
import { startControlPlane, type ControlPlane } from "../../control-plane/index.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { clientAt, keptLog, until, Wire } from "./api.ts";
import { ManualClock } from "./manual-clock.ts";

const possible = await canHavePlane();

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const CONFIG_MAPS: ResourceType = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true };

describe.skipIf(!possible)("the runtime against a real API server", () => {
  let plane: ControlPlane;
  let api: ApiClient;
  let maps: Resource<ConfigMap>;
  beforeAll(async () => {
    plane = await startControlPlane();
    api = clientAt(plane);
    maps = new Resource<ConfigMap>(api, CONFIG_MAPS);
  });
  afterAll(async () => {
    api.close();
    await plane.stop();
  });

  let spaces = 0;
  /** A namespace of its own for each test. */
  async function namespace(): Promise<string> {
    const name = `test-${++spaces}`;
    await api.call({ method: "POST", path: "/api/v1/namespaces", body: { apiVersion: "v1", kind: "Namespace", metadata: { name } } });
    return name;
  }

  const map = (space: string, name: string, value: string, labels: Readonly<Record<string, string>> = {}): ConfigMap => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: space, labels },
    data: { value },
  });

  interface Followed {
    readonly informer: Informer<ConfigMap>;
    readonly changes: string[];
    readonly counts: Record<string, number>;
    readonly lines: string[];
    readonly stop: () => Promise<void>;
  }

  function follow(
    space: string,
    client = api,
    options: { readonly watch?: number; readonly page?: number; readonly resync?: number } = {},
  ): Followed {
    const { log, lines } = keptLog();
    const counts: Record<string, number> = {};
    const informer = new Informer<ConfigMap>({
      resource: new Resource<ConfigMap>(client, CONFIG_MAPS),
      selection: { namespace: space },
      clock: systemClock,
      random: () => 0.5,
      log,
      resync: 0,
      count: (what) => (counts[what] = (counts[what] ?? 0) + 1),
      ...options,
    });
    const changes: string[] = [];
    informer.on((change: Change<ConfigMap>) =>
      changes.push(`${change.type} ${change.object.metadata.name} ${change.object.data?.["value"]}`),
    );
    const signal = new AbortController();
    const running = informer.run(signal.signal);
    return {
      informer,
      changes,
      counts,
      lines,
      stop: async () => {
        signal.abort();
        await running;
      },
    };
  }

  test("an informer lists page by page, then follows every change, and ends when it is told to", async () => {
    const space = await namespace();
    for (let index = 0; index < 7; index++) await maps.create(map(space, `m${index}`, "1"));
    const { informer, changes, counts, stop } = follow(space, api, { page: 3 });
    informer.index("by value", (object) => [object.data?.["value"] ?? ""]);
    await informer.whenSynced;
    expect(informer.all().map(keyOf).sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `${space}/m${index}`));
    expect(changes.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `added m${index} 1`));
    expect(informer.get(`${space}/m0`)).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    changes.length = 0;
    const made = await maps.create(map(space, "new", "1"));
    await maps.merge("new", space, { data: { value: "2" } });
    await maps.delete(made);
    await until("the object is gone", () => changes.length >= 3);
    expect(changes).toEqual(["added new 1", "updated new 2", "deleted new 2"]);
    await maps.merge("m0", space, { data: { value: "other" } });
    await until("the index has followed", () => informer.by("by value", "other").length === 1);
    expect(informer.by("by value", "1")).toHaveLength(6);
    expect(counts).toEqual({ list: 1, watch: 1 });
    await stop();
    await maps.create(map(space, "after", "1"));
    expect(informer.get(`${space}/after`)).toBeUndefined();
  });

  test("a watch that ends goes on where it was: nothing is listed anew, nothing told twice, nothing lost", async () => {
    const space = await namespace();
    const { informer, changes, counts, stop } = follow(space, api, { watch: 1000 });
    await informer.whenSynced;
    let made = 0;
    await until("it was watched four times", async () => {
      await maps.create(map(space, `m${made++}`, "1"));
      return (counts["watch"] ?? 0) > 3;
    });
    await until("all are seen", () => informer.all().length === made);
    expect(changes).toEqual(Array.from({ length: made }, (_, index) => `added m${index} 1`));
    expect(counts["list"]).toBe(1);
    expect(counts["failed"]).toBeUndefined();
    await stop();
  });

  test("while the server can't be reached what is known stays; afterwards only the difference is told", async () => {
    const space = await namespace();
    await maps.create(map(space, "stays", "1"));
    await maps.create(map(space, "changes", "1"));
    await maps.create(map(space, "goes", "1"));
    await maps.create(map(space, "again", "1"));
    const wire = await Wire.to(plane.url);
    const client = clientAt(plane, wire.url);
    const { informer, changes, counts, stop } = follow(space, client);
    await informer.whenSynced;
    changes.length = 0;
    wire.cut();
    await until("the informer has noticed", () => (counts["failed"] ?? 0) > 0);
    expect(informer.all()).toHaveLength(4);
    await maps.merge("changes", space, { data: { value: "2" } });
    for (const name of ["goes", "again"]) await maps.delete((await maps.find(name, space)) ?? map(space, name, ""));
    await maps.create(map(space, "again", "2"));
    await maps.create(map(space, "comes", "1"));
    wire.mend();
    await until("it has caught up", () => informer.get(`${space}/comes`) !== undefined && informer.get(`${space}/goes`) === undefined);
    await until("all is told", () => changes.length >= 5);
    expect(changes.sort()).toEqual(["added again 2", "added comes 1", "deleted again 1", "deleted goes 1", "updated changes 2"]);
    await stop();
    client.close();
    await wire.close();
  });

  test("where the server has forgotten the place (410) all is listed anew and the difference told", async () => {
    const space = await namespace();
    await maps.create(map(space, "a", "1"));
    await maps.create(map(space, "b", "1"));
    // After a restart the server knows of nothing that was before it, and the first watches begin there.
    await plane.stopApiserver();
    await plane.startApiserver();
    let gone = 2;
    const forgetful = Object.assign(Object.create(api) as ApiClient, {
      call: api.call.bind(api),
      stream: async (request: Parameters<ApiClient["stream"]>[0]) =>
        api.stream(gone-- > 0 ? { ...request, query: { ...request.query, resourceVersion: "1" } } : request),
    });
    const { informer, changes, counts, stop } = follow(space, forgetful);
    await informer.whenSynced;
    await until("a watch holds", () => (counts["gone"] ?? 0) === 2 && (counts["watch"] ?? 0) >= 3);
    await maps.create(map(space, "c", "1"));
    await until("the change is seen", () => informer.get(`${space}/c`) !== undefined);
    expect(changes.sort()).toEqual(["added a 1", "added b 1", "added c 1"]);
    expect(counts["list"]).toBe(3);
    await stop();
  });

  test("a resync tells of all again", async () => {
    const space = await namespace();
    await maps.create(map(space, "a", "1"));
    const { changes, stop } = follow(space, api, { resync: 50 });
    await until("it was told thrice", () => changes.filter((change) => change === "resync a 1").length >= 3);
    await stop();
  });

  test("a typed client: conflicts, what is not there, apply and delete of this object only", async () => {
    const space = await namespace();
    const made = await maps.create(map(space, "a", "1"));
    await maps.update({ ...made, data: { value: "2" } });
    const conflict: unknown = await maps.update({ ...made, data: { value: "3" } }).catch((error: unknown) => error);
    expect(statusOf(conflict)).toBe(409);
    expect(await maps.find("nobody", space)).toBeUndefined();
    const applied = await maps.apply(map(space, "b", "1"), { fieldManager: "test" });
    expect(applied.metadata.resourceVersion).toBe(
      (await maps.apply(map(space, "b", "1"), { fieldManager: "test" })).metadata.resourceVersion,
    );
    const taken: unknown = await maps.apply(map(space, "b", "2"), { fieldManager: "other" }).catch((error: unknown) => error);
    expect(statusOf(taken)).toBe(409);
    expect((await maps.apply(map(space, "b", "2"), { fieldManager: "other", force: true })).data).toEqual({ value: "2" });
    expect(await maps.delete(made)).toBe(true);
    expect(await maps.delete(made)).toBe(false);
    await maps.create(map(space, "a", "another"));
    expect(statusOf(await maps.delete(made).catch((error: unknown) => error))).toBe(409);
    expect((await maps.find("a", space))?.data).toEqual({ value: "another" });
  });

  test("events are seen at their object; what is said again is counted up; too many are cut short", async () => {
    const space = await namespace();
    const object = await maps.create(map(space, "a", "1"));
    const { log, lines } = keptLog();
    // By a clock that stands still: as time goes by more may be told.
    const recorder = new EventRecorder({ api, component: "halite-test", host: "n1", clock: new ManualClock(), log });
    for (let index = 0; index < 3; index++)
      await recorder.tell(object, { type: "Warning", reason: "DiskMissing", message: "disk X is gone" });
    for (let index = 0; index < 40; index++) await recorder.tell(object, { type: "Normal", reason: "Planned", message: `plan ${index}` });
    await recorder.tell(object, { type: "Normal", reason: "Long", message: "x".repeat(5000) });
    await recorder.idle;
    expect(lines).toEqual([]);
    const { items } = await api.call({ method: "GET", path: `/api/v1/namespaces/${space}/events` });
    expect(items).toHaveLength(1 + 25 - 3);
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: "DiskMissing",
        count: 3,
        type: "Warning",
        involvedObject: expect.objectContaining({ kind: "ConfigMap", name: "a", uid: object.metadata.uid }),
        source: { component: "halite-test", host: "n1" },
      }),
    );
  });

  describe("a leader", () => {
    /** A Lease that is neither lost nor free before the test is over, however slow the machine is. */
    const LASTING = { duration: 600_000, deadline: 400_000, retry: 200 };
    /** One that somebody is to lose, or that is to come free by itself. */
    const SHORT = { duration: 6000, deadline: 4000, retry: 200 };
    const leader = (space: string, identity: string, client = api, more: Partial<LeaderOptions> = {}): Leader =>
      new Leader({
        api: client,
        namespace: space,
        name: "demo",
        identity,
        clock: systemClock,
        random: () => 0.5,
        log: keptLog().log,
        ...LASTING,
        ...more,
      });
    const leases = (): Resource<Lease> => new Resource<Lease>(api, LEASES);

    test("is one of all; who ends gives the Lease back, and another takes it at once", async () => {
      const space = await namespace();
      let at = 0;
      let most = 0;
      const worked: string[] = [];
      const stops = new Map(["a", "b", "c"].map((name) => [name, new AbortController()]));
      const running = [...stops].map(([name, stop]) =>
        leader(space, name).run(async (signal) => {
          most = Math.max(most, ++at);
          worked.push(name);
          await systemClock.sleep(600_000, signal);
          at--;
        }, stop.signal),
      );
      for (let index = 1; index <= 3; index++) {
        await until("somebody leads", () => worked.length === index);
        stops.get(worked.at(-1) ?? "")?.abort();
        // The Lease lasts longer than this waits: whoever did not give it back would be followed by nobody.
        if (index < 3) await until("the next one leads", () => worked.length === index + 1);
      }
      expect(await Promise.all(running)).toEqual(["stopped", "stopped", "stopped"]);
      expect(most).toBe(1);
      expect([...worked].sort()).toEqual(["a", "b", "c"]);
      expect((await leases().find("demo", space))?.spec).toMatchObject({ holderIdentity: "", leaseTransitions: 2 });
    });

    test("that is cut off stops before another begins", async () => {
      const space = await namespace();
      const wire = await Wire.to(plane.url);
      const cutOff = clientAt(plane, wire.url);
      const log: string[] = [];
      const stop = new AbortController();
      const work =
        (name: string) =>
        async (signal: AbortSignal): Promise<void> => {
          log.push(`${name} begins`);
          await systemClock.sleep(600_000, signal);
          log.push(`${name} ends`);
        };
      const first = leader(space, "first", cutOff, SHORT).run(work("first"), stop.signal);
      await until("the first leads", () => log.length === 1);
      const second = leader(space, "second", api, SHORT).run(work("second"), stop.signal);
      wire.cut();
      expect(await first).toBe("lost");
      await until("the second leads", () => log.includes("second begins"));
      expect(log).toEqual(["first begins", "first ends", "second begins"]);
      stop.abort();
      expect(await second).toBe("stopped");
      cutOff.close();
      await wire.close();
    });

    test("that is asked for the Lease ends its work, then leaves it to who has asked, not to who waits as well", async () => {
      const space = await namespace();
      const stop = new AbortController();
      const log: string[] = [];
      let ended = (): void => undefined;
      const ending = new Promise<void>((resolve) => (ended = resolve));
      let yielding = false;
      const work =
        (name: string, end: Promise<void> | undefined) =>
        async (signal: AbortSignal): Promise<void> => {
          log.push(`${name} begins`);
          await systemClock.sleep(600_000, signal);
          log.push(`${name} is to end`);
          await end;
          log.push(`${name} ends`);
        };
      const lease = async (): Promise<Lease | undefined> => await leases().find("demo", space);
      const askedBy = async (): Promise<string | undefined> => (await lease())?.metadata.annotations?.[WANTED_BY];
      const first = leader(space, "first", api, { yields: () => yielding }).run(work("first", ending), stop.signal);
      await until("the first leads", () => log.length === 1);
      let wants = true;
      const idle = leader(space, "idle").run(work("idle", undefined), stop.signal);
      const second = leader(space, "second", api, { wants: () => wants }).run(work("second", undefined), stop.signal);
      await until("it is asked", async () => (await askedBy()) === "second");
      // Who needs it no more takes the question back, and asks again.
      wants = false;
      await until("it is not asked any more", async () => (await askedBy()) === undefined);
      wants = true;
      await until("it is asked again", async () => (await askedBy()) === "second");
      expect(log).toEqual(["first begins"]);
      yielding = true;
      await until("the work is to end", () => log.includes("first is to end"));
      // However long that takes, the Lease is renewed meanwhile.
      const before = await lease();
      await until("it is renewed", async () => (await lease())?.spec?.renewTime !== before?.spec?.renewTime);
      expect((await lease())?.spec?.holderIdentity).toBe("first");
      ended();
      expect(await first).toBe("done");
      await until("another leads", () => log.some((line) => line.endsWith("begins") && line !== "first begins"));
      expect(log).toEqual(["first begins", "first is to end", "first ends", "second begins"]);
      expect((await lease())?.spec?.holderIdentity).toBe("second");
      expect(await askedBy()).toBeUndefined();
      stop.abort();
      expect([await second, await idle]).toEqual(["stopped", "stopped"]);
    });

    test("whose Lease is asked for by one that is gone leaves it free no longer than a Lease lasts", async () => {
      const space = await namespace();
      const stop = new AbortController();
      let yielding = false;
      const asked = leader(space, "first", api, { ...SHORT, yields: () => yielding });
      const work = async (signal: AbortSignal): Promise<void> => {
        await systemClock.sleep(600_000, signal);
      };
      const first = asked.run(work, stop.signal);
      await until("it leads", async () => (await leases().find("demo", space))?.spec?.holderIdentity === "first");
      const gone = new AbortController();
      const second = leader(space, "second", api, { ...SHORT, wants: () => true }).run(work, gone.signal);
      await until("it is asked", async () => (await leases().find("demo", space))?.metadata.annotations?.[WANTED_BY] === "second");
      gone.abort();
      expect(await second).toBe("stopped");
      yielding = true;
      expect(await first).toBe("done");
      const again = asked.run(work, stop.signal);
      await until("it leads again", async () => (await leases().find("demo", space))?.spec?.holderIdentity === "first");
      expect((await leases().find("demo", space))?.metadata.annotations?.[WANTED_BY]).toBeUndefined();
      stop.abort();
      expect(await again).toBe("stopped");
    });

    test("whose Lease somebody else has taken stops", async () => {
      const space = await namespace();
      const stop = new AbortController();
      const running = leader(space, "first").run((signal) => systemClock.sleep(600_000, signal), stop.signal);
      await until("it leads", async () => (await leases().find("demo", space))?.spec?.holderIdentity === "first");
      await until("it is taken away", async () => {
        const lease = await leases().find("demo", space);
        if (lease === undefined) return false;
        const taken = { ...lease, spec: { ...lease.spec, holderIdentity: "thief", renewTime: "2026-01-01T00:00:00.000000Z" } };
        return leases()
          .update(taken)
          .then(
            () => true,
            () => false,
          );
      });
      expect(await running).toBe("lost");
      expect((await leases().find("demo", space))?.spec?.holderIdentity).toBe("thief");
    });
  });
});
