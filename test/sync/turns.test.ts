import { expect, test } from "vitest";
import { Turns } from "../../src/sync/index.ts";
import { ManualClock, settled } from "../controllers/runtime/manual-clock.ts";

const never = new AbortController().signal;

test("so many at a time, in the order in which they asked", async () => {
  const turns = new Turns(2, 30_000, new ManualClock());
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((number) =>
    turns.take(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => (ends[number] = resolve));
    }, never),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  expect(turns.waiting).toBe(2);
  ends[1]?.();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  await settled();
  for (const end of ends) end();
  await Promise.all(works);
  expect(begun).toEqual([0, 1, 2, 3]);
});

test("a cluster that does not answer holds nobody up for longer than a turn", async () => {
  const clock = new ManualClock();
  const turns = new Turns(1, 30_000, clock);
  let end: () => void = () => undefined;
  const slow = turns.take(() => new Promise<void>((resolve) => (end = resolve)), never);
  let done = false;
  const quick = turns.take(async () => {
    done = true;
    return Promise.resolve();
  }, never);
  await clock.pass(29_999);
  expect(done).toBe(false);
  await clock.pass(1);
  await quick;
  expect(done).toBe(true);
  end();
  await slow;
  // What went on without a turn does not give one back twice.
  let running = 0;
  let most = 0;
  await Promise.all(
    [1, 2, 3].map(() =>
      turns.take(async () => {
        most = Math.max(most, ++running);
        await settled();
        running--;
      }, never),
    ),
  );
  expect(most).toBe(1);
});

test("who waits when it is all to end does not wait any longer", async () => {
  const turns = new Turns(1, 30_000, new ManualClock());
  const stop = new AbortController();
  let end: () => void = () => undefined;
  const first = turns.take(() => new Promise<void>((resolve) => (end = resolve)), stop.signal);
  const second = turns.take(async () => Promise.resolve("seen"), stop.signal);
  stop.abort();
  expect(await second).toBe("seen");
  end();
  await first;
  expect(turns.waiting).toBe(0);
});
