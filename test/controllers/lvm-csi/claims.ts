import { setTimeout as wait } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { expect } from "vitest";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";
import type { KilledProgram } from "../killed-program.ts";
import type { Patterns } from "../patterns.ts";
import { BLOCK, createRequest, MIB } from "./driver.ts";
import type { RemoteSocket } from "./remote.ts";

const EXTENT = 4 * MIB;
/** Of a new volume, in bytes: XFS is not made on less. */
const SIZES = { block: 64 * MIB, ext4: 64 * MIB, xfs: 320 * MIB } as const;
/** Of the file that a pod writes, in MiB. */
const FILE = 24;
/** So long an operation is taken to last of which none has been seen, in milliseconds. */
const FIRST = 1000;
/** So long it may be asked for the same thing, where everybody is killed and the machine is busy, in milliseconds. */
const PATIENCE = 300_000;
/** So many operations of a cluster at most are begun one after the other without a kill. */
const MOST_SPARED = 2;
/** Volumes of a cluster. */
const MOST = 4;
const POD = "0b3a2a52-6ad0-4f0e-9a0b-0c2f5d0a7c11";

/** A volume, as its cluster knows it. */
export interface Claimed {
  readonly name: string;
  readonly id: string;
  readonly mode: "block" | "xfs" | "ext4";
  readonly thin: boolean;
  size: number;
  /** The word that lies in it; "": nothing was written yet. */
  word: string;
  /** Words of before, of it and of what it was copied from: blocks that its file system has given up still hold them. */
  readonly past: Set<string>;
  published: boolean;
  /** Grown while no pod had it: the kubelet has the file system grown when one gets it. */
  toGrow: boolean;
  readonly snapshots: Map<string, Snapshot>;
}

interface Snapshot extends Pick<Claimed, "word" | "past"> {
  readonly id: string;
  readonly size: number;
}

export interface Around {
  readonly csi: RemoteSocket;
  readonly patterns: Patterns;
  readonly driver: KilledProgram;
  readonly random: () => number;
  /** Is told what is done. */
  readonly said: (what: string) => void;
}

/**
 * What a cluster asks of the driver, in an order that chance gives. Whatever fails is asked for again, as Kubernetes does, and sometimes what has been done, as
 * where the answer was lost. Each volume is filled with a word of its own, and all that comes to be seen of a volume is that word or zeros.
 */
export class Claims {
  /** Of volumes and snapshots that are, or are just made or deleted. */
  readonly names = new Set<string>();
  readonly volumes: Claimed[] = [];
  /** What is just done something with. */
  busy: Claimed | undefined;
  /** How often anything was begun, and ended. */
  begun = 0;
  ended = 0;
  readonly #name: string;
  readonly #around: Around;
  /** By kind of operation, how long it takes where nobody is killed, in milliseconds. */
  readonly #lasting = new Map<string, number>();
  /** How often the driver had been killed when the last operation began, and how many have begun since it last was. */
  #kills = -1;
  #spared = 0;
  #count = 0;

  constructor(name: string, around: Around) {
    this.#name = name;
    this.#around = around;
  }

