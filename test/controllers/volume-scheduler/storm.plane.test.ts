import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/controllers/runtime/index.ts";
import type { Client, ControlPlane } from "../../control-plane/index.ts";
import { canHavePlane, usePlane } from "../../control-plane/use-plane.ts";
import { until } from "../runtime/api.ts";
import { createLoad, figuresOf, untilRunning, type Load } from "./load.ts";
import { SchedulerStack, type SchedulerPod } from "./stack.ts";
import { claim, create, get, pod, volume } from "./world.ts";
import { givenSeed, seededNumbers } from "../../seeded-numbers.ts";

const possible = await canHavePlane();
const SEED = givenSeed(20261);
/** 300 volumes on 100 disks; 240 pods with 300 claims less what stays free. */
const LOAD: Load = { nodes: 20, disksPerNode: 6, volumesPerDisk: 3, apps: 30, podsPerApp: 8, twoClaims: 4 };

describe.skipIf(!possible)("hundreds of pods and claims with rules, while schedulers and extenders are killed", () => {
  let api: Client;
  let plane: ControlPlane;
  let stack: SchedulerStack;
  const pods: SchedulerPod[] = [];
  usePlane({ controllers: "*", nodes: LOAD.nodes }, (started) => ({ plane, api } = started));
  beforeAll(async () => {
    stack = new SchedulerStack(plane, api, {
      // Whoever is killed is followed soon.
      leaderElection: { leaseDuration: "3s", renewDeadline: "2s", retryPeriod: "500ms" },
      extender: ["--hold-ttl=5"],
    });
    await stack.install();
    for (const name of ["one", "two"]) pods.push(await stack.start(name));
  });
  afterAll(async () => {
    for (const each of pods) await each.kill();
    stack?.remove();
  });

  test(`no rule is broken, nothing is bound twice, nobody waits for ever (HALITE_SEED=${SEED})`, async () => {
    const random = seededNumbers(SEED);
    const kills = { scheduler: 0, extender: 0, both: 0 };
    const calm = new AbortController();
    const storm = async (): Promise<void> => {
      while (!calm.signal.aborted) {
        await systemClock.sleep(200 + 1500 * random(), calm.signal);
        const victim = pods[random() < 0.5 ? 0 : 1];
        if (victim === undefined) throw new Error("nobody to kill");
        const drawn = random();
        if (drawn < 0.4) {
          kills.extender += 1;
          await victim.killExtender();
          await victim.startExtender();
        } else if (drawn < 0.8) {
          kills.scheduler += 1;
          await victim.killScheduler();
          victim.startScheduler();
        } else {
          kills.both += 1;
          await victim.kill();
          await victim.startExtender();
          victim.startScheduler();
        }
      }
    };
    const over = storm();
    // Said where it is awaited.
    over.catch(() => undefined);
    const killed = (): number => kills.scheduler + kills.extender + kills.both;
    // However fast pods come to run, and however long a start takes: in each wave somebody is killed.
    await createLoad(api, LOAD, "halite-storage", async () => {
      const before = killed();
      await Promise.race([until("somebody is killed", () => killed() > before), over]);
    });
    const during = await untilRunning(api, 60_000);
    calm.abort();
    await over;
    const after = await untilRunning(api, 240_000);
    console.log(JSON.stringify({ kills, during, after }));
    expect(killed()).toBeGreaterThan(5);
    expect(after).toMatchObject({ running: 240, pods: 240, violations: 0, doubles: 0 });
    await until("every hold is taken over or freed", async () => (await figuresOf(api)).held === 0);
  });

  test("two extenders that are asked at the same moment never break a rule together", async () => {
    // No scheduler asks: each of the two is asked for its own pod, again and again, on one disk.
    for (const each of pods) await each.killScheduler();
    const rounds = 40;
    await create(
      api,
      Array.from({ length: 2 * rounds }, (_, n) =>
        volume({ name: `r-${n}`, node: "node-0", disk: `R${Math.floor(n / 2)}`, size: n % 2 === 0 ? "5Gi" : "8Gi" }),
      ),
    );
    let both = 0;
    let none = 0;
    for (let round = 0; round < rounds; round++) {
      const labels = { app: `round-${round}` };
      const selector = { matchLabels: { "storage.halite.dev/disk": `R${round}` } };
      const objects = [0, 1].flatMap((n) => {
        const name = `race-${round}-${n}`;
        // Of the two volumes each claim has one that fits best: what they write does not clash.
        const made = claim({ name, size: n === 0 ? "5Gi" : "8Gi", labels, annotations: { "storage.halite.dev/anti-affinity": "app" } });
        return [{ ...made, spec: { ...(made as { readonly spec: object }).spec, selector } }, pod(name, [name])];
      });
      await create(api, objects);
      const answers = await Promise.all(
        pods.map(async (each, n) => {
          const { metadata } = await get(api, `/api/v1/namespaces/default/pods/race-${round}-${n}`);
          await until(
            "the claim is known",
            async () =>
              (
                await each.asks("filter", {
                  Pod: await get(api, `/api/v1/namespaces/default/pods/race-${round}-${n}`),
                  NodeNames: ["node-0"],
                })
              ).NodeNames?.length === 1,
          );
          return { each, body: { PodName: metadata.name, PodNamespace: "default", PodUID: metadata.uid, Node: "node-0" } };
        }),
      );
      const results = await Promise.all(answers.map(({ each, body }) => each.asks("bind", body)));
      const bound = results.filter(({ Error: error }) => error === "").length;
      if (bound === 2) both += 1;
      if (bound === 0) none += 1;
    }
    console.log(JSON.stringify({ rounds, both, none }));
    expect(both).toBe(0);
    const figures = await figuresOf(api);
    expect(figures).toMatchObject({ violations: 0, doubles: 0 });
  });
});
