import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import type { Client } from "../../control-plane/index.ts";
import type { Disk, StorageNode } from "../../node-vm/index.ts";
import type { KilledProgram } from "../killed-program.ts";
import type { Patterns } from "../patterns.ts";
import type { ComputeNode } from "../../../src/controllers/storage-api/index.ts";
import { made } from "./in-node.ts";

const VOLUMES = "/api/v1/persistentvolumes";
const COMPUTE_NODE = "/apis/storage.halite.dev/v1alpha1/computenodes/n1";
const CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims";
const MIB = 2 ** 20;
/** Of the file that a pod writes, in MiB. */
const FILE = 8;
/** So long an operation may take where everybody is killed and the machine is busy, in milliseconds. */
const PATIENCE = 600_000;
/** So long an operation is taken to last of which none has been seen, in milliseconds. */
const FIRST = 3000;

/** A disk of the node, and what is made of it. */
export interface LivedDisk extends Disk {
  /** Of its volumes; of a volume group there are none. */
  readonly storageClass?: string;
  readonly volumes: number;
  readonly isBlock: boolean;
}

const disk = (kind: Disk["kind"], serial: string, mib: number, more: Omit<LivedDisk, keyof Disk>): LivedDisk => ({
  kind,
  serial,
  size: mib * MIB,
  ...more,
});

/** Each has its own class, cleaned in its own way. */
export const DISKS: readonly LivedDisk[] = [
  disk("nvme", "FILES1", 256, { storageClass: "files", volumes: 2, isBlock: false }),
  disk("hdd", "FRESH1", 400, { storageClass: "fresh", volumes: 1, isBlock: false }),
  disk("virtio", "DEVICES1", 64, { storageClass: "devices", volumes: 1, isBlock: true }),
  disk("virtio", "SHRED1", 64, { storageClass: "shredded", volumes: 1, isBlock: true }),
  disk("ssd", "LVM1", 256, { volumes: 0, isBlock: false }),
];

export const INSTALLED = {
  flavor: {
    disks: {
      files: {
        match: { transport: "nvme" },
        static: { partitions: [{ size: "96Mi" }, { size: "rest" }], filesystem: "ext4", storage_class: "files" },
      },
      fresh: { match: { model: "SPINNER*" }, static: { filesystem: "xfs", storage_class: "fresh" } },
      devices: {
        match: { by_id: "virtio-DEVICES*" },
        static: { filesystem: "block", storage_class: "devices" },
      },
      shredded: { match: { by_id: "virtio-SHRED*" }, static: { filesystem: "block", storage_class: "shredded" } },
      lvm: { match: { model: "FAST*" }, volume_group: { name: "data", thin_pool: "thin" } },
    },
    // What was made of them is taken away by hand, and is to be made anew.
    accept: DISKS.map(({ serial }) => serial),
  },
  config: {
    classes: {
      files: { clean: "clear", reclaim: "Delete" },
      fresh: { clean: "discard", reclaim: "Delete" },
      devices: { clean: "clear", reclaim: "Delete" },
      shredded: { clean: "shred", reclaim: "Delete" },
    },
  },
};

export interface Around {
  readonly node: StorageNode;
  readonly api: Client;
  readonly patterns: Patterns;
  readonly random: () => number;
  readonly programs: { readonly storageNode: KilledProgram; readonly provisioner: KilledProgram };
  readonly said: (what: string) => void;
}

/** A core/v1 PersistentVolume, as far as it is looked at here. */
interface Volume {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly local: { readonly path: string }; readonly claimRef?: { readonly namespace: string; readonly name: string } };
  readonly status?: { readonly phase?: string };
}

export type Operation = "make anew" | "mount again" | "bind" | "release" | "delete by hand";

/** Whose operation it is. */
export const WORKERS: Readonly<Record<Operation, "storageNode" | "provisioner">> = {
  "make anew": "storageNode",
  "mount again": "storageNode",
  bind: "provisioner",
  release: "provisioner",
  "delete by hand": "provisioner",
};