  /** One operation to its end, within which the driver is killed or not. */
  async operate(): Promise<void> {
    const { random, driver, said } = this.#around;
    const [kind, act, about] = this.#next();
    const kills = driver.kills;
    this.#spared = kills === this.#kills ? this.#spared + 1 : 0;
    this.#kills = kills;
    // However slow it is to begin again: of so many operations there is one at least within which it is killed.
    if (random() < 0.4 || kills === 0 || this.#spared > MOST_SPARED)
      driver.kill(random() * (this.#lasting.get(kind) ?? FIRST), random() < 0.5 ? "alone" : "everything");
    const begun = Date.now();
    this.busy = about;
    this.begun += 1;
    await act();
    this.busy = undefined;
    this.ended += 1;
    const lasted = Date.now() - begun;
    if (driver.kills === kills) this.#lasting.set(kind, lasted);
    said(`${this.#name}: ${kind}${about === undefined ? "" : ` ${about.name}`}: ${lasted} ms${driver.kills === kills ? "" : ", killed"}`);
  }

  /** Everything is deleted. */
  async finish(): Promise<void> {
    for (const volume of this.volumes.slice()) {
      this.busy = volume;
      this.begun += 1;
      await this.#delete(volume);
    }
    this.busy = undefined;
  }

  #next(): readonly [kind: string, act: () => Promise<void>, about?: Claimed] {
    const { random } = this.#around;
    const dice = random();
    const volume = this.#pick(this.volumes);
    if (volume === undefined || (dice < 0.3 && this.volumes.length < MOST)) {
      // What nobody has written to has no file system that a copy could have.
      const source = random() < 0.5 && volume !== undefined && volume.word !== "" ? volume : undefined;
      const snapshot = source === undefined || random() < 0.5 ? undefined : this.#pick([...source.snapshots.values()]);
      const kind = source === undefined ? "create" : snapshot === undefined ? "clone" : "restore";
      return [kind, () => this.#create(source, snapshot)];
    }
    // Where there are as many as may be, one goes.
    if (dice < 0.3) return ["delete", () => this.#delete(volume), volume];
    if (dice < 0.42 && volume.word !== "" && volume.snapshots.size < 2) return ["snapshot", () => this.#snapshot(volume), volume];
    // LVM can't extend what has snapshots of this kind.
    if (dice < 0.54 && (volume.thin || volume.snapshots.size === 0)) return ["expand", () => this.#expand(volume), volume];
    if (dice < 0.85 || volume.word === "")
      return volume.published ? ["unpublish", () => this.#unpublish(volume), volume] : ["publish", () => this.#publish(volume), volume];
    const [snapshot] = volume.snapshots.keys();
    return snapshot === undefined
      ? ["delete", () => this.#delete(volume), volume]
      : ["delete snapshot", () => this.#deleteSnapshot(volume, snapshot), volume];
  }

  async #create(from: Claimed | undefined, snapshot: Snapshot | undefined) {
    const { csi, patterns } = this.#around;
    const name = this.#new("pvc");
    const mode = from?.mode ?? this.#pick(["block", "xfs", "ext4"] as const) ?? "block";
    const type = this.#pick(["thin", "linear", "striped"] as const) ?? "thin";
    const copied = snapshot ?? from;
    const request = createRequest(name, {
      volumeCapabilities: [capabilityOf(mode)],
      parameters: { type, wipe: this.#pick(["zero", "discard"] as const) ?? "zero" },
      capacityRange: { requiredBytes: Math.max(SIZES[mode], copied?.size ?? 0), limitBytes: 0 },
      ...(from !== undefined && {
        volumeContentSource: snapshot === undefined ? { volume: { volumeId: from.id } } : { snapshot: { snapshotId: snapshot.id } },
      }),
    });
    const made = await this.#until(`create ${name}`, async () => (await csi.call("Controller", "CreateVolume", request)).volume, [
      status.RESOURCE_EXHAUSTED,
    ]);
    if (made === undefined) {
      this.names.delete(name);
      return;
    }
    const known: Claimed = {
      name,
      id: made.volumeId,
      mode,
      thin: type === "thin",
      size: made.capacityBytes,
      word: copied?.word ?? "",
      past: new Set(copied?.past),
      published: false,
      toGrow: false,
      snapshots: new Map(),
    };
    const found = await patterns.device(deviceOf(known));
    expect(found, name).toHaveLength(known.size / EXTENT);
    if (mode === "block") {
      // It holds its source's data and nobody else's; without a source nobody's.
      const held = copied === undefined ? 0 : copied.size / EXTENT;
      expect(found, name).toEqual(found.map((_, extent) => (extent < held ? copied?.word : "")));
      known.word = `data-of-${name}`;
      await patterns.fill(deviceOf(known), known.word);
    } else if (copied === undefined) expect(found, name).toEqual(found.map(() => ""));
    else {
      const words = new Set([copied.word, ...copied.past]);
      for (const word of found.flatMap((each) => each.split("|"))) if (word.includes("data-of-")) expect(words, name).toContain(word);
    }
    this.volumes.push(known);
  }

  async #snapshot(volume: Claimed): Promise<void> {
    const name = this.#new("snapshot");
    const request = { sourceVolumeId: volume.id, name, parameters: {} };
    const made = await this.#until(
      `snapshot ${name} of ${volume.name}`,
      async () => (await this.#around.csi.call("Controller", "CreateSnapshot", request)).snapshot,
      [status.RESOURCE_EXHAUSTED],
    );
    if (made === undefined) this.names.delete(name);
    else volume.snapshots.set(name, { id: made.snapshotId, word: volume.word, past: new Set(volume.past), size: made.sizeBytes });
  }

  async #expand(volume: Claimed): Promise<void> {
    const { csi, patterns } = this.#around;
    const request = { volumeId: volume.id, capacityRange: { requiredBytes: volume.size + 2 * EXTENT, limitBytes: 0 } };
    const grown = await this.#until(`expand ${volume.name}`, () => csi.call("Controller", "ControllerExpandVolume", request), [
      status.RESOURCE_EXHAUSTED,
    ]);
    if (grown === undefined) return;
    expect(grown.capacityBytes).toBeGreaterThanOrEqual(request.capacityRange.requiredBytes);
    const before = volume.size / EXTENT;
    const found = await patterns.device(deviceOf(volume));
    expect(found, volume.name).toHaveLength(grown.capacityBytes / EXTENT);
    volume.size = grown.capacityBytes;
    if (volume.mode === "block") {
      expect(found, volume.name).toEqual(found.map((_, extent) => (extent < before ? volume.word : "")));
      await patterns.fill(deviceOf(volume), volume.word);
      return;
    }
    expect(found.slice(before), volume.name).toEqual(found.slice(before).map(() => ""));
    volume.toGrow = true;
    if (volume.published) await this.#growFilesystem(volume);
  }

  async #growFilesystem(volume: Claimed): Promise<void> {
    const { staging, target } = placesOf(volume);
    const request = {
      volumeId: volume.id,
      volumePath: target,
      stagingTargetPath: staging,
      volumeCapability: capabilityOf(volume.mode),
      capacityRange: { requiredBytes: volume.size, limitBytes: 0 },
    };
    await this.#until(`grow ${volume.name}`, () => this.#around.csi.call("Node", "NodeExpandVolume", request));
    volume.toGrow = false;
  }

  async #publish(volume: Claimed): Promise<void> {
    const { csi, patterns } = this.#around;
    const { staging, target } = placesOf(volume);
    const request = {
      volumeId: volume.id,
      stagingTargetPath: staging,
      volumeCapability: capabilityOf(volume.mode),
      volumeContext: {},
    };
    await this.#until(`stage ${volume.name}`, () => csi.call("Node", "NodeStageVolume", request));
    await this.#until(`publish ${volume.name}`, () =>
      csi.call("Node", "NodePublishVolume", { ...request, targetPath: target, readonly: false }),
    );
    volume.published = true;
    if (volume.mode === "block") {
      const found = await patterns.device(target);
      expect(found, volume.name).toEqual(Array.from({ length: volume.size / EXTENT }, () => volume.word));
      return;
    }
    if (volume.toGrow) await this.#growFilesystem(volume);
    const file = `${target}/data`;
    expect(await patterns.file(file), volume.name).toEqual(volume.word === "" ? [] : [volume.word]);
    if (volume.word !== "") volume.past.add(volume.word);
    volume.word = `data-of-${volume.name}`;
    await patterns.write(file, volume.word, FILE);
  }

