import fc from "fast-check";
import { expect, test } from "vitest";
import { WorkQueue, type WorkResult } from "../../../src/controllers/runtime/index.ts";
import { ManualClock, settled } from "./manual-clock.ts";

interface Run {
  readonly clock: ManualClock;
  readonly queue: WorkQueue;
  /** Keys as they were begun with, with the moment. */
  readonly begun: [key: string, at: number][];
  /** Ends the work on a key. */
  readonly finish: (key: string, error?: Error, result?: WorkResult) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function start(workers = 1): Run {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: () => 0.5, first: 100, longest: 1000 });
  const begun: [string, number][] = [];
  const open = new Map<string, { resolve(result: WorkResult): void; reject(error: Error): void }>();
  const signal = new AbortController();
  const running = queue.run(
    workers,
    (key) => {
      begun.push([key, clock.monotonic()]);
      expect(open.has(key), `${key} is given to two workers`).toBe(false);
      return new Promise((resolve, reject) => open.set(key, { resolve, reject }));
    },
    () => undefined,
    signal.signal,
  );
  return {
    clock,
    queue,
    begun,
    finish: async (key, error, result) => {
      const work = open.get(key);
      open.delete(key);
      if (error === undefined) work?.resolve(result);
      else work?.reject(error);
      await settled();
    },
    stop: async () => {
      signal.abort();
      for (const [key, work] of open) {
        open.delete(key);
        work.resolve(undefined);
      }
      await running;
    },
  };
}

test("a key that is added often is worked on once, and once more for what came meanwhile", async () => {
  const { queue, begun, finish, stop } = start(2);
  for (let index = 0; index < 3; index++) queue.add("a");
  await settled();
  expect(begun).toEqual([["a", 0]]);
  queue.add("a");
  queue.add("a");
  await settled();
  expect(begun).toHaveLength(1);
  await finish("a");
  expect(begun).toHaveLength(2);
  await finish("a");
  expect(begun).toHaveLength(2);
  await stop();
});

test("a key that fails waits twice as long each time, up to a limit, and is passed by others; success forgets", async () => {
  const { clock, queue, begun, finish, stop } = start();
  queue.add("bad");
  for (const pause of [100, 200, 400, 800, 1000, 1000]) {
    await settled();
    const [, at] = begun.at(-1) ?? ["", -1];
    await finish("bad", new Error("no"));
    queue.add("good");
    await settled();
    await finish("good");
    await clock.pass(pause - 1);
    expect(begun.at(-1)?.[0]).toBe("good");
    await clock.pass(1);
    expect(begun.at(-1)).toEqual(["bad", at + pause]);
  }
  expect(queue.failuresOf("bad")).toBe(6);
  await finish("bad");
  expect(queue.failuresOf("bad")).toBe(0);
  await stop();
});

test("news end a wait, and a failure after them waits longer still", async () => {
  const { clock, queue, begun, finish, stop } = start();
  queue.add("a");
  await settled();
  await finish("a", new Error("no"));
  queue.add("a");
  await settled();
  expect(begun).toHaveLength(2);
  await finish("a", new Error("no"));
  await clock.pass(199);
  expect(begun).toHaveLength(2);
  await clock.pass(1);
  expect(begun).toHaveLength(3);
  await stop();
});

test("of several times the soonest counts; work can ask to be done again", async () => {
  const { clock, queue, begun, finish, stop } = start();
  queue.addAfter("a", 500);
  queue.addAfter("a", 100);
  queue.addAfter("a", 900);
  await clock.pass(100);
  expect(begun).toEqual([["a", 100]]);
  await finish("a", undefined, { again: 50 });
  await clock.pass(1000);
  expect(begun).toEqual([
    ["a", 100],
    ["a", 150],
  ]);
  await stop();
});

test("when it is to end nothing is begun any more, and what is begun is finished", async () => {
  const clock = new ManualClock();
  const queue = new WorkQueue({ clock, random: () => 0 });
  const signal = new AbortController();
  const done: string[] = [];
  const running = queue.run(
    1,
    async (key) => {
      signal.abort();
      await settled();
      done.push(key);
      return undefined;
    },
    () => undefined,
    signal.signal,
  );
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 10);
  await running;
  expect(done).toEqual(["a"]);
  await clock.pass(100);
  expect(queue.delayed).toBe(0);
});

test("whatever happens, every key that was added is worked on after that, never by two at a time", async () => {
  const keys = ["a", "b", "c"];
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), key: fc.constantFrom(...keys) }),
    fc.record({ do: fc.constant("later" as const), key: fc.constantFrom(...keys), time: fc.nat(300) }),
    fc.record({ do: fc.constant("finish" as const), key: fc.constantFrom(...keys), fails: fc.boolean() }),
    fc.record({ do: fc.constant("pass" as const), time: fc.nat(300) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
      const { clock, queue, begun, finish, stop } = start(workers);
      const wanted = new Map<string, number>();
      for (const each of steps) {
        if (each.do === "add") {
          wanted.set(each.key, begun.length);
          queue.add(each.key);
        } else if (each.do === "later") queue.addAfter(each.key, each.time);
        else if (each.do === "finish") await finish(each.key, each.fails ? new Error("no") : undefined);
        else await clock.pass(each.time);
      }
      // A worker that is at a key which was added again comes back to it.
      for (let round = 0; round < 6; round++) {
        for (const key of keys) await finish(key);
        await clock.pass(2000);
      }
      for (const [key, since] of wanted) expect(begun.slice(since).map(([name]) => name)).toContain(key);
      await stop();
    }),
  );
});