/** What happens to one disk: claims come, write their word, and go; somebody deletes, unmounts, wipes. Whatever happens ends with all of it whole. */
export class DiskLife {
  readonly disk: LivedDisk;
  readonly random: () => number;
  readonly #around: Around;
  /** Claims with the name of their volume and what they have written. */
  readonly #claims = new Map<string, { readonly volume: string; readonly word: string }>();
  readonly #lasting = new Map<Operation, number>();
  #count = 0;
  /** The volume group's UUID. */
  #group: string | undefined;

  constructor(of: LivedDisk, around: Around) {
    this.disk = of;
    this.random = around.random;
    this.#around = around;
  }

  /** What can be done now; what is to be done more often more than once. */
  get possible(): readonly Operation[] {
    const { volumes, isBlock } = this.disk;
    const free = volumes - this.#claims.size;
    return [
      ...(this.#claims.size === 0 ? (["make anew"] as const) : []),
      ...(free > 0 && !isBlock ? (["mount again"] as const) : []),
      ...(free > 0 ? (["bind", "bind", "delete by hand"] as const) : []),
      ...(this.#claims.size > 0 ? (["release", "release"] as const) : []),
    ];
  }

  /** Carries an operation out, within which somebody is killed or not. */
  async operate(operation: Operation): Promise<void> {
    const { random, programs, said } = this.#around;
    const worker = operation === "make anew" && random() < 0.3 ? "provisioner" : WORKERS[operation];
    const kills = (): number => programs.storageNode.kills + programs.provisioner.kills;
    const before = kills();
    if (random() < 0.5 || programs[worker].kills === 0)
      programs[worker].kill(random() * (this.#lasting.get(operation) ?? FIRST), random() < 0.5 ? "alone" : "everything");
    const begun = Date.now();
    await this.#act(operation);
    const lasted = Date.now() - begun;
    if (kills() === before) this.#lasting.set(operation, lasted);
    said(`${this.disk.serial}: ${operation}: ${lasted} ms${kills() === before ? "" : ", killed"}`);
  }

  /** Every claim is deleted. */
  async finish(): Promise<void> {
    while (this.#claims.size > 0) await this.#release();
  }

  /** Waits until all volumes of the disk are there, each free or its claim's. */
  async settled(without: ReadonlySet<string> = new Set()): Promise<void> {
    const { api } = this.#around;
    if (this.disk.storageClass === undefined) return this.#isGrouped(without);
    const claimed = new Set([...this.#claims.values()].map(({ volume }) => volume));
    await this.#until("its volumes are there", async () => {
      const own = await this.#volumes();
      for (const { metadata } of own.filter((each) => without.has(each.metadata.name) && each.metadata.deletionTimestamp === undefined))
        await api.call("DELETE", `${VOLUMES}/${metadata.name}`);
      return (
        own.length === this.disk.volumes &&
        own.every((each) => !without.has(each.metadata.name) && (claimed.has(each.metadata.name) || isFree(each)))
      );
    });
  }

  /** As the ComputeNode has it: another group than those, whole. */
  async #isGrouped(without: ReadonlySet<string>): Promise<void> {
    const { api, node } = this.#around;
    await this.#until("its volume group is there", async () => {
      const { status, body } = await api.call("GET", COMPUTE_NODE);
      if (status !== 200) return false;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- storage-node wrote it
      const { disks = [], volumeGroups = [], conditions = [] } = (body as ComputeNode).status ?? {};
      const uuid = volumeGroups.find(({ name }) => name === "data")?.uuid;
      if (uuid === undefined || without.has(uuid) || disks.find(({ serial }) => serial === this.disk.serial)?.role !== "VolumeGroup")
        return false;
      if (!conditions.some((each) => each.type === "Provisioned" && each.status === "True")) return false;
      this.#group = uuid;
      return true;
    });
    expect(await node.output("vgs --noheadings -o vg_name,pv_count,vg_tags; lvs --noheadings -o lv_name,segtype")).toMatch(
      /^ *data +1 halite *\n *thin +thin-pool *\n$/,
    );
  }

  /** What claims have written is there; what is mounted, or is to be, is where volumes say. */
  async check(): Promise<void> {
    const volumes = await this.#volumes();
    for (const volume of volumes) await this.#isMounted(volume);
    for (const { volume: name, word } of this.#claims.values()) {
      const volume = volumes.find(({ metadata }) => metadata.name === name);
      expect([name, volume?.status?.phase]).toEqual([name, "Bound"]);
      if (volume !== undefined) expect([name, await this.#words(volume)]).toEqual([name, [word]]);
    }
  }

  #act(operation: Operation): Promise<void> {
    switch (operation) {
      case "make anew":
        return this.#makeAnew();
      case "mount again":
        return this.#mountAgain();
      case "bind":
        return this.#bind();
      case "release":
        return this.#release();
      default:
        return this.#deleteByHand();
    }
  }

  /** All that was made of the disk is taken away by hand: it is blank, but for data of nobody that is known. */
  async #makeAnew(): Promise<void> {
    const { node, patterns } = this.#around;
    const { serial, isBlock, storageClass } = this.disk;
    const before = new Set([...(await this.#volumes()).map(({ metadata }) => metadata.name), this.#group ?? ""]);
    const find = `for each in $(lsblk --nodeps --noheadings --paths --output NAME); do [ "$(lsblk --nodeps --noheadings --output SERIAL $each | tr -d ' ')" = ${serial} ] && disk=$each; done
parts=$(lsblk --list --noheadings --paths --output NAME,TYPE "$disk" | sed -n 's/ *part$//p')`;
    if (storageClass === undefined) await node.output("vgremove --force --force --yes data");
    if (isBlock)
      for (const part of (await node.output(`${find}\necho $parts`)).trim().split(" ").slice(1)) await patterns.fill(part, "left-behind");
    await node.output(
      `${find}
for part in $parts; do until { umount $part 2>/dev/null; wipefs --all --quiet $part; }; do sleep .2; done; done
until wipefs --all --quiet $disk; do sleep .2; done
udevadm settle`,
      120_000,
    );
    await this.settled(before);
    for (const volume of await this.#volumes()) await this.#isBlank(volume);
  }

  async #mountAgain(): Promise<void> {
    const { node } = this.#around;
    const volume = this.#pick(await this.#free());
    const at = mountPathOf(volume);
    await node.output(`umount ${at}`);
    // Looked for there: each program that is run in the node is slow.
    await node.output(`until findmnt --mountpoint ${at}; do sleep 1; done`, PATIENCE);
    await this.settled();
    await this.#isBlank(volume);
  }

  async #bind(): Promise<void> {
    const { api } = this.#around;
    const name = `${this.disk.storageClass}-${++this.#count}`;
    await made(api, CLAIMS, {
      metadata: { name },
      spec: {
        storageClassName: this.disk.storageClass,
        accessModes: ["ReadWriteOnce"],
        volumeMode: this.disk.isBlock ? "Block" : "Filesystem",
        resources: { requests: { storage: "1Mi" } },
      },
    });
    let bound = "";
    await this.#until(`claim ${name} is bound`, async () => {
      const { body } = await api.call("GET", `${CLAIMS}/${name}`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a core/v1 PersistentVolumeClaim
      const claim = body as { readonly spec: { readonly volumeName?: string }; readonly status: { readonly phase?: string } };
      bound = claim.spec.volumeName ?? "";
      return claim.status.phase === "Bound";
    });
    const volume = (await this.#volumes()).find(({ metadata }) => metadata.name === bound);
    if (volume === undefined) throw new Error(`${name} has volume ${bound}, which is not on ${this.disk.serial}`);
    await this.#isMounted(volume);
    await this.#isBlank(volume);
    const word = `data-of-${name}`;
    await this.#write(volume, word);
    this.#claims.set(name, { volume: bound, word });
  }

  async #release(): Promise<void> {
    const { api } = this.#around;
    const [name, { volume: of, word }] = this.#pick([...this.#claims]);
    const before = (await this.#volumes()).find(({ metadata }) => metadata.name === of);
    if (before === undefined) throw new Error(`${of} of ${name} is gone`);
    expect([of, await this.#words(before)]).toEqual([of, [word]]);
    await api.call("DELETE", `${CLAIMS}/${name}`);
    this.#claims.delete(name);
    await this.#isMadeAgain(before);
  }

  async #deleteByHand(): Promise<void> {
    const volume = this.#pick(await this.#free());
    await this.#around.api.call("DELETE", `${VOLUMES}/${volume.metadata.name}`);
    await this.#isMadeAgain(volume);
  }

  /** Of the same partition another object. */
  async #isMadeAgain({ metadata }: Volume): Promise<void> {
    await this.#until(`${metadata.name} is made again`, async () =>
      (await this.#volumes()).some((each) => each.metadata.name === metadata.name && each.metadata.uid !== metadata.uid && isFree(each)),
    );
  }

  /** Of all disks; one path is given out once. */
  async #volumes(): Promise<readonly Volume[]> {
    const { body } = await this.#around.api.call("GET", VOLUMES);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a list of core/v1 PersistentVolumes
    const { items } = body as { readonly items: readonly Volume[] };
    const paths = items.map(({ spec }) => spec.local.path);
    expect(new Set(paths).size, paths.join("\n")).toBe(paths.length);
    return items.filter(({ metadata }) => metadata.labels?.["storage.halite.dev/disk"] === this.disk.serial);
  }

  async #free(): Promise<readonly Volume[]> {
    await this.settled();
    return (await this.#volumes()).filter(isFree);
  }

  /** The partition whose volume it is, and no other, is mounted there, once. */
  async #isMounted(volume: Volume): Promise<void> {
    if (this.disk.isBlock) return;
    const uuid = volume.metadata.name.replace("local-", "");
    expect(
      await this.#around.node.output(
        `for each in $(findmnt --noheadings --output SOURCE --mountpoint ${mountPathOf(volume)}); do blkid --match-tag PARTUUID --output value $each; done`,
      ),
      volume.metadata.name,
    ).toBe(`${uuid}\n`);
  }

  async #isBlank(volume: Volume): Promise<void> {
    const { node } = this.#around;
    const { path } = volume.spec.local;
    if (this.disk.isBlock) expect(await this.#words(volume), volume.metadata.name).toEqual([""]);
    else
      expect(await node.output(`find ${path} -mindepth 1; ls ${mountPathOf(volume)} | grep -vx lost+found`), volume.metadata.name).toBe(
        "data\n",
      );
  }

  async #write({ spec: { local } }: Volume, word: string): Promise<void> {
    const { node, patterns } = this.#around;
    if (this.disk.isBlock) return patterns.fill(local.path, word);
    await node.output(`mkdir ${local.path}/sub`);
    await patterns.write(`${local.path}/sub/file`, word, FILE);
  }

  /** What lies in a volume, each word once. */
  async #words({ spec: { local } }: Volume): Promise<readonly string[]> {
    const { patterns } = this.#around;
    return this.disk.isBlock ? [...new Set(await patterns.device(local.path))] : patterns.file(`${local.path}/sub/file`);
  }

  #pick<T>(list: readonly T[]): T {
    const found = list[Math.floor(this.#around.random() * list.length)];
    if (found === undefined) throw new Error(`there is nothing to choose from on ${this.disk.serial}`);
    return found;
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const { storageNode, provisioner } = this.#around.programs;
    const end = Date.now() + PATIENCE;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`${this.disk.serial}: not so after ${PATIENCE} ms: ${what}`);
      await wait(300);
    }
    // Whoever could not be started again is said here.
    await Promise.all([storageNode.running, provisioner.running]);
  }
}

function isFree({ spec, status, metadata }: Volume): boolean {
  return spec.claimRef === undefined && status?.phase === "Available" && metadata.deletionTimestamp === undefined;
}

function mountPathOf({ spec }: Volume): string {
  return spec.local.path.replace(/\/data$/, "");
}
