import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client, startControlPlane, type ControlPlane } from "../../control-plane/index.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { nodeImage, startNode, type StorageNode } from "../../node-vm/index.ts";
import { givenSeed, seededNumbers } from "../../seeded-numbers.ts";
import { NODE } from "../lvm-csi/lvm-node.ts";
import { openNetwork } from "../lvm-csi/remote.ts";
import { killsFor } from "../kills.ts";
import { Patterns, PATTERNS_PORT } from "../patterns.ts";
import { DiskLife, DISKS, INSTALLED, WORKERS } from "./disk-life.ts";
import { installControllers, startController } from "./in-node.ts";

const possible = (await nodeImage()) !== undefined && (await canHavePlane());
const SEED = givenSeed(1);
/** Of each controller. */
const { operations: OPERATIONS, milliseconds: LONGEST } = killsFor(8);

describe.skipIf(!possible)("kill -9 of storage-node and its provisioner at random instants, real disks and a real control plane", () => {
  let plane: ControlPlane;
  let api: Client;
  let node: StorageNode;
  let patterns: Patterns;
  let server = 0;
  const said: string[] = [];
  beforeAll(async () => {
    const controllers =
      "serviceaccount-controller,serviceaccount-token-controller,persistentvolume-binder-controller,persistentvolumeclaim-protection-controller,persistentvolume-protection-controller,namespace-controller";
    plane = await startControlPlane({ controllers });
    api = new Client(plane);
    const [port = 0] = await freePorts(1);
    node = await startNode({ memory: 1536, disks: DISKS, shares: [dirname(NODE)], forward: [{ host: port, node: PATTERNS_PORT }] });
    server = Number(new URL(plane.url).port);
    await openNetwork(node, server);
    patterns = await Patterns.in(node, port);
    await installControllers(node, plane, api, INSTALLED);
  });
  afterAll(async () => {
    patterns?.close();
    api?.close();
    await node?.stop();
    await plane?.stop();
  });

  test(
    `up to ${OPERATIONS} operations of each: no volume on what is not mounted, no path twice, nobody sees another's data, and everything is made (seed ${SEED})`,
    { timeout: LONGEST + 2_400_000 },
    async () => {
      const programs = {
        storageNode: await startController(node, "storage-node", server),
        provisioner: await startController(node, "local-volume-provisioner", server),
      };
      const lives = DISKS.map(
        (disk, index) =>
          new DiskLife(disk, {
            node,
            api,
            patterns,
            programs,
            random: seededNumbers(SEED * 100 + index),
            said: (what) => void said.push(what),
          }),
      );
      const done = { storageNode: 0, provisioner: 0 };
      let begun = 0;
      try {
        // The first time everything is made there are kills too.
        const random = seededNumbers(SEED);
        for (const program of Object.values(programs)) program.kill(random() * 8000, "everything");
        await Promise.all(lives.map((life) => life.settled()));
        begun = Date.now();
        await Promise.all(
          lives.map(async (life) => {
            while ((done.storageNode < OPERATIONS || done.provisioner < OPERATIONS) && Date.now() < begun + LONGEST) {
              const wanted = life.possible.filter((each) => done[WORKERS[each]] < OPERATIONS);
              // Who has claims has to let go of them before its disk can be made anew.
              const choice = wanted.length > 0 ? wanted : life.possible.filter((each) => each === "release");
              const operation = choice[Math.floor(life.random() * choice.length)];
              if (operation === undefined) break;
              done[WORKERS[operation]] += 1;
              await life.operate(operation);
            }
          }),
        );
        await Promise.all([programs.storageNode.over, programs.provisioner.over]);
        for (const life of lives) {
          await life.settled();
          await life.check();
        }
        await Promise.all(lives.map((life) => life.finish()));
      } catch (error) {
        const logs = ["storage-node", "local-volume-provisioner"].map((name) =>
          readFileSync(join(node.exchange, `${name}.log`), "utf8").slice(-6000),
        );
        throw new Error([String(error), ...said.slice(-30), ...logs].join("\n"), { cause: error });
      }
      const figures = (["storageNode", "provisioner"] as const).map(
        (name) => `${name}: ${done[name]} operations, ${programs[name].kills} kills`,
      );
      console.log(`${figures.join("; ")}; ${Math.round((Date.now() - begun) / 1000)} s, seed ${SEED}`);
      for (const program of Object.values(programs)) expect(program.kills).toBeGreaterThan(0);
      // The file systems of volumes, and nothing else.
      expect(await node.output("grep -c ' /mnt/halite/' /proc/self/mounts")).toBe("3\n");
    },
  );
});
