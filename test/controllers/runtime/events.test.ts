import { expect, test } from "vitest";
import { EventRecorder, systemClock, type Api } from "../../../src/controllers/runtime/index.ts";
import { NO_LOG } from "../../../src/kubernetes/index.ts";

test("events wait for a server that gives no answer in a bounded number, and the others are left out", async () => {
  let calls = 0;
  let answer = (): void => undefined;
  const answering = new Promise<void>((resolve) => (answer = resolve));
  const api: Api = {
    call: async () => {
      calls++;
      await answering;
      return { apiVersion: "v1", kind: "Event", metadata: { name: "event" } };
    },
    stream: () => Promise.reject(new Error("no watch")),
  };
  const events = new EventRecorder({ api, component: "test", host: "n", clock: systemClock, log: NO_LOG });
  const told = Array.from({ length: 5000 }, (_, number) =>
    events.tell(
      { apiVersion: "v1", kind: "Pod", metadata: { name: `pod-${number}`, namespace: "default" } },
      { type: "Normal", reason: "Told", message: "something" },
    ),
  );
  answer();
  await Promise.all(told);
  expect(calls).toBe(1000);
  // Whatever was left out: what is told now is written.
  await events.tell(
    { apiVersion: "v1", kind: "Pod", metadata: { name: "late" } },
    { type: "Normal", reason: "Told", message: "something" },
  );
  expect(calls).toBe(1001);
});