  async #unpublish(volume: Claimed): Promise<void> {
    const { csi } = this.#around;
    const { staging, target } = placesOf(volume);
    await this.#until(`unpublish ${volume.name}`, () =>
      csi.call("Node", "NodeUnpublishVolume", { volumeId: volume.id, targetPath: target }),
    );
    await this.#until(`unstage ${volume.name}`, () =>
      csi.call("Node", "NodeUnstageVolume", { volumeId: volume.id, stagingTargetPath: staging }),
    );
    volume.published = false;
  }

  async #deleteSnapshot(volume: Claimed, name: string): Promise<void> {
    const snapshotId = volume.snapshots.get(name)?.id ?? "";
    await this.#until(`delete ${name}`, () => this.#around.csi.call("Controller", "DeleteSnapshot", { snapshotId }));
    volume.snapshots.delete(name);
    this.names.delete(name);
  }

  async #delete(volume: Claimed): Promise<void> {
    if (volume.published) await this.#unpublish(volume);
    for (const name of volume.snapshots.keys()) await this.#deleteSnapshot(volume, name);
    await this.#until(`delete ${volume.name}`, () => this.#around.csi.call("Controller", "DeleteVolume", { volumeId: volume.id }));
    this.volumes.splice(this.volumes.indexOf(volume), 1);
    this.names.delete(volume.name);
  }

  /**
   * Asks until it is done. Gives `undefined` where the driver refuses it by one of the codes twice, with nobody killed in between.
   *
   * @throws the errors where it takes too long
   */
  async #until<T>(what: string, ask: () => Promise<T>, refusals: readonly status[] = []): Promise<T | undefined> {
    const { driver, random } = this.#around;
    const twice = random() < 0.1;
    const errors: string[] = [];
    let refused: number | undefined;
    let answer: T | undefined;
    const end = performance.now() + PATIENCE;
    while (performance.now() < end) {
      await driver.running;
      const { kills } = driver;
      try {
        const found = await ask();
        // Whoever asks again is told the same.
        if (answer !== undefined) expect(found, what).toEqual(answer);
        if (answer !== undefined || !twice) return found;
        answer = found;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? error.code : undefined;
        if (typeof code !== "number") throw error;
        errors.push(String(error));
        if (refusals.map(Number).includes(code)) {
          if (refused === kills) return undefined;
          refused = kills;
        }
        await wait(300);
      }
    }
    throw new Error(`${this.#name}: ${what} was not done:\n${[...new Set(errors)].join("\n")}`);
  }

  #new(kind: string): string {
    const name = `${kind}-${this.#name}${++this.#count}`;
    this.names.add(name);
    return name;
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#around.random() * list.length)];
  }
}

function capabilityOf(mode: Claimed["mode"]): VolumeCapability {
  if (mode === "block") return BLOCK;
  return { mount: { fsType: mode, mountFlags: [], volumeMountGroup: "" }, accessMode: { mode: "SINGLE_NODE_WRITER" } };
}

/** The logical volume's name. */
export function logicalNameOf({ id }: Claimed): string {
  return id.slice(id.indexOf("/") + 1);
}

function deviceOf(volume: Claimed): string {
  return `/dev/data/${logicalNameOf(volume)}`;
}

/** Where the kubelet has a volume. */
export function placesOf({ name, mode }: Claimed): { readonly staging: string; readonly target: string } {
  const kubelet = "/var/lib/kubelet";
  return mode === "block"
    ? {
        staging: `${kubelet}/plugins/kubernetes.io/csi/volumeDevices/staging/${name}`,
        target: `${kubelet}/plugins/kubernetes.io/csi/volumeDevices/publish/${name}/${POD}`,
      }
    : {
        staging: `${kubelet}/plugins/kubernetes.io/csi/lvm.csi.halite.dev/${name}/globalmount`,
        target: `${kubelet}/pods/${POD}/volumes/kubernetes.io~csi/${name}/mount`,
      };
}
