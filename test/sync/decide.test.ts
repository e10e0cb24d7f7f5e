import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, isDone, type OtherZone, type ReleasedRollout, type WaveCluster } from "../../src/sync/index.ts";
import { clusterRelease } from "../../src/sync/zone-release.ts";

const wave = (order: number, more: Partial<ReleasedRollout> = {}): ReleasedRollout => ({
  wave: `w${order}`,
  order,
  soakSeconds: 0,
  maxUnavailable: 1,
  paused: false,
  approved: null,
  ...more,
});

const cluster = (name: string, rollout: ReleasedRollout | null, more: Partial<WaveCluster> = {}): WaveCluster => ({
  cluster: name,
  rollout,
  wanted: "new",
  held: "old",
  approved: false,
  problem: null,
  well: true,
  why: "",
  wellSeconds: 0,
  ...more,
});

/** The reasons, `go` for those that may. */
function told(clusters: readonly WaveCluster[], others: readonly OtherZone[] = []): Record<string, string> {
  return Object.fromEntries([...decide(clusters, others)].map(([name, each]) => [name, each.go ? "go" : `${each.kind}: ${each.reason}`]));
}

describe("which cluster may have the new release", () => {
  test("one without a wave waits for nobody, and nobody for it", () => {
    expect(told([cluster("a", null, { well: false }), cluster("b", wave(1))])).toEqual({ a: "go", b: "go" });
  });

  test("a later wave waits until the earlier one has it and was watched for its soak time", () => {
    const first = wave(1, { soakSeconds: 1800 });
    const later = cluster("b", wave(2));
    expect(told([cluster("a", first), later])).toEqual({ a: "go", b: "waits: wave w1 comes first: a: it does not have this release yet" });
    expect(told([cluster("a", first, { held: "new", wellSeconds: 600 }), later])["b"]).toBe(
      "waits: wave w1 comes first: a: it is watched for 20m more (soak 30m)",
    );
    expect(told([cluster("a", first, { held: "new", wellSeconds: 1800 }), later])["b"]).toBe("go");
  });

  test("within a wave and zone no more than maxUnavailable change at a time", () => {
    const two = wave(1, { maxUnavailable: 2 });
    expect(told(["a", "b", "c"].map((name) => cluster(name, two)))).toEqual({
      a: "go",
      b: "go",
      c: "waits: a, b of wave w1 changes first: at most 2 at a time",
    });
  });

  test("clusters that are ill stop the wave, and one of them may still get what mends it", () => {
    const ill = cluster("a", wave(1), { held: "new", well: false, why: "settings is Failed" });
    expect(told([ill, cluster("b", wave(1))])["b"]).toBe(
      "stopped: 1 of at most 1 clusters of wave w1 may be changing or ill, and that many are: a: settings is Failed",
    );
    expect(told([{ ...ill, held: "older" }, cluster("b", wave(1))])["a"]).toBe("go");
  });

  test("clusters of the zone's other shards count, in one order over all, as they have reported", () => {
    const shard = (...clusters: Partial<OtherZone["clusters"][number]>[]): OtherZone => ({
      az: "az1.1-of-2",
      own: true,
      seen: true,
      why: "",
      clusters: clusters.map((each) => ({
        cluster: "b",
        wave: "w1",
        order: 1,
        done: false,
        why: "settings is Failed",
        has: false,
        ill: false,
        held: false,
        ...each,
      })),
    });
    const [a, c] = [cluster("a", wave(1)), cluster("c", wave(1))];
    const goes = (of: WaveCluster, ...reported: Parameters<typeof shard>): string | undefined =>
      told([of], [shard(...reported)])[of.cluster];
    expect(goes(a, {})).toBe("go");
    expect(goes(c, {})).toBe("waits: b of wave w1 changes first: at most 1 at a time");
    expect(goes(c, { has: true })).toBe("go");
    // Nobody need wait for what does not go.
    expect(goes(c, { held: true })).toBe("go");
    expect(goes(c, { wave: "w0", order: 1 })).toBe("go");
    const stopped = "stopped: 1 of at most 1 clusters of wave w1 may be changing or ill, and that many are: b: settings is Failed";
    expect(goes(a, { ill: true })).toBe(stopped);
    expect(goes(a, { has: true, ill: true })).toBe(stopped);
    expect(told([cluster("c", wave(1, { maxUnavailable: 2 }))], [shard({ ill: true })])["c"]).toBe("go");
    // What another zone's clusters of the same wave do is that zone's.
    expect(told([a], [{ ...shard({ ill: true }), own: false }])["a"]).toBe("go");
    const silent: OtherZone = { ...shard(), seen: false, why: "it has never reported" };
    expect(told([cluster("a", wave(0))], [silent])["a"]).toBe(
      "waits: shard az1.1-of-2 may have clusters of the wave: it has never reported",
    );
  });

  test("paused and approval are said with what to do", () => {
    expect(told([cluster("a", wave(1, { paused: true }))])["a"]).toMatch(/^paused: wave w1 is paused/);
    expect(told([cluster("a", wave(1, { approved: [] }))])["a"]).toMatch(/^approval: wave w1 wants an approval/);
    expect(told([cluster("a", wave(1, { approved: ["abc"] }), { approved: true })])["a"]).toBe("go");
  });

  test("another zone is waited for until it has said how its earlier waves are, but by nothing of order 0", () => {
    const silent: OtherZone = { az: "az2", own: false, seen: false, why: "it has never reported", clusters: [] };
    expect(told([cluster("a", wave(1))], [silent])["a"]).toBe(
      "waits: zone az2 may have clusters of an earlier wave: it has never reported",
    );
    expect(told([cluster("a", wave(0))], [silent])["a"]).toBe("go");
    const told2 = (done: boolean): OtherZone => ({
      az: "az2",
      own: false,
      seen: true,
      why: "",
      clusters: [{ cluster: "z", wave: "w0", order: 0, done, why: "ill", has: true, ill: !done, held: false }],
    });
    expect(told([cluster("a", wave(1))], [told2(false)])["a"]).toBe("waits: wave w0 comes first: z in az2: ill");
    expect(told([cluster("a", wave(1))], [told2(true)])["a"]).toBe("go");
  });

  test("what does not change a cluster goes at once, also where the wave is paused", () => {
    expect(told([cluster("a", wave(3, { paused: true }), { held: "new" })])["a"]).toBe("go");
  });

  test("what can't be applied stays out, and later waves wait", () => {
    const broken = cluster("a", wave(1), { problem: "its release did not compile" });
    expect(told([broken, cluster("b", wave(2))])).toEqual({
      a: "stopped: its release did not compile",
      b: "waits: wave w1 comes first: a: its release did not compile",
    });
  });
});

