import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../control-plane/ports.ts";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { givenSeed, seededNumbers } from "../../seeded-numbers.ts";
import { KEPT_CODE, KilledProgram } from "../killed-program.ts";
import { Patterns, PATTERNS_PORT } from "../patterns.ts";
import { killsFor } from "../kills.ts";
import { Claims, logicalNameOf, placesOf } from "./claims.ts";
import { logicalVolumes, startDriverIn, startLvmNode } from "./lvm-node.ts";
import { CSI_PORT, openNetwork, RemoteSocket } from "./remote.ts";

const image = await nodeImage();
const SEED = givenSeed(1);
/** Of both clusters together. */
const { operations: OPERATIONS, milliseconds: LONGEST } = killsFor(30);

describe.skipIf(image === undefined)("kill -9 of the driver's process at random instants, real LVM and file systems", () => {
  let node: StorageNode;
  let csi: RemoteSocket;
  let patterns: Patterns;
  let folder: string;
  const said: string[] = [];
  beforeAll(async () => {
    const [port = 0, patternsPort = 0] = await freePorts(2);
    node = await startLvmNode({
      forward: [
        { host: port, node: CSI_PORT },
        { host: patternsPort, node: PATTERNS_PORT },
      ],
    });
    await openNetwork(node);
    patterns = await Patterns.in(node, patternsPort);
    folder = mkdtempSync(join(tmpdir(), "halite-kills-"));
    csi = new RemoteSocket(join(folder, "csi.sock"), port);
  });
  afterAll(async () => {
    patterns?.close();
    csi?.close();
    await node?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  test(
    `up to ${OPERATIONS} operations leave no volume without an owner and none twice, and nobody sees another's data (seed ${SEED})`,
    { timeout: LONGEST + 1_200_000 },
    async () => {
      const before = await logicalVolumes(node);
      const driver = await KilledProgram.start(node, () => startDriverIn(node, "--without-cluster", KEPT_CODE));
      const begun = Date.now();
      const parts = { csi, patterns, driver, said: (what: string) => void said.push(what) };
      const clusters = ["a", "b"].map((name, index) => new Claims(name, { ...parts, random: seededNumbers(SEED * 2 + index) }));
      let [done, looked] = [0, 0];
      try {
        await Promise.all(
          clusters.map(async (cluster, index) => {
            for (let count = index; count < OPERATIONS && Date.now() < begun + LONGEST; count += clusters.length) {
              done += 1;
              await cluster.operate();
              if (driver.kills === looked) continue;
              looked = driver.kills;
              await asTold(clusters);
            }
          }),
        );
        await driver.over;
        await asTold(clusters);
        await Promise.all(clusters.map((cluster) => cluster.finish()));
      } catch (error) {
        const log = readFileSync(join(node.exchange, "driver.log"), "utf8").slice(-8000);
        throw new Error(`${String(error)}\n${said.slice(-30).join("\n")}\n${log}`, { cause: error });
      }
      console.log(`${done} operations, ${driver.kills} kills, ${Math.round((Date.now() - begun) / 1000)} s, seed ${SEED}`);
      expect(driver.kills).toBeGreaterThan(done / 10);
      expect(await node.output("grep -c /var/lib/kubelet /proc/self/mounts || true")).toBe("0\n");
      expect(await logicalVolumes(node)).toBe(before);
      // A command that was killed half way may leave a device that answers nobody.
      expect(await node.output("dmsetup info --columns --noheadings -o suspended | sort --unique")).toBe("Active\n");
    },
  );

  /** What the node has is what clusters were told: logical volumes and mounts; whatever else is there is just made or deleted. */
  async function asTold(clusters: readonly Claims[]): Promise<void> {
    const idle = (): readonly { readonly begun: number; readonly ended: number }[] =>
      clusters.map(({ begun, ended }) => ({ begun, ended }));
    const names = (): readonly string[] => clusters.flatMap((cluster) => [...cluster.names]);
    const [before, known] = [idle(), names()];
    // Where something may be mounted, as somebody has just begun or ended something there.
    const open = new Set(clusters.flatMap(({ busy }) => (busy === undefined ? [] : Object.values(placesOf(busy)))));
    const [volumes = "", mounts = ""] = (
      await node.output(
        "lvs --noheadings --nosuffix --units b --separator '|' -o lv_name,lv_size,lv_kernel_major,lv_kernel_minor,lv_tags data; echo ---; cat /proc/self/mountinfo",
      )
    ).split("---\n");
    const found = volumes
      .trim()
      .split("\n")
      .map((line) => line.trim().split("|"))
      .map(([name = "", size, major, minor, tags = ""]) => ({
        name,
        size: Number(size),
        device: `${major}:${minor}`,
        minor,
        // Of a temporary one it is the logical volume that is filled from it.
        owner: /halite\.kind=(?:volume|snapshot),/.test(tags) ? (/halite\.name=([^,]+)/.exec(tags)?.[1] ?? "") : undefined,
        state: /halite\.state=(\w+)/.exec(tags)?.[1],
      }));
    // Whatever is there is somebody's, and there once.
    const owners = found.flatMap(({ owner }) => owner ?? []);
    expect(new Set(owners).size, volumes).toBe(owners.length);
    const later = new Set([...known, ...names()]);
    for (const owner of owners) expect(later, volumes).toContain(owner);
    const mounted = mounts
      .trim()
      .split("\n")
      .map((line) => line.split(" "))
      .map(([, , device, root, target = ""]) => ({ device, root, target }))
      .filter(({ target }) => target.startsWith("/var/lib/kubelet"));
    const places = new Set<string>();
    clusters.forEach((cluster, index) => {
      // What has ended since has changed what the cluster knows.
      const isIdle = cluster.begun === before[index]?.begun && cluster.ended === before[index]?.ended;
      for (const volume of cluster.volumes) {
        if (!isIdle || cluster.busy?.name === volume.name) {
          for (const place of Object.values(placesOf(volume))) open.add(place);
          continue;
        }
        const logical = found.find(({ name }) => name === logicalNameOf(volume));
        expect([volume.name, logical?.size, logical?.state], volumes).toEqual([volume.name, volume.size, "ready"]);
        for (const [name] of volume.snapshots) expect(owners).toContain(name);
        if (!volume.published) continue;
        const { staging, target } = placesOf(volume);
        for (const place of volume.mode === "block" ? [target] : [staging, target]) {
          places.add(place);
          const at = mounted.filter((mount) => mount.target === place);
          expect([volume.name, at.map(({ device, root }) => (volume.mode === "block" ? root : device))], mounts).toEqual([
            volume.name,
            [volume.mode === "block" ? `/dm-${logical?.minor}` : logical?.device],
          ]);
        }
      }
    });
    for (const { target } of mounted) expect(places.has(target) || open.has(target), `${target}\n${said.slice(-10).join("\n")}`).toBe(true);
  }
});
