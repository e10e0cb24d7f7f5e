import { describe, expect, test } from "vitest";
import { CsiError } from "../../../src/controllers/csi/index.ts";
import { BLOCK, createRequest, driverOn, MIB, simulatedNode, SIZE, STAGING, targetOf } from "./driver.ts";
import { givenSeed, seededNumbers } from "../../seeded-numbers.ts";
import { EXTENT, KilledError, type SimulatedNode } from "./simulated-node.ts";

const seeds = Array.from({ length: 3 }, (_, index) => givenSeed(1) * 100 + index);

describe("kill -9 at random instants of 200 operations", () => {
  test.each(seeds)("no volume without an owner, none twice, and nobody sees another's data (seed %i)", async (seed) => {
    const { node } = simulatedNode();
    const random = seededNumbers(seed);
    const world = new World(node, random);
    for (let step = 0; step < 200; step++) {
      // Within the next commands: before one, or after it was done and before its answer was heard of.
      let left = random() < 0.5 ? Math.floor(random() * 12) : Number.POSITIVE_INFINITY;
      const when = random() < 0.5 ? "before" : "after";
      node[when] = () => {
        if (left-- === 0) node.kill();
      };
      await world.step();
      node.before = () => undefined;
      node.after = () => undefined;
      world.check();
    }
    await world.finish();
    expect(node.volumes.map(({ name }) => name)).toEqual(["pool"]);
    expect(node.mounts).toEqual([]);
  });
});

interface Known {
  readonly name: string;
  readonly word: string;
  readonly layout: "linear" | "thin" | "striped";
  readonly snapshots: Map<string, string>;
  id: string | undefined;
  size: number;
  staged: boolean;
  source?: Known;
}

/** What a cluster knows of its volumes: what it was told was done, and what it has asked for and will ask for again. */
class World {
  readonly #node: SimulatedNode;
  readonly #random: () => number;
  readonly #volumes: Known[] = [];
  #pending: { readonly what: string; readonly run: () => Promise<void> } | undefined;
  #driver;
  #count = 0;

  constructor(node: SimulatedNode, random: () => number) {
    this.#node = node;
    this.#random = random;
    this.#driver = driverOn(node);
  }

  async step(): Promise<void> {
    // What was cut off is asked for again, as Kubernetes does, before anything else of it.
    this.#pending ??= this.#next();
    const { run } = this.#pending;
    try {
      await run();
      this.#pending = undefined;
    } catch (error) {
      if (error instanceof KilledError || (error instanceof Error && error.message.includes("killed"))) this.#driver = driverOn(this.#node);
      else if (error instanceof CsiError && ["RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"].includes(error.code)) this.#pending = undefined;
      else throw error;
    }
  }

