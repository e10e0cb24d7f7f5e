import fc from "fast-check";
import { expect, test } from "vitest";
import { ANNOTATIONS } from "../../../src/controllers/storage-api/index.ts";
import { Killed } from "../model-node.ts";
import { LocalRig } from "./rig.ts";

type Operation =
  | { readonly kind: "pass" | "settle" | "storageNode" | "powerCut" | "recreate" }
  | {
      readonly kind: "kill";
      readonly after: number;
      readonly how: "before" | "during" | "after";
      readonly what: "provisioner" | "storageNode";
    }
  | { readonly kind: "bind" | "unbind" | "deleteByHand" | "umount" | "taint" | "untaint"; readonly volume: number }
  | { readonly kind: "unplug" | "plug"; readonly disk: number };

const volume = fc.nat(2);
const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("kill"),
      after: fc.oneof(fc.integer({ min: 5, max: 14 }), fc.nat(40)),
      how: fc.constantFrom("before", "during", "after"),
      what: fc.constantFrom("provisioner", "provisioner", "storageNode"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("bind", "bind", "bind", "unbind", "unbind", "deleteByHand", "deleteByHand", "umount", "taint", "untaint"),
      volume,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("pass", "settle", "settle", "storageNode", "powerCut", "recreate") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("unplug", "plug"), disk: fc.nat(1) }) },
);

class World {
  readonly rig: LocalRig;
  #claims = 0;
  /** Whose data a volume holds that a claim has now. */
  readonly #bound = new Map<string, string>();

  constructor(rig: LocalRig) {
    this.rig = rig;
  }

  async apply(operation: Operation): Promise<void> {
    const { rig } = this;
    const names = [...rig.named("local"), ...rig.named("local-block")];
    // Of those with which it can be done.
    const wanted = operation.kind === "bind" ? "free" : operation.kind === "unbind" ? "Bound" : undefined;
    const candidates = names.filter((each) => wanted === undefined || rig.phases[each] === wanted);
    const name = "volume" in operation ? candidates[operation.volume % candidates.length] : undefined;
    const disk = "disk" in operation ? rig.node.disks[operation.disk] : undefined;
    switch (operation.kind) {
      case "kill":
        Object.assign(rig.node, { killAfter: operation.after, how: operation.how });
        await this.#endure(() => (operation.what === "provisioner" ? rig.pass() : rig.prepare()));
        rig.restart();
        break;
      case "pass":
        await this.#endure(() => rig.pass());
        break;
      case "settle":
        await this.#endure(() => rig.prepare());
        await this.#endure(() => rig.settle());
        break;
      case "storageNode":
        await this.#endure(() => rig.prepare());
        break;
      case "powerCut":
        rig.node.powerCut();
        rig.restart();
        break;
      case "recreate":
        rig.uid = `node-${++this.#claims}`;
        rig.restart();
        break;
      case "bind":
        if (name !== undefined) this.#bind(name);
        break;
      case "unbind":
        if (name !== undefined) {
          rig.unbind(name);
          this.#bound.delete(name);
        }
        break;
      case "deleteByHand":
        if (name !== undefined) {
          rig.deleteVolume(name);
          this.#bound.delete(name);
        }
        break;
      case "umount":
        // Not below a pod.
        if (name !== undefined && rig.phases[name] !== "Bound") rig.node.unmount(rig.partition(name).uuid);
        break;
      case "taint":
        if (name !== undefined)
          rig.annotate(name, {
            [ANNOTATIONS.taints]: '[{"key":"disk","effect":"NoBind","since":"2026-01-01T00:00:00Z","reason":"DiskFailing"}]',
          });
        break;
      case "untaint":
        if (name !== undefined) rig.annotate(name, { [ANNOTATIONS.taints]: "[]" });
        break;
      case "unplug":
        if (disk !== undefined) rig.node.unplug(disk);
        break;
      case "plug":
        if (disk !== undefined) disk.present = true;
        break;
    }
  }

  /** A claim gets a volume that is offered: nothing of another's is to be seen in it. */
  #bind(name: string): void {
    const { rig } = this;
    expect([name, [...rig.partition(name).contents.data]]).toEqual([name, []]);
    const claim = `claim-${++this.#claims}`;
    rig.bind(name, claim);
    this.#bound.set(name, claim);
  }

  check(passed: boolean): void {
    const { rig } = this;
    const paths = rig.volumes.map(({ spec }) => JSON.stringify(spec?.["local"]));
    expect(new Set(paths).size).toBe(paths.length);
    for (const [name, claim] of this.#bound) expect([name, [...rig.partition(name).contents.data]]).toEqual([name, [claim]]);
    for (const each of rig.volumes) {
      const { name } = each.metadata;
      // Whoever is offered was recorded as given out, so that no kill makes it clean again by itself.
      if (rig.phases[name] === "free" || rig.phases[name] === "Bound") expect([name, rig.record(name)?.state]).toEqual([name, "used"]);
      if (!passed || rig.phases[name] !== "free") continue;
      const partition = rig.node.partition(name.replace("local-", ""));
      expect([name, partition !== undefined]).toEqual([name, true]);
      if (each.spec?.["volumeMode"] === "Filesystem")
        expect(rig.node.mounts).toContainEqual({ partition: partition?.uuid, target: `/mnt/halite/${partition?.uuid ?? ""}` });
    }
  }

  async #endure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Killed) && !(error instanceof Error)) throw error;
    }
  }
}

test.each([
  { local: "clear", block: "clear" },
  { local: "discard", block: "discard" },
  { local: "shred", block: "shred" },
])(
  "killed at any command, with power cuts, disks that come and go, volumes deleted by hand: no claim sees another's data, no path is given out twice ($local)",
  async (policies) => {
    await fc.assert(
      fc.asyncProperty(fc.array(anOperation, { minLength: 20, maxLength: 60 }), async (operations) => {
        const rig = await LocalRig.ready(policies);
        const world = new World(rig);
        for (const each of operations) {
          await world.apply(each);
          world.check(each.kind === "pass" || each.kind === "settle");
        }
        // In peace, everything is given out that is nobody's.
        for (const disk of rig.node.disks) disk.present = true;
        for (const { metadata } of rig.volumes) rig.annotate(metadata.name, { [ANNOTATIONS.taints]: "" });
        for (let count = 0; count < 3; count++) {
          await rig.prepare();
          await rig.settle();
        }
        world.check(true);
        expect(rig.volumes).toHaveLength(3);
        for (const phase of Object.values(rig.phases)) expect(["free", "Bound"]).toContain(phase);
      }),
      { numRuns: 50 },
    );
  },
);