test("a release that did not compile keeps its place in the order, where it says one", () => {
  const released = (rollout: string): ReturnType<typeof clusterRelease> =>
    clusterRelease(
      "a",
      new Map([["release.yaml", Buffer.from(`kind: Release\nstate: failed\nwhy:\n- code: x\n  message: no such wave\n${rollout}`)]]),
    );
  const failed = released("rollout:\n  wave: w1\n  order: 1\n  maxUnavailable: 1\n");
  expect(failed).toMatchObject({ problem: "its release did not compile: no such wave", rollout: wave(1) });
  expect(
    told([cluster("a", failed.rollout, { problem: failed.problem }), cluster("b", wave(2)), cluster("c", wave(1)), cluster("d", null)]),
  ).toEqual({
    a: "stopped: its release did not compile: no such wave",
    b: "waits: wave w1 comes first: a: its release did not compile: no such wave",
    c: "go",
    d: "go",
  });
  expect(released("")).toMatchObject({ problem: "its release did not compile: no such wave", rollout: null });
});

describe("any fleet of any number of zones", () => {
  interface Member {
    readonly az: number;
    readonly shard: number;
    readonly order: number;
    readonly soak: number;
  }
  const fleets = fc.record({
    members: fc.array(fc.record({ az: fc.nat(2), shard: fc.nat(1), order: fc.nat(3), soak: fc.constantFrom(0, 5, 30) }), {
      minLength: 1,
      maxLength: 12,
    }),
    most: fc.integer({ min: 1, max: 3 }),
    /** What happens at each step: which shard of which zone looks, whether the changing get well, whether somebody falls ill. */
    steps: fc.array(fc.record({ shard: fc.nat(5), mends: fc.boolean(), falls: fc.option(fc.nat(11), { freq: 6 }) }), { maxLength: 60 }),
  });

  test("never two waves at once, never more than maxUnavailable, and always an end when all get well", () => {
    fc.assert(
      fc.property(fleets, ({ members, most, steps }) => {
        const state = members.map(() => ({ held: "old", well: true, wellSeconds: 1000 }));
        /** What each shard of each zone has pushed last. */
        const reports = new Map<number, OtherZone>();
        const shardOf = ({ az, shard }: Member): number => 2 * az + shard;
        const zoneOf = (shard: number): number => Math.floor(shard / 2);
        const shards = [...new Set(members.map(shardOf))];
        const view = (index: number, member: Member): WaveCluster => ({
          ...cluster(`c${String(index).padStart(2, "0")}`, wave(member.order, { soakSeconds: member.soak, maxUnavailable: most })),
          ...state[index],
          why: "ill",
        });
        const own = (shard: number): WaveCluster[] =>
          members.flatMap((member, index) => (shardOf(member) === shard ? [view(index, member)] : []));
        const look = (shard: number): void => {
          const others = shards
            .filter((each) => each !== shard)
            .map((each): OtherZone => {
              const report = reports.get(each) ?? { az: `az${each}`, own: false, seen: false, why: "never", clusters: [] };
              return { ...report, own: zoneOf(each) === zoneOf(shard) };
            });
          for (const [name, decision] of decide(own(shard), others)) {
            const index = Number(name.slice(1));
            const one = state[index];
            const member = members[index];
            if (one === undefined || member === undefined || !decision.go || one.held === "new") continue;
            // All of a lower order, wherever they are, have it and were well long enough when last heard of.
            for (const [at, other] of members.entries()) {
              if (other.order < member.order) expect(state[at]?.held).toBe("new");
            }
            state[index] = { held: "new", well: false, wellSeconds: 0 };
            const together = members.flatMap((other, at) => (other.az === member.az && other.order === member.order ? [at] : []));
            expect(together.filter((at) => state[at]?.well === false).length).toBeLessThanOrEqual(most);
          }
          reports.set(shard, {
            az: `az${shard}`,
            own: false,
            seen: true,
            why: "",
            clusters: own(shard).map((each) => ({
              cluster: each.cluster,
              wave: each.rollout?.wave ?? "",
              order: each.rollout?.order ?? 0,
              done: isDone(each),
              why: "",
              has: each.held === "new",
              ill: !each.well,
              held: false,
            })),
          });
        };
        const time = (seconds: number): void => {
          for (const each of state) if (each.well) each.wellSeconds += seconds;
        };
        for (const { shard, mends, falls } of steps) {
          if (shards.includes(shard)) look(shard);
          if (mends) for (const each of state) each.well = true;
          const victim = falls === null ? undefined : state[falls];
          if (victim !== undefined && state.every(({ well }) => well)) {
            Object.assign(victim, { well: false, wellSeconds: 0 });
            const member = members[falls ?? 0];
            // Its own shard sees it, and says so: what nobody has said yet nobody else can know.
            if (member !== undefined) look(shardOf(member));
          }
          time(7);
        }
        for (let round = 0; round < 200 && state.some(({ held }) => held !== "new"); round++) {
          for (const each of state) each.well = true;
          time(30);
          for (const shard of shards) look(shard);
        }
        expect(state.every(({ held }) => held === "new")).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
