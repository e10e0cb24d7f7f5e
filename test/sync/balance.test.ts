import fc from "fast-check";
import { expect, test } from "vitest";
import { Balance } from "../../src/sync/balance.ts";

interface Lease {
  holder: string;
  wantedBy: string | undefined;
}

/** Replicas that look at Leases in any order, as src/controllers/runtime/leader.ts does: each as it last saw them. */
class Replicas {
  readonly leases: Lease[];
  readonly #replicas: {
    readonly name: string;
    readonly kept: Map<number, true>;
    readonly seen: Map<number, { holder: string | undefined }>;
    readonly balance: Balance<number>;
  }[] = [];
  moves = 0;

  constructor(holders: readonly string[], replicas: number) {
    this.leases = holders.map((holder) => ({ holder, wantedBy: undefined }));
    for (let index = 0; index < replicas; index++) {
      const name = `r${index}`;
      const kept = new Map(holders.flatMap((holder, shard) => (holder === name ? [[shard, true as const]] : [])));
      const seen = new Map(holders.map((holder, shard) => [shard, { holder }] as const));
      this.#replicas.push({ name, kept, seen, balance: new Balance(kept, seen) });
    }
  }

  /** One replica's look at one Lease. */
  look(replica: number, shard: number): void {
    const own = this.#replicas[replica % this.#replicas.length];
    const lease = this.leases[shard % this.leases.length];
    if (own === undefined || lease === undefined) return;
    const which = shard % this.leases.length;
    own.seen.set(which, { holder: lease.holder });
    if (lease.holder === own.name) {
      if (lease.wantedBy === undefined || lease.wantedBy === own.name || !own.balance.yields(which)) return;
      own.kept.delete(which);
      lease.holder = "";
      this.moves++;
    } else if (lease.holder === "") {
      if (lease.wantedBy !== own.name) return;
      Object.assign(lease, { holder: own.name, wantedBy: undefined });
      own.kept.set(which, true);
    } else if (lease.wantedBy === undefined || lease.wantedBy === own.name) {
      lease.wantedBy = own.balance.wants(which) ? own.name : undefined;
    }
  }

  counts(): readonly number[] {
    return this.#replicas.map(({ name }) => this.leases.filter(({ holder }) => holder === name).length);
  }
}

test("however shards are held and whoever looks first, in the end no two replicas' numbers differ by more than one, and nothing moves any more", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }).chain((replicas) =>
        fc.record({
          replicas: fc.constant(replicas),
          holders: fc.array(fc.integer({ min: 0, max: replicas - 1 }), { minLength: 1, maxLength: 12 }),
          looks: fc.array(fc.tuple(fc.nat(100), fc.nat(100)), { maxLength: 200 }),
        }),
      ),
      ({ replicas, holders, looks }) => {
        const all = new Replicas(
          holders.map((holder) => `r${holder}`),
          replicas,
        );
        for (const [replica, shard] of looks) all.look(replica, shard);
        const everybody = (): void => {
          for (let replica = 0; replica < replicas; replica++)
            for (let shard = 0; shard < holders.length; shard++) all.look(replica, shard);
        };
        for (let round = 0; round < 6 * holders.length + 6; round++) everybody();
        const counts = all.counts();
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(holders.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        const { moves } = all;
        for (let round = 0; round < 3; round++) everybody();
        expect(all.moves).toBe(moves);
        expect(all.leases.map(({ wantedBy }) => wantedBy)).toEqual(holders.map(() => undefined));
      },
    ),
  );
});

test("who is alone is asked by nobody; who has one of two is not asked for it", () => {
  const leases = new Map([
    ["a", { holder: "one" }],
    ["b", { holder: "two" }],
  ]);
  expect(new Balance(new Map(), leases).wants("a")).toBe(false);
  expect(new Balance(new Map([["a", true]]), leases).yields("a")).toBe(false);
  leases.set("b", { holder: "one" });
  const third = new Balance(new Map(), leases);
  expect([third.wants("a"), third.wants("b"), third.wants("a")]).toEqual([true, false, true]);
});