  #next(): { readonly what: string; readonly run: () => Promise<void> } {
    const { Controller, Node } = { Controller: () => this.#driver.services.Controller, Node: () => this.#driver.services.Node };
    const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(this.#random() * list.length)];
    const volume = pick(this.#volumes);
    const dice = this.#random();
    if (volume === undefined || (dice < 0.25 && this.#volumes.length < 8)) {
      const layout = pick(["linear", "thin", "striped"] as const) ?? "linear";
      const source = volume !== undefined && this.#random() < 0.4 ? volume : undefined;
      const known: Known = {
        name: `pvc-${++this.#count}`,
        word: `data of pvc-${this.#count}`,
        layout,
        snapshots: new Map(),
        id: undefined,
        size: Math.max(SIZE, source?.size ?? 0),
        staged: false,
        ...(source === undefined ? {} : { source }),
      };
      const snapshot = source === undefined ? undefined : pick([...source.snapshots.values()]);
      return {
        what: `create ${known.name}`,
        run: async () => {
          const { volume: made } = await Controller().CreateVolume(
            createRequest(known.name, {
              volumeCapabilities: [BLOCK],
              parameters: { type: layout },
              capacityRange: { requiredBytes: known.size, limitBytes: 0 },
              ...(source === undefined
                ? {}
                : {
                    volumeContentSource:
                      snapshot === undefined ? { volume: { volumeId: source.id ?? "" } } : { snapshot: { snapshotId: snapshot } },
                  }),
            }),
          );
          known.id = made.volumeId;
          known.size = made.capacityBytes;
          this.#volumes.push(known);
          const words = this.#node.words(this.#node.volume(made.volumeId.slice(39)));
          if (source === undefined) expect(words).toEqual([]);
          else for (const word of words) expect([source.word, source.source?.word]).toContain(word);
          this.#node.write(this.#node.volume(made.volumeId.slice(39)), known.word);
        },
      };
    }
    const id = volume.id ?? "";
    const pod = "0b3a2a52-6ad0-4f0e-9a0b-0c2f5d0a7c11";
    const [staging, target] = [`${STAGING}/${volume.name}`, targetOf(pod, volume.name)];
    if (dice < 0.4) {
      const name = `snapshot-${++this.#count}`;
      return {
        what: `snapshot ${volume.name}`,
        run: async () => {
          const { snapshot } = await Controller().CreateSnapshot({ sourceVolumeId: id, name, parameters: {} });
          volume.snapshots.set(name, snapshot.snapshotId);
        },
      };
    }
    if (dice < 0.5) {
      return {
        what: `expand ${volume.name}`,
        run: async () => {
          const { capacityBytes } = await Controller().ControllerExpandVolume({
            volumeId: id,
            capacityRange: { requiredBytes: volume.size + 8 * MIB, limitBytes: 0 },
          });
          volume.size = capacityBytes;
          this.#node.write(this.#node.volume(id.slice(39)), volume.word);
        },
      };
    }
    if (dice < 0.65 && !volume.staged) {
      return {
        what: `publish ${volume.name}`,
        run: async () => {
          await Node().NodeStageVolume({ volumeId: id, stagingTargetPath: staging, volumeCapability: BLOCK, volumeContext: {} });
          await Node().NodePublishVolume({
            volumeId: id,
            stagingTargetPath: staging,
            targetPath: target,
            volumeCapability: BLOCK,
            readonly: false,
            volumeContext: {},
          });
          volume.staged = true;
        },
      };
    }
    const [snapshot] = volume.snapshots;
    if (snapshot !== undefined && dice < 0.8) {
      return {
        what: `delete ${snapshot[0]}`,
        run: async () => {
          await Controller().DeleteSnapshot({ snapshotId: snapshot[1] });
          volume.snapshots.delete(snapshot[0]);
        },
      };
    }
    return { what: `delete ${volume.name}`, run: () => this.#delete(volume, staging, target) };
  }

  async #delete(volume: Known, staging: string, target: string): Promise<void> {
    const volumeId = volume.id ?? "";
    const { Controller, Node } = this.#driver.services;
    await Node.NodeUnpublishVolume({ volumeId, targetPath: target });
    await Node.NodeUnstageVolume({ volumeId, stagingTargetPath: staging });
    volume.staged = false;
    for (const [name, snapshotId] of volume.snapshots) {
      await Controller.DeleteSnapshot({ snapshotId });
      volume.snapshots.delete(name);
    }
    await Controller.DeleteVolume({ volumeId });
    this.#volumes.splice(this.#volumes.indexOf(volume), 1);
  }

  /** Whatever was cut off: what the cluster has been told is so. */
  check(): void {
    const names = this.#node.volumes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { id, word, size } of this.#volumes) {
      // It may be half deleted: then the deletion goes on.
      if (this.#pending?.what.startsWith("delete")) continue;
      const volume = this.#node.volume((id ?? "").slice(39));
      expect(volume.size).toBeGreaterThanOrEqual(size);
      for (const found of this.#node.words(volume)) expect(found).toBe(word);
    }
    const extents = this.#node.volumes.flatMap((each) => each.extents);
    expect(new Set(extents).size).toBe(extents.length);
    expect(extents.length * EXTENT).toBeLessThanOrEqual(4096 * MIB);
  }

  /** What was begun is ended, and everything is deleted. */
  async finish(): Promise<void> {
    while (this.#pending !== undefined) await this.step();
    for (const volume of this.#volumes.slice())
      await this.#delete(volume, `${STAGING}/${volume.name}`, targetOf("0b3a2a52-6ad0-4f0e-9a0b-0c2f5d0a7c11", volume.name));
    expect(this.#volumes).toEqual([]);
  }
}
