import fc from "fast-check";
import { expect, test } from "vitest";
import { PARTITION_TYPES } from "../../../src/controllers/storage-node/observation.ts";
import { parseSystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import { Killed, ModelNode, type ModelDisk } from "../model-node.ts";
import { Rig } from "./rig.ts";

const DISKS = ["A1", "A2", "L1", "L2"];

type Operation =
  | { readonly kind: "pass" | "powerCut" | "write" }
  | { readonly kind: "kill"; readonly after: number; readonly how: "before" | "during" | "after" }
  | { readonly kind: "unplug" | "plug" | "foreign" | "wipe" | "accept"; readonly disk: string };

const disk = fc.constantFrom(...DISKS);
const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("kill"), after: fc.nat(70), how: fc.constantFrom("before", "during", "after") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("pass", "powerCut", "write") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("unplug", "plug"), disk }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("foreign", "wipe", "accept"), disk }) },
);

/** What the operations do, and what may never be so afterwards. */
class World {
  readonly node = new ModelNode();
  readonly rig = new Rig("kills");
  readonly wipe = new Set<string>();
  readonly accept = new Set<string>();
  /** Serials of disks that somebody else has written to, and that were not listed to be wiped since. */
  readonly #theirs = new Set<string>();

  constructor() {
    for (const serial of DISKS) this.node.addDisk(serial, serial.startsWith("L") ? { transport: "sata" } : {});
  }

  get flavor(): unknown {
    return {
      disks: {
        files: {
          match: { transport: "nvme" },
          static: { partitions: [{ size: "400Mi", count: 2 }, { size: "rest" }], storage_class: "local" },
        },
        lvm: { match: { transport: "sata" }, volume_group: { name: "data", thin_pool: "thin" } },
      },
      wipe: [...this.wipe],
      accept: [...this.accept],
    };
  }

  async apply(operation: Operation): Promise<void> {
    const found = "disk" in operation ? this.#disk(operation.disk) : undefined;
    switch (operation.kind) {
      case "kill":
        Object.assign(this.node, { killAfter: operation.after, how: operation.how });
        await this.pass();
        this.node.killAfter = undefined;
        this.node.killed = false;
        break;
      case "pass":
        await this.pass();
        break;
      case "powerCut":
        this.node.powerCut();
        break;
      case "write":
        // Pods write into what is made and mounted.
        for (const { partition } of this.node.mounts) {
          const volume = this.node.partition(partition);
          if (volume?.type === PARTITION_TYPES.volume) volume.contents.data.add("pod");
        }
        break;
      case "unplug":
        if (found !== undefined) this.node.unplug(found);
        break;
      case "plug":
        if (found !== undefined) found.present = true;
        break;
      case "foreign":
        // Somebody makes a file system on a disk that nothing was made of.
        if (found?.table === undefined && found !== undefined && !found.torn) {
          found.contents.signatures = [{ type: "ext4", uuid: "theirs" }];
          found.contents.data.add("theirs");
          if (!this.wipe.has(found.serial)) this.#theirs.add(found.serial);
        }
        break;
      case "wipe":
        if (found !== undefined) this.wipe.add(found.serial);
        this.#theirs.delete(operation.disk);
        break;
      case "accept":
        this.accept.add(operation.disk);
        break;
    }
  }

  async pass(): Promise<void> {
    try {
      await this.rig.pass(this.node, this.flavor);
    } catch (error) {
      if (!(error instanceof Killed) && !(error instanceof Error && /:/.test(error.message))) throw error;
    }
  }

  check(data: ReadonlyMap<string, string>): void {
    for (const serial of this.#theirs) {
      const found = this.#disk(serial);
      expect([serial, found?.contents.data.has("theirs"), found?.contents.signatures]).toEqual([
        serial,
        true,
        [{ type: "ext4", uuid: "theirs" }],
      ]);
    }
    // What pods wrote is there, in the same file system of the same partition.
    const now = this.written();
    for (const [uuid, contents] of data) expect([uuid, now.get(uuid)]).toEqual([uuid, contents]);
    // One volume group, with every physical volume once.
    for (const { partitions, pools } of this.node.groups) {
      expect(new Set(partitions).size).toBe(partitions.length);
      expect(pools.length).toBeLessThanOrEqual(1);
    }
    expect(this.node.groups.length).toBeLessThanOrEqual(1);
    if (this.rig.text === "") return;
    for (const { uuid, disk: of } of parseSystemConfiguration(this.rig.text).partitions) {
      const table = this.node.disks.find(({ serial }) => serial === of.serial)?.table;
      expect(table?.find((each) => each.uuid === uuid)?.type).toBe(PARTITION_TYPES.volume);
    }
  }

  written(): ReadonlyMap<string, string> {
    const volumes = this.node.disks.flatMap(({ table }) => table ?? []).filter(({ contents }) => contents.data.has("pod"));
    return new Map(volumes.map(({ uuid, type, contents }) => [uuid, JSON.stringify([type, contents.signatures])]));
  }

  #disk(serial: string): ModelDisk | undefined {
    return this.node.disks.find((each) => each.serial === serial);
  }
}

test("killed at any command, with power cuts, disks that come and go and others' data: nothing is lost, nothing is made twice, and it comes to its end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anOperation, { minLength: 10, maxLength: 25 }), async (operations) => {
      const world = new World();
      for (const each of operations) {
        const before = world.written();
        await world.apply(each);
        world.check(before);
      }
      // Everything is plugged in, accepted, and nobody is killed any more.
      for (const serial of DISKS) {
        await world.apply({ kind: "plug", disk: serial });
        await world.apply({ kind: "accept", disk: serial });
      }
      const before = world.written();
      await world.pass();
      await world.pass();
      world.check(before);
      world.node.changes.length = 0;
      await world.pass();
      expect(world.node.changes).toEqual([]);
      // A pool that was killed in the making has left nothing.
      for (const { leftovers, tags } of world.node.groups) expect([...leftovers.keys(), ...tags]).toEqual(["halite"]);
      for (const { serial, contents } of world.node.disks)
        expect([serial, world.rig.roles[serial]]).toEqual([
          serial,
          contents.data.has("theirs") ? "Foreign" : serial.startsWith("L") ? "VolumeGroup" : "Static",
        ]);
    }),
    { numRuns: 40 },
  );
});
